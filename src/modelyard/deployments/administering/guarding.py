"""Nodes whose infrastructures ask policies: what answers there changes by deployments alone."""

from __future__ import annotations

from modelyard import errors
from modelyard.deployments.infrastructures.repository import every, using_node
from modelyard.deployments.nodes.repository import names_of
from modelyard.deployments.nodes.types import LOCAL
from modelyard.governance.policies.access import mode_of
from modelyard.kernel.context import Context
from modelyard.kernel.paging import ALL


def require_free(context: Context, node: str) -> None:
    """Refuse to change what answers on a node past the policies of an infrastructure.

    Raises:
        Blocked: the node is part of one where policies are asked; the message says which.
    """
    with context.read() as db:
        called = names_of(db, node)
        names = [each for name in called for each in using_node(db, name)]
        if LOCAL in called:
            local = every(db, ALL, kind="api", stage=None)
            names += [each.name for each in local if each.driver == LOCAL]
        asking = [each for each in names if mode_of(db, each) != "no_check"]
    if asking:
        raise errors.Blocked(
            f"policies decide what answers on {node}, which is part of {', '.join(asking)}; "
            f"deploy there: deployments list --infrastructure {asking[0]}",
            infrastructures=asking,
        )
