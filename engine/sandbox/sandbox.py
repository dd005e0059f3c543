"""The sandbox as one thing: both simulators, their store, their clock and their world."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from engine.sandbox.asgi import App
from engine.sandbox.bookkeeping import MONTHLY, AgreementKind
from engine.sandbox.event import Event, Outcome
from engine.sandbox.faults import Faults
from engine.sandbox.generate import write_generated
from engine.sandbox.happening import check, happen
from engine.sandbox.platform import settings as platform_settings
from engine.sandbox.platform.app import platform_app
from engine.sandbox.platform.oauth import Tokens
from engine.sandbox.platform.settings import API_KEY, API_SECRET, PlatformSettings
from engine.sandbox.psa import settings as psa_settings
from engine.sandbox.psa.app import psa_app
from engine.sandbox.psa.invoice_run import InvoiceRun, make_invoices, take_back
from engine.sandbox.psa.settings import PsaSettings
from engine.sandbox.script import run, schedule
from engine.sandbox.store import Store
from engine.sandbox.world import write_example


@dataclass(frozen=True, kw_only=True)
class PsaCredentials:
    """How to sign in to the simulated PSA. Made up, and worth nothing elsewhere."""

    company: str
    client_id: str
    public_key: str
    private_key: str


@dataclass(frozen=True, kw_only=True)
class PlatformCredentials:
    """How to sign in to the simulated platform. Made up, and worth nothing elsewhere."""

    account: str
    refresh_token: str
    api_key: str
    api_secret: str


class Sandbox:
    """Both services in one process. `psa` and `platform` are ASGI applications over one store."""

    def __init__(self, store: Store) -> None:
        """Takes a store that already holds a world; `open` and `in_memory` make one."""
        self.store = store
        self.faults = Faults()
        self._settings = PlatformSettings(store)
        self._tokens = Tokens(self._settings)
        self.psa: App = psa_app(store, self.faults)
        self.platform: App = platform_app(store, self.faults, self._settings)

    @classmethod
    def open(cls, path: Path) -> "Sandbox":
        """The sandbox kept in a file; a new file begins with the example world."""
        path.parent.mkdir(parents=True, exist_ok=True)
        store = Store(str(path))
        if store.setting("today") is None:
            write_example(store)
        return cls(store)

    @classmethod
    def in_memory(
        cls,
        customers: int | None = None,
        subscriptions: int | None = None,
        seed: int = 1,
        kinds: Sequence[AgreementKind] = (MONTHLY,),
    ) -> "Sandbox":
        """A sandbox without a file: the example world, or a generated one if a number is given.

        The kinds of agreements are dealt out in turn among the customers of a generated world.
        """
        store = Store(":memory:")
        _write(store, customers, subscriptions, seed, kinds)
        return cls(store)

    @property
    def today(self) -> date:
        """The sandbox's own day."""
        return self._settings.today

    @property
    def psa_credentials(self) -> PsaCredentials:
        """The API member's credentials as they are set now."""
        settings = PsaSettings(self.store)
        return PsaCredentials(
            company=settings["psa.company"],
            client_id=settings["psa.client_id"],
            public_key=settings["psa.public_key"],
            private_key=settings["psa.private_key"],
        )

    @property
    def platform_credentials(self) -> PlatformCredentials:
        """With the refresh token that works now; one that ran out is replaced, as by signing in anew."""
        return PlatformCredentials(
            account=self._settings.account,
            refresh_token=self._tokens.current_refresh(),
            api_key=API_KEY,
            api_secret=API_SECRET,
        )

    def new_access_token(self) -> str:
        """An access token of the platform, good for two hours of the sandbox's clock."""
        return self._tokens.new_access()

    def advance(self, to: date) -> list[str]:
        """Lets everything happen up to and including a day; says what happened. Raises ValueError for a past day."""
        return run(self.store, self._settings, to)

    def happen(self, event: Event) -> tuple[Outcome, ...]:
        """Lets an event of today happen at once, or writes one of a later day into the script, for `advance`.

        Gives what became of each subscription concerned (two after a partial upgrade, the new one last); nothing for a
        scripted one. Raises Impossible, a ValueError, for an event that cannot happen, and then nothing has changed.
        """
        with self.store.transaction():
            check(self.store, event, self.today)
            if event.on == self.today:
                return happen(self.store, self._settings.account, event)
            schedule(self.store, (event,))
        return ()

    def invoice(self, period: str, agreements: Iterable[int] | None = None) -> InvoiceRun:
        """Makes the invoices of the billing period that begins in a month (YYYY-MM), of all or of the given agreements.

        Today's day does not matter: an invoice may be early or late. Raises ValueError for an unknown agreement.
        """
        return make_invoices(self.store, period, agreements)

    def delete_invoice(self, period: str, agreements: Iterable[int] | None = None) -> InvoiceRun:
        """Takes the invoices of that period back: it is due again. Raises ValueError for an unknown agreement."""
        return take_back(self.store, period, agreements)

    def setting_names(self) -> tuple[str, ...]:
        """The settings of both services; `today` is one that `advance` moves."""
        return ("today", *psa_settings.SETTINGS, *platform_settings.names())

    def set(self, name: str, value: str) -> None:
        """Changes a setting of either service, until the next reset.

        Raises ValueError for an unknown one, a value that it cannot have, and for `today`, which `advance` moves.
        """
        service = platform_settings if name.startswith("platform.") else psa_settings
        reason = "today is moved by `advance`" if name == "today" else service.check_setting(name, value)
        if reason is not None:
            raise ValueError(reason)
        self.store.set_setting(name, value)

    def reset(
        self,
        customers: int | None = None,
        subscriptions: int | None = None,
        seed: int = 1,
        kinds: Sequence[AgreementKind] = (MONTHLY,),
    ) -> None:
        """Makes the example world anew, or a generated one if a number is given. Faults are disarmed.

        Ten subscriptions go with a customer where only one of the numbers is given. Raises ValueError for no customer.
        """
        self.faults.clear()
        self.faults.reset_requests()
        with self.store.transaction():
            self.store.clear()
            _write(self.store, customers, subscriptions, seed, kinds)

    def close(self) -> None:
        """Closes the store."""
        self.store.close()


def _write(
    store: Store, customers: int | None, subscriptions: int | None, seed: int, kinds: Sequence[AgreementKind]
) -> None:
    if customers is None and subscriptions is None:
        write_example(store)
        return
    if customers is None:
        customers = max(1, (subscriptions or 0) // 10)
    if subscriptions is None:
        subscriptions = 10 * customers
    write_generated(store, customers=customers, subscriptions=subscriptions, seed=seed, kinds=kinds)
