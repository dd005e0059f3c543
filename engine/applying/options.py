"""How a plan is to be carried out, where whoever runs it has a choice."""

import msgspec


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """`allowed` are guards, by name, whose findings hold nothing back.

    `strict` refuses all of a plan of which one object moved. With `canary` one customer (empty: the first one) is
    written alone, with what it needs, and the others only if all of it went well. After `stop_after_errors` failed
    changes nothing more is tried; None sets no limit.
    """

    allowed: frozenset[str] = frozenset()
    strict: bool = False
    canary: str | None = None
    stop_after_errors: int | None = None
