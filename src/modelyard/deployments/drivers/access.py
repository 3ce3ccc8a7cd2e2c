"""Every driver there is, and how one is opened for an infrastructure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import JsonValue
from sqlalchemy import Connection

from modelyard.deployments.drivers.docker.driver import Docker
from modelyard.deployments.drivers.driver import Driver, DriverKind
from modelyard.deployments.drivers.kubernetes.driver import Kubernetes
from modelyard.deployments.drivers.local import Local
from modelyard.deployments.drivers.nodes import Nodes
from modelyard.deployments.drivers.options import kept, merged, read_options
from modelyard.deployments.infrastructures.types import Infrastructure
from modelyard.kernel.context import Context
from modelyard.kernel.plugs import Plugs

BUILT_IN: dict[str, DriverKind] = {
    "local": Local(),
    "nodes": Nodes(),
    "docker": Docker(),
    "kubernetes": Kubernetes(),
}
DRIVERS: Plugs[DriverKind] = Plugs("drivers", "driver", BUILT_IN)


def with_driver(db: Connection, infrastructure: Infrastructure) -> Infrastructure:
    """An infrastructure that its driver can reach, with options in the types that they have.

    Raises:
        Invalid: there is no such driver, an option is wrong, or the driver says what it lacks.
    """
    options = changed_options(infrastructure.driver, infrastructure.options, {})
    whole = infrastructure.model_copy(update={"options": options})
    DRIVERS.get(infrastructure.driver).require_fit(db, whole)
    return whole


def changed_options(
    driver: str, before: Mapping[str, JsonValue], given: Mapping[str, Any]
) -> dict[str, JsonValue]:
    """The options of a driver with what was given, as they are kept.

    Raises:
        Invalid: there is no such driver, or an option is wrong.
    """
    return kept(read_options(driver, DRIVERS.get(driver).options, merged(before, given)))


def open_driver(context: Context, infrastructure: Infrastructure) -> Driver:
    """The driver of an infrastructure; nothing is reached yet."""
    return DRIVERS.get(infrastructure.driver).open(context, infrastructure)
