"""Whether a value of a line has a cause: the rules gave it on some day, or the platform may have."""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from itertools import pairwise

from msgspec.structs import replace

from engine.billing.model import InputError, Line
from engine.billing.told import Completed
from engine.planning.desired import lines_on
from engine.planning.observed import Inputs
from engine.planning.service import Row, Service
from engine.psa.models import Addition

_ONE_DAY = timedelta(days=1)
_MOST_PERIODS = 40
"""So many billing periods back an end is looked for that a term was rolled to."""


class Causes:
    """What the rules ever gave a row, reckoned when it is first asked for."""

    def __init__(self, inputs: Inputs, service: Service, row: Row) -> None:
        self._inputs, self._service, self._row = inputs, service, row

    def never_gave_quantity(self, quantity: Decimal) -> bool:
        """Whether the line never was to have that quantity; one that has not begun changes with all that happens."""
        return self._untouched or (self._begun and all(line.quantity != quantity for line in self._given))

    def never_gave_price(self, price: Decimal) -> bool:
        """Whether the line never was to have that price: a pinned one was."""
        if price in self._pinned("unit_price"):
            return False
        return self._untouched or (self._begun and all(line.unit_price != price for line in self._given))

    def never_gave_cost(self, cost: Decimal) -> bool:
        """Whether the line never was to have that cost."""
        if cost in self._pinned("unit_cost"):
            return False
        return self._untouched or (self._begun and all(line.unit_cost != cost for line in self._given))

    def never_gave_end(self, ends: date | None) -> bool:
        """Whether the line never was to have that last day, and neither a closed period nor the platform explains it.

        The platform tells no end that a term had before: any line may have been the last one and ended with that.
        """
        if any(given.cancelled == ends for given in self._given) or self._kept_to_the_end_of_a_period(ends):
            return False
        line = self._row.line
        assert line is not None
        moved_away = line.cancelled is not None and line.cancelled == self._service.stretch.until
        if moved_away or self._may_be_rolled(line, ends):
            return False
        return self._untouched

    def _may_be_rolled(self, line: Line, ends: date | None) -> bool:
        """Whether the line ends with a term that renews by itself, and may have ended with an earlier one of it."""
        last = max((one.cancelled or date.max for one in self._service.lines), default=date.max)
        renews = self._service.subscription.auto_renew and line.cancelled == last
        return renews and ends is not None and line.cancelled is not None and ends < line.cancelled

    def _kept_to_the_end_of_a_period(self, ends: date | None) -> bool:
        """Whether it was over before, and had been invoiced for days that it then kept."""
        line, stretch = self._row.line, self._service.stretch
        assert line is not None
        if ends is None or line.cancelled is None or ends < line.cancelled:
            return False
        return ends in {stretch.terms.period_end(ends), stretch.invoiced_through}

    def _pinned(self, field: str) -> frozenset[Decimal]:
        return frozenset(pin.amount for pin in self._service.mapping.pins if pin.field == field)

    @cached_property
    def _untouched(self) -> bool:
        return untouched_since_made(self._service, self._row.addition)

    @property
    def _begun(self) -> bool:
        line = self._row.line
        return line is not None and line.effective <= self._inputs.as_of

    @cached_property
    def _given(self) -> tuple[Line, ...]:
        """The row's line as it was to be on each day on which something became known, or a term was rolled.

        Of several events of one day a night may have seen the first ones alone.
        """
        completed = self._service.completed
        told = completed.told
        days = [line for day in sorted(self._days()) for line in self._on(completed, day)]
        within = [
            line
            for number, (one, following) in enumerate(pairwise(told), 1)
            if one.event.on == following.event.on
            for line in self._on(replace(completed, told=told[:number]), one.event.on)
        ]
        return (*days, *within)

    def _days(self) -> Iterable[date]:
        as_of, terms = self._inputs.as_of, self._service.stretch.terms
        known = {told.event.on for told in self._service.completed.told}
        days = {as_of, *known, *(day - _ONE_DAY for day in known)}
        day, line = as_of, self._row.line
        assert line is not None
        for _ in range(_MOST_PERIODS):
            day = terms.period_start(day) - _ONE_DAY
            if day < line.effective - timedelta(days=366):
                break
            days.add(day)
        return {one for one in days if one <= as_of}

    def _on(self, completed: Completed, day: date) -> tuple[Line, ...]:
        service, wanted = self._service, self._row.line
        assert wanted is not None
        try:
            lines = lines_on(completed, service.stretch, service.owned_from, day)
        except (InputError, ValueError, OverflowError):
            return ()
        return tuple(line for line in lines if _stands_for(line) == _stands_for(wanted))


def _stands_for(line: Line) -> tuple[object, ...]:
    day = None if line.role in {"usage", "one_time"} else line.effective
    return (line.segment, line.role, day, line.period)


def untouched_since_made(service: Service, addition: Addition | None) -> bool:
    """Whether nothing happened to the subscription since the day before the line was made: then nothing explains it."""
    touched = service.subscription.last_updated[:10]
    if addition is None or addition.entered is None or not touched:
        return False
    return touched < addition.entered.isoformat()
