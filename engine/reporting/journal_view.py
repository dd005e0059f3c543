"""Runs of the journal as their template needs them, from their dict form."""

from typing import Any

from engine.reporting.formats import KINDS, LABELS, SIGNS, counted, plain_text, shown

UNKNOWN = "unknown"


def journal_view(document: dict[str, Any]) -> dict[str, Any]:
    """The runs, each with its lines ready to print."""
    return {"journal": plain_text(document["journal"]), "runs": [_run(one) for one in document["runs"]]}


def _run(run: dict[str, Any]) -> dict[str, Any]:
    counts = ", ".join(f"{number:,} {status}" for status, number in run["counts"].items()) or "nothing written"
    held = f"{counted(run['held'], 'change')} held back" if run["held"] else ""
    if run["ended_at"] is None:
        end = "it broke off, or is still at work"
    elif run["stopped"]:
        end = f"ended early: {run['stopped']}"
    else:
        end = f"ended {instant(run['ended_at'])}"
    return {
        "name": run["run"],
        "began": instant(run["at"]),
        "who": f"{run['who']} on {run['where']}",
        "plan": f"plan {run['plan_id']} as of {run['as_of']}, digest {run['plan_digest'][:12]}",
        "counts": counts,
        "end": end,
        "broken": run["ended_at"] is None or bool(run["stopped"]) or UNKNOWN in run["counts"],
        "customers": counted(len(run["customers"]), "customer"),
        "held": held,
        "allowed": ", ".join(run["allowed"]),
        "written": None if run["written"] is None else [_write(one) for one in run["written"]],
    }


def _write(write: dict[str, Any]) -> dict[str, Any]:
    whose = [
        *([f"customer {write['customer']}"] if write["customer"] else []),
        *([f"agreement {write['agreement']}"] if write["agreement"] else []),
        *([f"id {write['object_id']}"] if write["object_id"] else []),
    ]
    status = write["status"]
    told = "nobody knows whether it was made: the run broke off here" if status == UNKNOWN else status
    requests = f", request {', '.join(write['requests'])}" if write["requests"] else ""
    return {
        "sign": SIGNS[write["action"]],
        "what": f"{KINDS[write['kind']]}: {write['name']}",
        "whose": ", ".join(whose),
        "bad": status not in {"applied", "already"},
        "told": f"{instant(write['at'])} {told}{requests}",
        "message": write["message"] or "",
        "fields": [_field(one, write["action"]) for one in write["fields"]],
        "reason": write["reason"],
    }


def _field(field: dict[str, Any], action: str) -> str:
    name = field["field"]
    after = shown(name, field["after"])
    label = LABELS.get(name, name.replace("_", " "))
    return f"{label} {after}" if action == "create" else f"{label} {shown(name, field['before'])} → {after}"


def instant(text: str) -> str:
    """An instant of the dict form for a reader."""
    return f"{text[:10]} {text[11:19]} UTC"
