"""The lines of a service on one agreement, each beside the addition that stands for it."""

import msgspec

from engine.billing.model import Line
from engine.planning.histories import stands
from engine.planning.observed import Inputs
from engine.planning.posted import key_of
from engine.planning.service import Service
from engine.psa.mark import Mark
from engine.psa.models import Addition


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A line that should be, an addition that is, or both. An addition without a line is unwanted."""

    mark: Mark
    line: Line | None
    addition: Addition | None


def rows(inputs: Inputs, service: Service) -> tuple[Row, ...]:
    """The lines in their order, then the unwanted additions, credits first. Retracted ones are none of them."""
    standing = {key_of(mark): (mark, addition) for mark, addition in service.ours}
    found: list[Row] = []
    for line in service.lines:
        mark = _mark(inputs, service, line)
        _, addition = standing.pop(key_of(mark), (mark, None))
        if addition is None and service.adopted is not None and line is service.lines[0]:
            addition = service.adopted
        found.append(Row(mark=mark, line=line, addition=addition))
    unwanted = sorted(
        ((mark, addition) for mark, addition in standing.values() if stands(addition)),
        key=lambda pair: (pair[1].quantity >= 0, pair[1].id),
    )
    found += [Row(mark=mark, line=None, addition=addition) for mark, addition in unwanted]
    return tuple(found)


def address_of(service: Service, mark: Mark) -> str:
    """The address of a line, which stays the same from plan to plan."""
    address = f"addition:{service.stretch.agreement.id}/{service.subscription.id}/{mark.segment}/{mark.role}"
    if mark.role == "one_time":
        return address
    return f"{address}/{mark.month or mark.on}"


def _mark(inputs: Inputs, service: Service, line: Line) -> Mark:
    return Mark(
        account=inputs.account,
        subscription=service.subscription.id,
        segment=line.segment,
        role=line.role,
        on=None if line.period else line.effective,
        month=line.period,
        agreement=service.stretch.agreement.id,
    )
