"""What the PSA holds, in a form that does not depend on the order in which it was made."""

from collections import Counter

from engine.sandbox.sandbox import Sandbox

Holding = Counter[tuple[object, ...]]


def lines(sandbox: Sandbox) -> Holding:
    """What it would bill, line by line: how often there is one with these values."""
    return Counter(
        (
            one["agreementId"],
            str(one.get("serialNumber") or ""),
            str(one["product"]["identifier"]),
            f"{one['quantity']}",
            f"{one['unitPrice']:.4f}",
            f"{one['unitCost']:.4f}",
            str(one.get("effectiveDate")),
            str(one.get("cancelledDate")),
        )
        for one in sandbox.store.rows("addition")
    )


def others(sandbox: Sandbox) -> Holding:
    """Companies, catalog items and manufacturers: how often there is one with these values."""
    store = sandbox.store
    return Counter(
        [("company", one["identifier"], one["name"], one.get("city")) for one in store.rows("company")]
        + [("item", one["identifier"], one["description"], f"{one.get('price')}") for one in store.rows("catalog_item")]
        + [("manufacturer", one["name"]) for one in store.rows("manufacturer")]
    )


def twice(sandbox: Sandbox) -> list[str]:
    """Marks that more than one addition of an agreement carries."""
    marks = Counter(
        (one["agreementId"], one["serialNumber"]) for one in sandbox.store.rows("addition") if one.get("serialNumber")
    )
    return [f"{mark} on agreement {agreement}" for (agreement, mark), count in marks.items() if count > 1]
