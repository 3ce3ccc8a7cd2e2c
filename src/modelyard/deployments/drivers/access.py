"""Every driver there is, and how one is opened for an infrastructure."""

from __future__ import annotations

from sqlalchemy import Connection

from modelyard.deployments.drivers.driver import Driver, DriverKind
from modelyard.deployments.drivers.local import Local
from modelyard.deployments.drivers.nodes import Nodes
from modelyard.deployments.infrastructures.types import Infrastructure
from modelyard.kernel.context import Context
from modelyard.kernel.plugs import Plugs

BUILT_IN: dict[str, DriverKind] = {"local": Local(), "nodes": Nodes()}
DRIVERS: Plugs[DriverKind] = Plugs("drivers", "driver", BUILT_IN)


def require_driver(db: Connection, infrastructure: Infrastructure) -> None:
    """Refuse an infrastructure that its driver cannot reach.

    Raises:
        Invalid: there is no such driver, or it says what it lacks.
    """
    DRIVERS.get(infrastructure.driver).require_fit(db, infrastructure)


def open_driver(context: Context, infrastructure: Infrastructure) -> Driver:
    """The driver of an infrastructure; nothing is reached yet."""
    return DRIVERS.get(infrastructure.driver).open(context, infrastructure)
