"""What other rooms may ask of notifications."""

from __future__ import annotations

from sqlalchemy import Connection

from modelyard.governance.notifying import repository, subscriptions
from modelyard.kernel.context import Context
from modelyard.store.clock import database_now


def forget_project(db: Connection, project: str) -> None:
    """Forget who subscribed to a project that is deleted, in the transaction that deletes it."""
    subscriptions.forget(db, "project", project)


def forget_old(context: Context) -> None:
    """Remove notifications of long ago."""
    with context.begin() as db:
        days = context.settings.notifications.keep_days
        repository.forget_old(db, database_now(db) - days * 86_400)
