"""The driver `nodes`: nodes that this workspace administers, several as one."""

from __future__ import annotations

from contextlib import AbstractContextManager, closing
from functools import partial

from sqlalchemy import Connection

from modelyard import errors
from modelyard.deployments.drivers.api_nodes import ApiNodes
from modelyard.deployments.drivers.automation_nodes import AutomationNodes
from modelyard.deployments.drivers.driver import Driver
from modelyard.deployments.drivers.options import NoOptions
from modelyard.deployments.infrastructures.types import Infrastructure
from modelyard.deployments.nodes import repository
from modelyard.deployments.nodes.links import api_node, automation_node
from modelyard.kernel.command import DistantCaller
from modelyard.kernel.context import Context


class Nodes:
    """Several nodes as one."""

    options = NoOptions

    def require_fit(self, db: Connection, infrastructure: Infrastructure) -> None:
        """Refuse one without nodes, or with some of another kind."""
        if not infrastructure.nodes:
            raise errors.Invalid(
                "the driver nodes needs nodes: give --node; `nodes list` shows them", field="node"
            )
        kind = "api" if infrastructure.kind == "api" else "automation"
        for name in infrastructure.nodes:
            node, _ = repository.get(db, name)
            if node.kind != kind:
                raise errors.Invalid(
                    f"{name} is an {node.kind} node, and this takes {kind} nodes", field="node"
                )

    def open(self, context: Context, infrastructure: Infrastructure) -> Driver:
        """Over all of them."""
        if infrastructure.kind == "project":
            name = infrastructure.identities.deploy_as
            act = partial(_workspace_as, name) if name else None
            return AutomationNodes(context, infrastructure.nodes, _workspace, act)
        return ApiNodes(context, infrastructure.nodes, api_node)


def _workspace(context: Context, name: str) -> AbstractContextManager[DistantCaller]:
    return closing(automation_node(context, name))


def _workspace_as(user: str, context: Context, name: str) -> AbstractContextManager[DistantCaller]:
    return closing(automation_node(context, name, acting_as=user))
