"""What a worker does beside its jobs: alerts are sent, deployments looked at."""

from __future__ import annotations

from collections.abc import Callable

from modelyard.deployments.deploying.errands import look_at_due
from modelyard.kernel.context import Context
from modelyard.monitoring.alerting.errands import run_errands as send_alerts


def run_errands(context: Context, is_stopping: Callable[[], bool]) -> float:
    """Do what is due; gives the seconds after which there may be more.

    Raises:
        Unavailable: the database does not answer; all of it is done again later.
    """
    return min(send_alerts(context, is_stopping), look_at_due(context, is_stopping))
