"""What the platform's simulator is told about itself, kept among the sandbox's settings."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Literal

from engine.sandbox.calendar import noon
from engine.sandbox.store import Store

API_KEY = "sandbox-api-key"
API_SECRET = "sandbox-api-secret"  # noqa: S105 - the made-up secret of a simulator
ALLOWED_ROLES = ("Account Admin", "Operations")
_ALLOWED = {
    "account": r"\d+",
    "role": r".+",
    "max_page_size": r"[1-9]\d*",
    "activity_log": r"complete|thin",
    "clock_offset": r"-?\d+",
}


@dataclass(frozen=True)
class PlatformSettings:
    """Typed access to the settings of the platform's side; each is read anew at every use."""

    store: Store

    @property
    def today(self) -> date:
        """The sandbox's own day."""
        return date.fromisoformat(self._text("today", "2026-06-15"))

    @property
    def account(self) -> str:
        """The reseller's account id."""
        return self._text("platform.account", "900100")

    @property
    def role(self) -> str:
        """The role of the API user; other than Account Admin and Operations it is refused with 403."""
        return self._text("platform.role", ALLOWED_ROLES[0])

    @property
    def max_page_size(self) -> int:
        """The most items that a page has, however many were asked for."""
        return int(self._text("platform.max_page_size", "1000"))

    @property
    def activity_log(self) -> Literal["complete", "thin"]:
        """Whether the activity log tells of everything, or of creations and quantities alone, as recorded."""
        return "thin" if self._text("platform.activity_log", "complete") == "thin" else "complete"

    def now(self) -> int:
        """Seconds since 1970: noon of the sandbox's day, plus an offset that tests set to let tokens run out."""
        return noon(self.today) + int(self._text("platform.clock_offset", "0"))

    def set(self, name: str, value: str) -> None:
        """Sets one of these by its name: account, role, max_page_size, activity_log, clock_offset."""
        self.store.set_setting(f"platform.{name}", value)

    def _text(self, name: str, default: str) -> str:
        value = self.store.setting(name, default)
        return default if value is None else value


def names() -> tuple[str, ...]:
    """The settings of the platform's side."""
    return tuple(f"platform.{one}" for one in _ALLOWED)


def check_setting(name: str, value: str) -> str | None:
    """Why a setting of the platform's side cannot have this value, or None."""
    short = name.removeprefix("platform.")
    if short == name or short not in _ALLOWED:
        return f"no setting {name}; there are {', '.join(names())}"
    return None if re.fullmatch(_ALLOWED[short], value) else f"{name} cannot be {value!r}"
