"""What a journal holds, in dict form: its runs, and of one run every write."""

from collections import Counter
from typing import Any

import msgspec

from engine.applying.chain import Chain
from engine.applying.runs import Run, Write


def verified(path: str, chain: Chain) -> dict[str, Any]:
    """Whether the journal is as it was written.

    `head` is the hash of its last record: kept elsewhere, it tells later whether the end is missing.
    """
    broken = chain.broken
    return {
        "journal": path,
        "valid": broken is None,
        "records": chain.number,
        "head": chain.head,
        "problem": None if broken is None else f"line {broken.line}: {broken.why}",
        "cut_off": chain.cut_off is not None,
    }


def run_document(run: Run, customer: str | None, with_writes: bool) -> dict[str, Any]:
    """A run, counting the writes of one customer if one is named."""
    writes = [one for one in run.writes if customer is None or one.writing.change.customer == customer]
    document: dict[str, Any] = msgspec.to_builtins(run.begun)
    del document["record"], document["connection"]
    ended = run.ended
    return {
        **document,
        "ended_at": None if ended is None else _text(ended.at),
        "stopped": None if ended is None else ended.stopped,
        "writes": len(writes),
        "counts": dict(Counter(one.written.status if one.written else "unknown" for one in writes)),
        "held": None if ended is None else ended.counts.get("held", 0),
        "customers": sorted({one.writing.change.customer or "" for one in writes} - {""}),
        "written": [_write(one) for one in writes] if with_writes else None,
    }


def _write(one: Write) -> dict[str, Any]:
    change, written = one.writing.change, one.written
    return {
        "address": change.address,
        "kind": change.kind,
        "action": change.action,
        "name": change.name,
        "customer": change.customer,
        "agreement": change.agreement,
        "object_id": (written.object_id if written else None) or change.object_id,
        "reason": change.reason,
        "fields": msgspec.to_builtins(change.fields),
        "at": _text(one.writing.at),
        "status": written.status if written else "unknown",
        "message": written.message if written else None,
        "requests": list(written.requests) if written else [],
    }


def _text(at: object) -> str:
    text: str = msgspec.to_builtins(at)
    return text
