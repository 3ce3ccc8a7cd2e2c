"""Which deployments can be asked, by whom, and through which driver."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from sqlalchemy import Connection

from modelyard import errors
from modelyard.deployments.deploying import repository
from modelyard.deployments.deploying.repository import Kept
from modelyard.deployments.deploying.types import ServiceSettings
from modelyard.deployments.drivers.access import open_driver
from modelyard.deployments.drivers.driver import Driver
from modelyard.deployments.infrastructures.access import require
from modelyard.deployments.infrastructures.types import Infrastructure, Permission
from modelyard.kernel.context import Context
from modelyard.serving.administration.commands import TryQuery
from modelyard.serving.administration.types import TriedQuery


@runtime_checkable
class TakesQueries(Driver, Protocol):
    """A driver of services, through which one can put queries to its places."""

    def address(self, place: str) -> str:
        """Where a place answers; empty: nothing runs there, or it is not known."""
        ...

    def ask(self, place: str, query: TryQuery) -> TriedQuery:
        """Have a place answer a query, which it neither logs nor counts."""
        ...


@dataclass(frozen=True)
class Asked:
    """A deployment of packages that is asked."""

    kept: Kept
    settings: ServiceSettings
    infrastructure: Infrastructure


def answering(context: Context, project: str, name: str, permission: Permission) -> Asked:
    """Look up a deployment of packages that was brought about.

    Raises:
        NotFound: there is none of this name, or whoever asks may not see it.
        Forbidden: they may see it, and not do this.
        Unsupported: it is of a bundle.
        Conflict: nothing was deployed yet, or it is disabled.
    """
    with context.read() as db:
        kept = brought_about(context, db, project, name, permission)
        infrastructure = require(context, db, kept.infrastructure, permission)
    if not isinstance(kept.settings, ServiceSettings):
        raise errors.Unsupported(
            f"{name} is a deployment of a bundle, which has no endpoints of its own; its services "
            "are deployed by themselves"
        )
    return Asked(kept, kept.settings, infrastructure)


def brought_about(
    context: Context, db: Connection, project: str, name: str, permission: Permission
) -> Kept:
    """Look up a deployment that can be asked something.

    Raises:
        NotFound: there is none of this name, or whoever asks may not see it.
        Forbidden: they may see it, and not do this.
        Conflict: nothing was deployed yet, or it is disabled.
    """
    kept = repository.get(db, project, name)
    require(context, db, kept.infrastructure, permission)
    if kept.pushed is None:
        raise errors.Conflict(f"nothing was deployed as {name} yet; deployments update {name}")
    if permission != "view" and not kept.settings.enabled:
        raise errors.Conflict(f"{name} is disabled; have it answer by: deployments enable {name}")
    return kept


def open_answering(context: Context, asked: Asked) -> TakesQueries:
    """The driver, if it knows how to put queries to its places.

    Raises:
        Unsupported: it does not.
    """
    driver = open_driver(context, asked.infrastructure)
    if not isinstance(driver, TakesQueries):
        raise errors.Unsupported(
            f"the driver {asked.infrastructure.driver} of {asked.infrastructure.name} puts no "
            "queries to its places; ask the service where it answers"
        )
    return driver
