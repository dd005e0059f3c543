"""Lines that somebody, or another program, makes a second time."""

from collections.abc import Callable

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
    world.sandbox.faults.add(*copying_after_post(world, agreement))


def copying_after_post(world: World, agreement: int = AGREEMENT, skip: int = 0) -> tuple[Fault, Callable[[], None]]:
    """The same after so many others were made, to be armed."""
    fault = Fault(
        kind="edit_between",
        service="psa",
        verb="POST",
        path=f"*/agreements/{agreement}/additions",
        after=True,
        skip=skip,
    )

    def copy() -> None:
        copy_line(world, agreement)

    return fault, copy
