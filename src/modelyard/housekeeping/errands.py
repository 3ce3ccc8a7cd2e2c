"""What a worker does beside its jobs: it looks at deployments and items, and tells of them."""

from __future__ import annotations

from collections.abc import Callable

from modelyard.deployments.canaries.errands import look_at_canaries
from modelyard.deployments.deploying.errands import look_at_due
from modelyard.deployments.promoting.errands import promote_due
from modelyard.deployments.watching.errands import refresh_due
from modelyard.governance.connection.syncing import synchronize_due
from modelyard.governance.items.collecting import collect_due
from modelyard.governance.notifying.errands import run_errands as notify
from modelyard.governance.policies.watching import evaluate_due
from modelyard.governance.signoffs.errands import settle_due
from modelyard.kernel.context import Context
from modelyard.monitoring.alerting.errands import run_errands as send_alerts
from modelyard.monitoring.scopes.looking import look_at_due as look_at_scopes


def run_errands(context: Context, is_stopping: Callable[[], bool]) -> float:
    """Do what is due; gives the seconds after which there may be more.

    Raises:
        Unavailable: the database does not answer; all of it is done again later.
    """
    looks = min(each(context, is_stopping) for each in (look_at_due, refresh_due, look_at_scopes))
    collected = collect_due(context)
    synced = synchronize_due(context)
    settle_due(context)  # what ended by what was collected
    judged = evaluate_due(context, is_stopping)
    sent = send_alerts(context, is_stopping)  # which notices what was found
    moved = min(promote_due(context, is_stopping), look_at_canaries(context, is_stopping))
    told = notify(context, is_stopping)  # of what all of that did
    return min(looks, sent, moved, collected, judged, synced, told)
