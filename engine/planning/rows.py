"""The lines of a service on one agreement, each beside the addition that stands for it."""

from engine.billing.model import Line
from engine.planning.histories import stands
from engine.planning.observed import Inputs
from engine.planning.posted import key_of
from engine.planning.service import Row, Service
from engine.psa.mark import Mark


def rows(inputs: Inputs, service: Service) -> tuple[Row, ...]:
    """The lines in their order, then the unwanted additions, credits first. Retracted ones are none of them."""
    return service.opened.rows if service.opened is not None else wanted_rows(inputs, service)


def wanted_rows(inputs: Inputs, service: Service) -> tuple[Row, ...]:
    """The rows as if no day had been invoiced."""
    standing = {key_of(mark): (mark, addition) for mark, addition in service.ours}
    found: list[Row] = []
    for line in service.lines:
        mark = mark_of(inputs, service, line)
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
    address = f"{address}/{mark.month or mark.on}"
    return f"{address}/{mark.sequence}" if mark.sequence else address


def mark_of(inputs: Inputs, service: Service, line: Line) -> Mark:
    """The mark under which a line is first posted."""
    return Mark(
        account=inputs.account,
        subscription=service.subscription.id,
        segment=line.segment,
        role=line.role,
        on=None if line.period else line.effective,
        month=line.period,
        agreement=service.stretch.agreement.id,
    )
