"""Which lines of an agreement stand for a service: those with its mark, or one that its mapping takes over."""

from collections.abc import Iterator

from engine.planning.fitting import Refused
from engine.planning.histories import stands
from engine.planning.observed import Inputs
from engine.planning.posted import Posted
from engine.psa.mark import Mark
from engine.psa.models import Addition, CatalogItem
from engine.workspace.model import ProductMapping, ServiceMapping


def our_lines(mapping: ServiceMapping, posted: Posted) -> tuple[tuple[Mark, Addition], ...]:
    """Our lines of this subscription on its agreements.

    Raises Refused: duplicates, damaged marks, lines elsewhere, lines that were given another first day by hand.
    """
    found = posted.of_subscription(mapping.subscription)
    listed = {one.agreement for one in mapping.agreements}
    elsewhere = sorted({addition.agreement_id for _, addition in found if stands(addition)} - listed)
    if elsewhere:
        why = f"it has lines on agreement {elsewhere[0]} already; on agreement {mapping.agreement} it would bill twice"
        dated = f"agreements: [{{id: {elsewhere[0]}}}, {{id: {mapping.agreement}, from: YYYY-MM-DD}}]"
        raise Refused("lines-elsewhere", why, f"move it on a day, with `{dated}`, or map it back")
    for addition in posted.damaged(mapping.subscription):
        why = f"the mark of addition {addition.id} was changed by hand, so it cannot be told whether it is this one's"
        hint = "end that addition in the PSA and clear its mark, or put the mark right"
        raise Refused("mark-damaged", why, hint)
    twice = posted.duplicates(mapping.subscription)
    if twice:
        hint = "end the wrong one in the PSA and clear its mark"
        ids = " and ".join(str(addition.id) for addition in twice)
        raise Refused("duplicate-lines", f"additions {ids} carry the same mark", hint)
    ours = tuple((mark, addition) for mark, addition in found if addition.agreement_id in listed)
    _check_first_days(ours)
    return ours


def _check_first_days(ours: tuple[tuple[Mark, Addition], ...]) -> None:
    """Raises Refused where a line bills from another day than it was posted for: days twice, or not at all.

    An addition that was taken over keeps its own first day; only the first line of all can be one.
    """
    for mark, addition in first_day_moved(ours):
        has = addition.effective or "no first day"
        why = f"addition {addition.id} was posted to bill from {mark.on}, and now has {has}"
        raise Refused("line-moved", why, f"set its effective date to {mark.on} again, or end it and clear its mark")


def first_day_moved(ours: tuple[tuple[Mark, Addition], ...]) -> Iterator[tuple[Mark, Addition]]:
    """Our lines of a service that bill from another day than they were posted for."""
    days = [mark.on for mark, _ in ours if mark.on is not None]
    for mark, addition in ours:
        if mark.on is None or mark.role not in {"base", "delta", "reversal"} or not stands(addition):
            continue
        begins = addition.effective
        if mark.sequence and begins is not None and begins >= mark.on:
            # It carries on after days that had been invoiced when it was posted.
            continue
        taken_over = mark.role == "base" and mark.on == min(days) and begins is not None and begins < mark.on
        if begins != mark.on and not taken_over:
            yield mark, addition


def adopted_line(
    inputs: Inputs,
    mapping: ServiceMapping,
    product: ProductMapping,
    item: CatalogItem | str,
    agreement: int,
    posted: Posted,
) -> Addition | None:
    """The existing line that the mapping names. Raises Refused if a line stands in the way of a new one.

    `agreement` is the one on which the first line is made.
    """
    if isinstance(mapping.addition, int) and product.kind == "usage":
        why = f"consumption has a line for each month, so it cannot take over addition {mapping.addition}"
        raise Refused("addition-unsuitable", why, "write `addition: new`, and end the old line in the PSA")
    if isinstance(item, str):
        if isinstance(mapping.addition, int):
            why = f"its catalog item is yet to be made, so addition {mapping.addition} cannot be of it"
            raise Refused("addition-missing", why, "map the product onto that addition's catalog item")
        return None
    foreign = posted.foreign(agreement, item.id, inputs.as_of)
    if isinstance(mapping.addition, int):
        for addition in foreign:
            if addition.id == mapping.addition:
                return addition
        why = f"agreement {agreement} has no unmarked addition {mapping.addition} of {item.identifier}"
        raise Refused("addition-missing", why, "correct `addition` in the mapping")
    if foreign and mapping.addition is None:
        first = foreign[0]
        why = (
            f"agreement {agreement} already has an addition of {item.identifier} that is not ours "
            f"(id {first.id}, {first.quantity.normalize():f} × {first.unit_price}): a second one might bill twice"
        )
        hint = f"write `addition: {first.id}` to take that line over, or `addition: new` for a line beside it"
        raise Refused("addition-exists", why, hint)
    return None
