"""Which subscription a person means: by the platform's id, the provider's id, or a name that only one has."""

from collections.abc import Iterable
from difflib import get_close_matches

from engine.planning.names import same_name
from engine.platform.models import Subscription
from engine.workspace.model import Mappings

_MOST = 10


class SubscriptionUnknown(ValueError):
    """A text that names no subscription, or several; `hint` says what it may have meant."""

    def __init__(self, text: str, hint: str) -> None:
        super().__init__(text)
        self.hint = hint


def meant(mappings: Mappings, listed: Iterable[Subscription], text: str) -> str:
    """The platform's id of the subscription that the text names. Raises SubscriptionUnknown.

    `listed` are all subscriptions that the platform lists; one that is mapped and no longer listed is found, too.
    """
    known = {one.id: one for one in listed}
    if text in known or text in mappings.services:
        return text
    by_provider = [one.id for one in known.values() if one.provider_id and _folded(one.provider_id) == _folded(text)]
    named = {one.id for one in known.values() if any(same_name(name, text) for name in _names(one))}
    named |= {one.subscription for one in mappings.services.values() if one.name and same_name(one.name, text)}
    for how, found in (("have the provider's id", by_provider), ("are named", sorted(named))):
        if len(found) == 1:
            return found[0]
        if found:
            several = "; ".join(_label(mappings, known, id) for id in found[:_MOST]) + ("; …" if found[_MOST:] else "")
            raise SubscriptionUnknown(f"{len(found)} subscriptions {how} {text!r}", f"Give the id of one: {several}.")
    raise SubscriptionUnknown(f"there is no subscription {text!r}", _hint(mappings, known, text))


def _names(one: Subscription) -> tuple[str, ...]:
    return tuple(name for name in (one.name, one.plan_name, f"{one.product_name} {one.plan_name}") if name.strip())


def _folded(text: str) -> str:
    return text.strip().casefold()


def _label(mappings: Mappings, known: dict[str, Subscription], id: str) -> str:
    one, mapping = known.get(id), mappings.services.get(id)
    name = one.plan_name or one.name if one is not None else mapping.name if mapping is not None else None
    customer = one.customer_id if one is not None else mapping.customer if mapping is not None else ""
    of = mappings.customers.get(customer)
    whose = (of.name if of is not None else None) or f"customer {customer}"
    return f"{id} ({f'{name}, ' if name else ''}{whose})"


def _hint(mappings: Mappings, known: dict[str, Subscription], text: str) -> str:
    of = {_folded(name): one.id for one in known.values() for name in (*_names(one), one.provider_id) if name}
    of |= {_folded(one.name): one.subscription for one in mappings.services.values() if one.name}
    of |= {id: id for id in (*mappings.services, *known)}
    close = dict.fromkeys(of[name] for name in get_close_matches(_folded(text), sorted(of), n=3, cutoff=0.7))
    if close:
        return f"Did you mean {' or '.join(_label(mappings, known, id) for id in close)}?"
    return "Give the platform's id, the provider's id, or a name that only one subscription has."
