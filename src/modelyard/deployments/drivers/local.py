"""The driver `local`: a node of the workspace itself, for a first deployment."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from functools import partial

from sqlalchemy import Connection

from modelyard import errors
from modelyard.deployments.drivers.api_nodes import ApiNodes
from modelyard.deployments.drivers.automation_nodes import AutomationNodes
from modelyard.deployments.drivers.driver import Driver
from modelyard.deployments.drivers.options import NoOptions
from modelyard.deployments.infrastructures.types import Infrastructure
from modelyard.deployments.nodes.links import api_node
from modelyard.deployments.nodes.types import LOCAL
from modelyard.kernel.command import Caller
from modelyard.kernel.context import Context
from modelyard.kernel.identity import Identity


class Local:
    """One node, which is made on first use."""

    options = NoOptions

    def require_fit(self, db: Connection, infrastructure: Infrastructure) -> None:
        """Refuse one that names nodes."""
        if infrastructure.nodes:
            raise errors.Invalid(
                "the driver local is this workspace itself, and takes no nodes", field="node"
            )

    def open(self, context: Context, infrastructure: Infrastructure) -> Driver:
        """The node of the workspace."""
        if infrastructure.kind == "project":
            name = infrastructure.identities.deploy_as
            act = partial(_this_workspace_as, name) if name else None
            return AutomationNodes(context, (LOCAL,), _this_workspace, act)
        return ApiNodes(context, (LOCAL,), api_node)


def _this_workspace(context: Context, _name: str) -> AbstractContextManager[Caller]:
    return nullcontext(context.caller)


def _this_workspace_as(user: str, context: Context, _name: str) -> AbstractContextManager[Caller]:
    identity = Identity(user, "user", key=context.identity.key, appointed=True)
    return nullcontext(context.caller.acting(identity))
