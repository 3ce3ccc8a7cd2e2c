"""How other rooms ask about monitoring."""

from __future__ import annotations

from sqlalchemy import Connection

from modelyard.kernel.context import Context
from modelyard.monitoring.alerting import outbox
from modelyard.monitoring.alerting import repository as alerts
from modelyard.monitoring.scopes import repository as scopes
from modelyard.monitoring.watching import repository as statuses
from modelyard.store.clock import database_now


def forget_project(db: Connection, project: str) -> None:
    """Forget the alerts of a project, what they were to send, its scopes, how its things were."""
    alerts.remove(db, project)
    scopes.remove(db, project)
    statuses.forget_project(db, project)


def forget_old_messages(context: Context) -> None:
    """Remove messages that ended long ago."""
    with context.begin() as db:
        days = context.settings.alerts.keep_days
        outbox.forget_old(db, database_now(db) - days * 86_400)
