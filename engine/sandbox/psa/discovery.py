"""What the PSA tells without a log-in: the company's codebase, and the version."""

from urllib.parse import unquote

from engine.sandbox.asgi import Answer, json_answer
from engine.sandbox.psa.errors import ApiError, no_endpoint, not_found
from engine.sandbox.psa.settings import PsaSettings

_API = "/apis/3.0"
_ROUTER = "v4_6_release"


def company_info(settings: PsaSettings, company: str, verb: str) -> Answer:
    """The reply to GET /login/companyinfo/{company}."""
    if verb != "GET":
        raise ApiError(405, "ConnectWiseApi", f"The verb {verb} is not supported here.")
    if unquote(company).strip("/").lower() != settings["psa.company"].lower():
        if settings["psa.unknown_company"] == "404":
            raise not_found("Company")
        return json_answer(200, None)
    info = {
        "CompanyName": "Sandbox",
        "Codebase": f"{settings['psa.codebase']}/",
        "VersionCode": f"v{settings['psa.version']}",
        "VersionNumber": f"v{settings['psa.version']}.1",
        "CompanyID": settings["psa.company"],
        "IsCloud": "True",
    }
    return json_answer(200, info)


def relative_path(settings: PsaSettings, path: str) -> str:
    """The path below the API's address. Raises ApiError (404) for another codebase than today's."""
    for codebase in (settings["psa.codebase"], _ROUTER):
        prefix = f"/{codebase}{_API}/"
        if path[: len(prefix)].lower() == prefix.lower():
            return path[len(prefix) - 1 :]
    raise no_endpoint()


def system_info(settings: PsaSettings) -> Answer:
    """The reply to GET /system/info."""
    info = {
        "version": f"v{settings['psa.version']}.1",
        "isCloud": True,
        "serverTimeZone": "Eastern Standard Time",
        "cloudRegion": "NA",
    }
    return json_answer(200, info)
