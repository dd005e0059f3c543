"""Lines that exist twice: additions of one agreement that carry the same mark."""

from collections import defaultdict
from collections.abc import Iterable

from engine.applying.report import Duplicate
from engine.psa.mark import Mark, MarkDamaged, decode
from engine.psa.models import Addition


def own_mark(addition: Addition) -> Mark | None:
    """The mark of an addition on the agreement that it names: a copied agreement carries copied marks."""
    try:
        mark = decode(addition.mark)
    except MarkDamaged:
        return None
    return mark if mark is not None and mark.agreement == addition.agreement_id else None


def duplicates(additions: Iterable[Addition]) -> tuple[Duplicate, ...]:
    """Every mark that more than one of the additions carries."""
    carrying: dict[Mark, list[Addition]] = defaultdict(list)
    for addition in additions:
        mark = own_mark(addition)
        if mark is not None:
            carrying[mark].append(addition)
    return tuple(
        Duplicate(
            agreement=mark.agreement,
            subscription=mark.subscription,
            mark=found[0].mark or "",
            additions=tuple(sorted(one.id for one in found)),
        )
        for mark, found in carrying.items()
        if len(found) > 1
    )


def in_words(duplicate: Duplicate) -> str:
    """What is wrong, and what to do."""
    ids = " and ".join(str(number) for number in duplicate.additions)
    return (
        f"additions {ids} on agreement {duplicate.agreement} carry the same mark {duplicate.mark}: the line exists "
        f"more than once and may be billed so. Nothing is written for subscription {duplicate.subscription} until "
        "all but one of them are removed in the PSA."
    )
