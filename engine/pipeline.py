"""Where input and output meet the pure core: read both services, plan, apply."""

from collections.abc import Callable
from datetime import date

import msgspec
from msgspec.structs import replace

from engine import __version__
from engine.applying.apply import DEFAULT, apply, never
from engine.applying.options import Options
from engine.applying.report import Report
from engine.applying.write_log import UNLOGGED, WriteLog
from engine.http.errors import Forbidden, NotFound, Rejected
from engine.observation import Progress, observe, observe_written, only_listed, read_logs, with_other_agreements
from engine.planning.explanation import explain
from engine.planning.explanation_values import Explanation
from engine.planning.followers import with_followers
from engine.planning.histories import logs_wanted
from engine.planning.inverse import inverse, selection_of
from engine.planning.inverse_run import TakenRun
from engine.planning.invoiced import LINE_INVOICED
from engine.planning.lookup import meant
from engine.planning.make import make
from engine.planning.observed import Inputs, Observed
from engine.planning.plan import Plan, Selection
from engine.platform.activity_cache import ActivityCache
from engine.platform.client import PlatformClient
from engine.psa.client import PsaClient
from engine.workspace.model import Workspace


class Services(msgspec.Struct, frozen=True, kw_only=True):
    """Both services of a connection. `account` is the platform account that the identity marks name.

    `logs` are activity logs read before, where they are kept.
    """

    platform: PlatformClient
    psa: PsaClient
    account: str
    logs: ActivityCache | None = None

    def close(self) -> None:
        """Close the connections of both."""
        self.platform.close()
        self.psa.close()


def make_plan(
    workspace: Workspace, connection: str, services: Services, as_of: date, selection: Selection, progress: Progress
) -> Plan:
    """Read what the selection needs of both services, and plan. Raises ServiceError where a whole listing fails."""
    inputs = observed_inputs(workspace, connection, services, as_of, selection, progress)
    plan = make(inputs)
    if any(held.code == LINE_INVOICED for held in plan.held):
        # Only where a line would have to change is it worth a request to know when invoices were made.
        inputs = replace(inputs, observed=replace(inputs.observed, invoiced_on=_invoiced_on(services.psa)))
        plan = make(inputs)
    return plan


def make_explanation(
    workspace: Workspace, connection: str, services: Services, as_of: date, text: str, progress: Progress
) -> Explanation:
    """Explain the subscription that the text names: its id, its provider's id, or its name.

    Of a mapped one named by its id only the customer is read; otherwise all subscriptions are listed first. Raises
    SubscriptionUnknown, and ServiceError where a whole listing fails.
    """
    mappings, subscription = workspace.mappings, text
    selection, alone = Selection(services=(text,)), None
    if text not in mappings.services:
        listed = {one.id: one for one in services.platform.subscriptions().items}
        subscription = meant(mappings, listed.values(), text)
        selection = Selection(services=(subscription,))
        if subscription not in mappings.services:
            # It may follow another one of its customer onto that one's agreement.
            alone = listed[subscription]
            products = ("/".join(alone.product_key),) if alone.product_key in mappings.products else ()
            selection = Selection(customers=(alone.customer_id,), products=products)
    if alone is not None and alone.customer_id not in mappings.customers:
        observed = only_listed(services.platform.customers(), alone)
        inputs = _inputs(workspace, connection, services, as_of, selection, observed)
    else:
        inputs = observed_inputs(workspace, connection, services, as_of, selection, progress)
    found = explain(inputs, subscription)
    if any(held.code == LINE_INVOICED for held in found.held):
        observed = replace(inputs.observed, invoiced_on=_invoiced_on(services.psa))
        found = explain(replace(inputs, observed=observed), subscription)
    return found


def make_rollback(
    workspace: Workspace, connection: str, services: Services, as_of: date, run: TakenRun, progress: Progress
) -> Plan:
    """Read what a journalled run wrote, of the PSA alone, and plan its inverse. Raises ServiceError."""
    observed = observe_written(services.psa, [one.change for one in run.writes], progress)
    if observed.agreements:
        observed = replace(observed, invoiced_on=_invoiced_on(services.psa))
    return inverse(_inputs(workspace, connection, services, as_of, selection_of(run), observed), run)


def observed_inputs(
    workspace: Workspace, connection: str, services: Services, as_of: date, selection: Selection, progress: Progress
) -> Inputs:
    """All that a plan is a function of, read from both services. Raises ServiceError where a whole listing fails."""
    observed = observe(workspace, services.platform, services.psa, selection, progress)
    inputs = _inputs(workspace, connection, services, as_of, selection, observed)
    followed, _ = with_followers(inputs)
    observed = with_other_agreements(followed, services.psa, progress)
    activity, unread = read_logs(logs_wanted(followed), services.platform, services.account, services.logs, progress)
    return replace(inputs, observed=replace(observed, activity=activity, unread_activity=unread))


def _inputs(
    workspace: Workspace, connection: str, services: Services, as_of: date, selection: Selection, observed: Observed
) -> Inputs:
    return Inputs(
        workspace=workspace,
        connection=connection,
        account=services.account,
        as_of=as_of,
        selection=selection,
        observed=observed,
        made_by=f"cwctl {__version__}",
    )


def _invoiced_on(psa: PsaClient) -> dict[int, date | None]:
    """The days of the last invoices; empty where this PSA does not tell."""
    try:
        return psa.invoiced_on()
    except (NotFound, Rejected, Forbidden):
        return {}


def apply_plan(
    plan: Plan,
    services: Services,
    progress: Progress,
    options: Options = DEFAULT,
    log: WriteLog = UNLOGGED,
    interrupted: Callable[[], str | None] = never,
) -> Report:
    """Apply a plan. Never raises for what a service answers: every change has its outcome in the report.

    `interrupted` is asked before each change and says why the run is to end, if it is. Raises Refused where the plan
    as a whole may not be carried out: then nothing was written.
    """
    return apply(plan, services.psa, lambda done, total: progress("applying", done, total), options, log, interrupted)
