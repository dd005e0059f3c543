"""An addition that a run wrote, as it bills now and as it will bill, on its agreement."""

from datetime import date

from msgspec.structs import replace

from engine.billing.model import AgreementTerms
from engine.planning.effect import Bills, posted
from engine.planning.fitting import frequency_of
from engine.planning.inverse_objects import Found
from engine.planning.observed import Inputs
from engine.planning.plan import Change
from engine.planning.stretches import Stretch
from engine.psa.mark import Mark, MarkDamaged, decode
from engine.psa.models import Addition, Agreement
from engine.workspace.model import PsaBehaviour


def both(inputs: Inputs, mark: Mark, record: Addition, change: Change | None) -> tuple[Bills, Bills]:
    """The line as it bills now, and as it will."""
    known = behaviour(inputs)
    return posted(mark, record, known), posted(mark, changed(record, change), known)


def changed(record: Addition, change: Change | None) -> Addition:
    """The addition once the change is made."""
    return replace(record, **{one.field: one.after for one in change.fields}) if change is not None else record


def mark_of(found: Found) -> Mark | None:
    """Which line an addition is: by the mark that it has, or that it had before and gets again."""
    texts = [found.record.mark if isinstance(found.record, Addition) else None]
    texts += [one.after for one in (found.change.fields if found.change else ()) if one.field == "mark"]
    return next((mark for text in texts if (mark := decoded(text)) is not None), None)


def decoded(text: str | None) -> Mark | None:
    """The mark that a text is; None where it is none of ours, or was damaged."""
    try:
        return decode(text)
    except MarkDamaged:
        return None


def stretch_on(inputs: Inputs, customer: str, agreement: Agreement) -> Stretch:
    """The agreement with its rules, whether or not a service is still mapped onto it."""
    rules = inputs.workspace.rules
    return Stretch(
        agreement=agreement,
        starts=None,
        until=None,
        terms=AgreementTerms(
            start=agreement.start or date.min,
            billing="annual" if frequency_of(inputs, agreement) == "Yearly" else "monthly",
        ),
        choices=rules.choices(customer, agreement.id, agreement.type_name),
        arrears=rules.billing.in_arrears(agreement.type_name),
    )


def behaviour(inputs: Inputs) -> PsaBehaviour:
    """What the connection's PSA does with values."""
    return inputs.workspace.connections.by_name[inputs.connection].psa_behaviour
