"""The identity mark: what cwctl writes on an addition to find it again.

A mark reads `cw1.ACCOUNT.SUBSCRIPTION.AGREEMENT.LINE.CHECK`, such as `cw1.2s.900417.ru.1d260915.h`: the format's
version; account and agreement in base 36; the subscription as the platform writes it; the line as segment, a letter for
its role, then day (yymmdd) or month (yymm), `n` and sequence, `p` and part, where there are any; a check character.
The agreement is part of it, so that the marks on a copied agreement are recognised as copies.
"""

import re
from datetime import date
from operator import mul
from typing import Literal, get_args

import msgspec

Role = Literal["base", "delta", "reversal", "usage", "one_time", "adjustment", "settlement"]

LONGEST = 50
"""Characters that the PSA's serial number holds."""

_PREFIX = "cw1."
_LETTERS: dict[Role, str] = {role: role[0] for role in get_args(Role)}
_ROLES: dict[str, Role] = {letter: role for role, letter in _LETTERS.items()}
_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz."
_CHECKS = "0123456789abcdefghijklmnopqrstuvwxyz_"
# 37 is a prime and 2 one of its primitive roots: no weight is 0, so each change of one character changes the sum.
_WEIGHTS = tuple(pow(2, place, 37) for place in range(1, 101))
_VALUES = bytes.maketrans(_ALPHABET.encode(), bytes(range(len(_ALPHABET))))
_OURS = re.compile(r"cw[0-9]+\.")
_SHAPE = re.compile(
    r"cw1\.(?P<account>x?[0-9a-z]+)\.(?P<subscription>[0-9]+)\.(?P<agreement>[0-9a-z]+)"
    r"\.(?P<segment>[1-9][0-9]*)(?P<role>[bdruoas])(?P<day>[0-9]{6}|[0-9]{4})?"
    r"(?:n(?P<sequence>[1-9][0-9]*))?(?:p(?P<part>[1-9][0-9]*))?\.(?P<check>[0-9a-z_])",
    re.ASCII,
)


class MarkDamaged(ValueError):
    """A text that was a mark of ours and no longer is, or is one of a newer format."""


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """The key of a line. Days and months are those under which it was first posted; at most one of the two is set."""

    account: str
    subscription: str
    segment: int
    role: Role
    on: date | None = None
    month: str | None = None
    sequence: int = 0
    part: int = 0
    agreement: int


def encode(mark: Mark) -> str:
    """The mark as text of at most 50 characters. Raises `ValueError` where the key cannot be written."""
    if re.fullmatch(r"[0-9]+", mark.subscription, re.ASCII) is None:
        raise ValueError(f"the subscription id {mark.subscription!r} is not a number")
    if mark.segment < 1 or mark.agreement < 1 or mark.sequence < 0 or mark.part < 0:
        raise ValueError(f"segment and agreement count from 1, sequence and part from 0: {mark}")
    numbers = (f"n{mark.sequence}" if mark.sequence else "") + (f"p{mark.part}" if mark.part else "")
    line = f"{mark.segment}{_LETTERS[mark.role]}{_day(mark)}{numbers}"
    body = f"{_PREFIX}{_account(mark.account)}.{mark.subscription}.{_base36(mark.agreement)}.{line}."
    text = body + _check(body)
    if len(text) > LONGEST:
        raise ValueError(f"the mark {text} has {len(text)} characters; the PSA keeps {LONGEST}")
    return text


def decode(text: str | None) -> Mark | None:
    """The mark that `text` is, or None where it is none of ours; upper and lower case are the same.

    Raises `MarkDamaged` where it was one of ours: the line must then be looked at by a person, as it can be neither
    trusted nor ignored.
    """
    candidate = (text or "").strip().lower()
    if _OURS.search(candidate) is None and not _prefix_changed(candidate):
        return None
    found = _SHAPE.fullmatch(candidate)
    if found is None or _check(candidate[:-1]) != found["check"]:
        if _OURS.match(candidate) and not candidate.startswith(_PREFIX):
            raise MarkDamaged(f"the mark {text!r} is of a format that this version of cwctl does not know")
        raise MarkDamaged(f"the mark {text!r} was changed: its check character does not fit")
    try:
        on, month = _day_of(found["day"] or "")
        account = _account_of(found["account"])
    except ValueError as error:
        raise MarkDamaged(f"the mark {text!r} holds no key: {error}") from error
    return Mark(
        account=account,
        subscription=found["subscription"],
        segment=int(found["segment"]),
        role=_ROLES[found["role"]],
        on=on,
        month=month,
        sequence=int(found["sequence"] or 0),
        part=int(found["part"] or 0),
        agreement=int(found["agreement"], 36),
    )


def subscription_named(text: str | None) -> str | None:
    """The subscription that a text with the form of a mark names, whatever its check says."""
    found = re.search(r"cw[0-9]+\.x?[0-9a-z]+\.(?P<subscription>[0-9]+)\.", (text or "").lower(), re.ASCII)
    return found["subscription"] if found else None


def _prefix_changed(text: str) -> bool:
    """Whether exactly one character of the prefix is wrong and all the rest is a mark with its check."""
    head, rest = text[: len(_PREFIX)], text[len(_PREFIX) :]
    if sum(a != b for a, b in zip(head, _PREFIX, strict=False)) != 1:
        return False
    repaired = _PREFIX + rest
    found = _SHAPE.fullmatch(repaired)
    return found is not None and _check(repaired[:-1]) == found["check"]


def _check(body: str) -> str:
    return _CHECKS[sum(map(mul, _WEIGHTS, body.encode("ascii").translate(_VALUES))) % 37]


def _day(mark: Mark) -> str:
    if mark.on is not None and mark.month is not None:
        raise ValueError("a mark has a day or a month, not both")
    if mark.month is not None:
        if re.fullmatch(r"20[0-9]{2}-(0[1-9]|1[0-2])", mark.month, re.ASCII) is None:
            raise ValueError(f"{mark.month!r} is not a month of this century, such as 2026-09")
        return mark.month[2:4] + mark.month[5:]
    if mark.on is None:
        return ""
    if mark.on.year // 100 != 20:
        raise ValueError(f"{mark.on} is not a day of this century")
    return f"{mark.on.year % 100:02}{mark.on.month:02}{mark.on.day:02}"


def _day_of(digits: str) -> tuple[date | None, str | None]:
    if len(digits) == 6:
        return date(2000 + int(digits[:2]), int(digits[2:4]), int(digits[4:])), None
    if len(digits) == 4:
        return None, f"{date(2000 + int(digits[:2]), int(digits[2:]), 1):%Y-%m}"
    return None, None


def _account(account: str) -> str:
    """A plain number in base 36 after nothing, any other text by its bytes after an `x`."""
    if re.fullmatch(r"[1-9][0-9]*", account, re.ASCII) is not None:
        digits = _base36(int(account))
        return f"0{digits}" if digits.startswith("x") else digits
    if not account:
        raise ValueError("a mark needs the platform's account")
    return "x" + _base36(int.from_bytes(b"\x01" + account.encode()))


def _account_of(text: str) -> str:
    if not text.startswith("x"):
        return str(int(text, 36))
    number = int(text[1:], 36)
    raw = number.to_bytes((number.bit_length() + 7) // 8)
    if raw[:1] != b"\x01":
        raise ValueError("no account in it")
    return raw[1:].decode()


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = _ALPHABET[rest] + digits
    return digits or "0"
