"""A service on one of its agreements: all that the comparison of its lines with the PSA needs."""

from datetime import date

import msgspec

from engine.billing.model import Line
from engine.billing.told import Completed
from engine.planning.desired import Ours
from engine.planning.stretches import Stretch
from engine.platform.models import Subscription
from engine.psa.models import Addition, CatalogItem
from engine.workspace.model import ServiceMapping


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """A service on one stretch.

    `items` are the catalog items (or the addresses of their creation) by product; `ours` our lines on this agreement;
    `adopted` an addition that its first line takes over. `owned_from` is the first day that may be billed.
    """

    mapping: ServiceMapping
    subscription: Subscription
    items: dict[str, CatalogItem | str]
    stretch: Stretch
    owned_from: date
    lines: tuple[Line, ...]
    ours: Ours
    completed: Completed
    adopted: Addition | None = None

    @property
    def name(self) -> str:
        """What people call it."""
        return self.subscription.plan_name or self.subscription.name
