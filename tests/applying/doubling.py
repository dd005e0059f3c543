"""Lines that somebody, or another program, makes a second time."""

from engine.sandbox.fault import Fault
from tests.applying.support import AGREEMENT, World


def copy_line(world: World, agreement: int = AGREEMENT) -> int:
    """Somebody copies the last line of an agreement, its mark too: the id of the copy."""
    store = world.sandbox.store
    line = max((one for one in store.rows("addition") if one["agreementId"] == agreement), key=lambda one: one["id"])
    number = max(one["id"] for one in store.rows("addition")) + 1
    store.put("addition", number, {**line, "id": number}, agreement)
    return int(number)


def copy_after_post(world: World, agreement: int = AGREEMENT) -> None:
    """Somebody copies a line right after it was made."""
    fault = Fault(
        kind="edit_between", service="psa", verb="POST", path=f"*/agreements/{agreement}/additions", after=True
    )

    def copy() -> None:
        copy_line(world, agreement)

    world.sandbox.faults.add(fault, copy)
