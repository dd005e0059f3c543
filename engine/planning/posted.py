"""What stands on the agreements already: our lines, found by their marks, and those of others, which are left alone."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date

from engine.planning.plan import Unmanaged
from engine.psa.mark import Mark, MarkDamaged, decode, subscription_named
from engine.psa.models import Addition


class Posted:
    """An index over the additions that were read. A mark counts as ours on its own agreement and account only."""

    def __init__(self, account: str, additions: Mapping[int, Iterable[Addition]]) -> None:
        self._ours: dict[str, list[tuple[Mark, Addition]]] = defaultdict(list)
        self._damaged: dict[str, list[Addition]] = defaultdict(list)
        self._foreign: dict[int, list[tuple[Addition, str]]] = defaultdict(list)
        for agreement, found in additions.items():
            for addition in found:
                try:
                    mark, why = _read(addition, account)
                except MarkDamaged as damaged:
                    self._foreign[agreement].append((addition, str(damaged)))
                    self._damaged[subscription_named(addition.mark) or ""].append(addition)
                    continue
                if mark is not None:
                    self._ours[mark.subscription].append((mark, addition))
                else:
                    self._foreign[agreement].append((addition, why))

    def of_subscription(self, subscription: str) -> tuple[tuple[Mark, Addition], ...]:
        """Our lines of a subscription, on every agreement read."""
        return tuple(self._ours.get(subscription, ()))

    def duplicates(self, subscription: str) -> tuple[Addition, ...]:
        """Lines of a subscription that stand for the same thing, by the first such group; empty if there are none."""
        ours = self._ours.get(subscription, ())
        if len(ours) < 2:
            return ()
        groups: dict[tuple[object, ...], list[Addition]] = defaultdict(list)
        for mark, addition in ours:
            groups[(mark.agreement, *key_of(mark))].append(addition)
        return next((tuple(group) for group in groups.values() if len(group) > 1), ())

    def damaged(self, subscription: str) -> tuple[Addition, ...]:
        """Additions whose mark was changed by hand and still names this subscription."""
        return tuple(self._damaged.get(subscription, ()))

    def foreign(self, agreement: int, product: int, as_of: date) -> tuple[Addition, ...]:
        """Additions of a product on an agreement that are not ours and still bill on `as_of` or later."""
        return tuple(
            addition
            for addition, _ in self._foreign.get(agreement, ())
            if addition.product_id == product and (addition.cancelled is None or addition.cancelled >= as_of)
        )

    def unmanaged(
        self, customers: Mapping[int, str], mapped: frozenset[str], adopted: frozenset[int]
    ) -> tuple[Unmanaged, ...]:
        """Every addition that no mapping stands for, with the reason, on the agreements whose customer is named."""
        found = [(addition, why) for group in self._foreign.values() for addition, why in group]
        found += [
            (addition, "it is ours, but its subscription is no longer mapped")
            for subscription, group in self._ours.items()
            if subscription not in mapped
            for _, addition in group
        ]
        return tuple(
            _unmanaged(addition, why, customers[addition.agreement_id])
            for addition, why in sorted(found, key=lambda pair: (pair[0].agreement_id, pair[0].id))
            if addition.id not in adopted and addition.agreement_id in customers
        )


def key_of(mark: Mark) -> tuple[object, ...]:
    """What a line stands for within its subscription; there is one one-time line, whatever day it was posted for."""
    day = None if mark.role == "one_time" else mark.on
    return (mark.segment, mark.role, day, mark.month, mark.sequence, mark.part)


def _read(addition: Addition, account: str) -> tuple[Mark | None, str]:
    """The addition's mark if it is ours, or why it is none of ours. Raises MarkDamaged."""
    mark = decode(addition.mark)
    if mark is None:
        return None, "it carries no mark of ours"
    if mark.account.casefold() != account.casefold():
        return None, f"its mark names another platform account ({mark.account})"
    if mark.agreement != addition.agreement_id:
        return None, f"its mark was copied from agreement {mark.agreement}"
    return mark, ""


def _unmanaged(addition: Addition, why: str, customer: str) -> Unmanaged:
    return Unmanaged(
        customer=customer,
        agreement=addition.agreement_id,
        addition=addition.id,
        product=addition.product_identifier,
        quantity=addition.quantity,
        unit_price=addition.unit_price,
        effective=addition.effective,
        cancelled=addition.cancelled,
        why=why,
    )
