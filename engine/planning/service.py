"""A service on one of its agreements: all that the comparison of its lines with the PSA needs."""

from datetime import date

import msgspec

from engine.billing.model import Line
from engine.billing.proration import Amount
from engine.billing.told import Completed
from engine.planning.desired import Ours
from engine.planning.stretches import Stretch
from engine.platform.models import Subscription
from engine.psa.mark import Mark
from engine.psa.models import Addition, CatalogItem
from engine.workspace.model import ServiceMapping


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A line that should be, an addition that is, or both. An addition without a line is unwanted.

    `why` adds to the reason of its change what invoiced days have to do with it; `text` is printed on the invoice
    instead of the subscription's details.
    """

    mark: Mark
    line: Line | None
    addition: Addition | None
    why: str = ""
    text: str = ""


class Late(msgspec.Struct, frozen=True):
    """What a closed billing period lacks, or bills too much: wanted less what stands; before any settlement."""

    first: date
    last: date
    amount: Amount


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """The rows of a service as far as its invoiced days leave them open, and what remains of those days."""

    rows: tuple[Row, ...]
    late: tuple[Late, ...]


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """A service on one stretch.

    `items` are the catalog items (or the addresses of their creation) by product; `ours` our lines on this agreement;
    `adopted` an addition that its first line takes over. `owned_from` is the first day that may be billed. `opened`
    is there where invoiced days stand in the way of the lines.
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
    opened: Opened | None = None

    @property
    def name(self) -> str:
        """What people call it."""
        return self.subscription.plan_name or self.subscription.name
