"""The transport's parts: hosts, redaction, retry decisions, secrets, replies."""

import base64
import itertools
import string
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.diagnostics import Place
from engine.http import retry
from engine.http.errors import BadReply, Rejected
from engine.http.hosts import AllowedHosts, extra_hosts
from engine.http.pace import Bucket
from engine.http.redaction import safe_target, scrub, secrets_of
from engine.http.reply import Reply, decode
from engine.http.secrets import Secret, SecretMissingError, resolve
from engine.workspace.model import SecretRef
from tests.http.support import Clock

PLACE = Place("config/connections.yaml", 7, 15)


@pytest.mark.parametrize(
    "url",
    [
        "https://ion.tdsynnex.com",
        "https://api-na.myconnectwise.net/v2026_1/apis/3.0",
        "https://API-STAGING.connectwisedev.com",
        "http://127.0.0.1:8080",
        "http://localhost:1",
        "http://[::1]:8080/x",
        "https://psa.example.com",
        "https://a.b.example.org",
    ],
)
def test_known_hosts_are_allowed(url: str) -> None:
    assert AllowedHosts(["psa.example.com", "*.example.org"]).refusal(url) is None


@pytest.mark.parametrize(
    "url",
    [
        "https://myconnectwise.net.example",
        "https://xmyconnectwise.net",
        "https://myconnectwise.net",
        "https://evil.ion.tdsynnex.com",
        "http://api-na.myconnectwise.net",
        "https://user@ion.tdsynnex.com",
        "https://ion.tdsynnex.com%2eevil.example",
        "https://127.0.0.1.evil.example",
        "https://example.org",
        "file:///etc/passwd",
    ],
)
def test_other_hosts_are_refused(url: str) -> None:
    assert AllowedHosts(["*.example.org"]).refusal(url)


def test_the_allow_list_comes_from_outside_the_workspace(tmp_path: Path) -> None:
    (tmp_path / "cwctl").mkdir()
    (tmp_path / "cwctl" / "allowed-hosts").write_text("# ours\npsa.example.com  # on-premise\n\n")
    env = {"XDG_CONFIG_HOME": str(tmp_path), "CWCTL_ALLOWED_HOSTS": "a.example, b.example"}
    assert extra_hosts(env) == ["psa.example.com", "a.example", "b.example"]
    assert extra_hosts({}) == []


@given(st.text(alphabet=string.ascii_letters + string.digits + "+/=-_", min_size=8, max_size=60))
def test_a_secret_never_survives_redaction(secret: str) -> None:
    pair = base64.b64encode(f"company+public:{secret}".encode()).decode()
    headers = {"Authorization": f"Basic {pair}"}
    shown = scrub(f"bad key {secret} in {headers}", secrets_of(headers))
    assert secret not in shown.replace("company", "").replace("Authorization", "")
    assert pair not in shown
    assert secret not in safe_target("oauth", [("refresh_token", secret)]).replace("refresh_token", "")


def test_a_target_keeps_what_helps() -> None:
    assert safe_target("/x?api_key=abc&page=2", [("conditions", "id in (1,2)")]) == (
        "/x?api_key=***&page=2&conditions=id in (1,2)"
    )


def test_control_characters_do_not_reach_a_terminal() -> None:
    assert scrub("a\x1b[31mred\r\nnext\u202eevil") == "a [31mred next evil"


@given(st.integers(1, 40), st.floats(0, 1), st.booleans())
def test_back_off_stays_within_its_cap(attempt: int, chance: float, throttled: bool) -> None:
    assert 0 <= retry.wait_seconds(attempt, throttled, None, chance) <= retry.CAP_SECONDS


@pytest.mark.parametrize("value", ["", "soon", "-5", "1.5", "Wed, 99 Jan 2027"])
def test_an_unreadable_retry_after_is_none(value: str) -> None:
    assert retry.retry_after({"retry-after": value}, 0.0) is None


def test_a_retry_after_in_the_past_is_now() -> None:
    assert retry.retry_after({"retry-after": "Wed, 06 Jan 2027 10:00:20 GMT"}, 9e9) == 0.0


def test_a_throttled_service_holds_everyone() -> None:
    clock = Clock()
    bucket = Bucket(6000, clock.pace)
    bucket.take()
    bucket.hold(30)
    bucket.take()
    assert clock.naps == [30]


class _Item(msgspec.Struct):
    id: int


def _reply(content: bytes) -> Reply:
    return Reply(200, {}, content, "StreamOne Ion", "GET", "list?page=2")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b'[{"id": 1}, {"id"', "not complete JSON"),
        (b"", "empty"),
        (b"  <!doctype html><title>Log in</title>", r"web page came instead of data \(Log in\)"),
        (b'[{"id": "x"}]', r"expected form: Expected `int`, got `str` - at `\$\[0\]\.id`"),
        (b'{"id": 1}', "expected form"),
        (b'[{"id": 1}]\xff', "not complete JSON"),
    ],
)
def test_a_bad_reply_names_request_and_cause(content: bytes, says: str) -> None:
    with pytest.raises(BadReply, match=rf"StreamOne Ion: GET list\?page=2 answered 200: .*{says}") as caught:
        decode(_reply(content), list[_Item])
    assert caught.value.hint


def test_a_good_reply_is_decoded() -> None:
    assert decode(_reply(b'[{"id": 1, "more": 2}]'), list[_Item]) == [_Item(1)]


def test_an_error_is_one_paragraph() -> None:
    error = Rejected(
        "Addition object is invalid",
        service="ConnectWise PSA",
        verb="POST",
        path="finance/agreements/1/additions",
        status=400,
        code="InvalidObject",
        hint="Check the dates",
        request_id="r-1",
    )
    assert str(error) == (
        "ConnectWise PSA: POST finance/agreements/1/additions answered 400 (InvalidObject): "
        "Addition object is invalid. Check the dates. (request id r-1)"
    )


def test_a_secret_does_not_show_itself() -> None:
    secret = Secret("made-up")
    assert f"{secret} {secret!r} {[secret]}" == "*** *** [***]"
    assert secret.reveal() == "made-up"


def test_secrets_are_found(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("made-up\n")
    from_file = SecretRef(source="file", target="key", place=PLACE)
    from_env = SecretRef(source="env", target="KEY", place=PLACE)
    assert resolve(from_file, {}, tmp_path) == resolve(from_env, {"KEY": "made-up"}, tmp_path) == Secret("made-up")


@pytest.mark.parametrize("content", [None, b"", b" \n", b"made\nup", b"\xff\xfe", b"x" * 20000, b"made-up\x00"])
def test_a_missing_secret_names_reference_and_place(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "key").write_bytes(content)
    with pytest.raises(SecretMissingError, match=r"^config/connections\.yaml:7:15: file:key: ") as caught:
        resolve(SecretRef(source="file", target="key", place=PLACE), {}, tmp_path)
    assert "made" not in str(caught.value)


def test_an_unset_variable_is_named() -> None:
    with pytest.raises(SecretMissingError, match="Set PSA_KEY"):
        resolve(SecretRef(source="env", target="PSA_KEY", place=PLACE), {}, Path())


def test_retry_decisions_are_complete() -> None:
    for number, safe, status in itertools.product((1, 5), (True, False), range(200, 600)):
        again = retry.again_after_status(retry.Attempt(number, 5, safe), status, b"")
        assert again == (number == 1 and safe and status in {429, 502, 503, 504})


def test_the_values_of_a_form_are_secrets_of_its_request() -> None:
    found = secrets_of({}, b"grant_type=refresh_token&refresh_token=made-up-refresh-token-1")
    assert "made-up-refresh-token-1" in found
    assert scrub("cannot exchange made-up-refresh-token-1 now", found) == "cannot exchange *** now"


def test_only_the_beginning_of_a_very_long_text_is_searched() -> None:
    assert len(scrub("a" * 10_000_000)) == 500


def test_a_reply_of_endless_nesting_is_a_bad_reply() -> None:
    nested = Reply(200, {}, b"[" * 100_000, "Service", "GET", "list")
    with pytest.raises(BadReply, match="GET list"):
        decode(nested, list[object])


ECHOED = "eyJhbGciOi+made/up=token-0123456789-abcdefghij"


@pytest.mark.parametrize(
    "echo",
    [
        "{0}",
        "Bearer {0}",
        "eyJhbGciOi%2Bmade%2Fup%3Dtoken-0123456789-abcdefghij",
        "eyJhbGciOi%2bmade%2fup%3dtoken-0123456789-abcdefghij",
        "eyJhbGciOi\\u002Bmade/up=token-0123456789-abcdefghij",
        "eyJhbGciOi+made\\/up=token-0123456789-abcdefghij",
        "eyJhbGciOi+made/up=tok…",
        "it begins with eyJhbGciOi+m",
    ],
)
def test_a_secret_is_hidden_however_a_service_writes_it(echo: str) -> None:
    secrets = secrets_of({"Authorization": f"Bearer {ECHOED}"})
    shown = scrub(f"who is {echo.format(ECHOED)}?", secrets)
    assert "eyJhbGciOi" not in shown
    assert "0123456789" not in shown
    assert shown.startswith("who is ")


@pytest.mark.parametrize("filling", range(60, 130, 7))
def test_a_title_that_is_cut_inside_a_secret_shows_no_part_of_it(filling: int) -> None:
    page = f"<html><title>{'x' * filling} {ECHOED}</title></html>".encode()
    reply = Reply(200, {}, page, "StreamOne Ion", "GET", "x", lambda: secrets_of({"Authorization": f"Bearer {ECHOED}"}))
    with pytest.raises(BadReply) as caught:
        decode(reply, int)
    assert "eyJ" not in str(caught.value)


def test_a_password_in_an_address_is_hidden() -> None:
    assert safe_target("https://me:made-up-password@psa.example.com/x") == "https://***@psa.example.com/x"
