"""Which node a registered one is: each tells an id of its own, by which places are compared."""

from __future__ import annotations

from contextlib import closing, suppress

from sqlalchemy import Connection

from modelyard import errors
from modelyard.deployments.infrastructures.types import Infrastructure
from modelyard.deployments.nodes import repository
from modelyard.deployments.nodes.commands import ShowIdentity
from modelyard.deployments.nodes.links import api_link, api_node, automation_link, keyed
from modelyard.deployments.nodes.types import LOCAL, RegisteredNode
from modelyard.kernel.context import Context
from modelyard.kernel.own_id import FILE, own_id
from modelyard.serving.administration.commands import ShowNodeIdentity


def identity_of(context: Context, node: RegisteredNode, key: str) -> str:
    """Ask a node for its id; empty: its version has none. Errors as of whoever reaches it."""
    with suppress(errors.Unsupported):
        if node.kind == "api":
            return api_link(context, node, key).run(ShowNodeIdentity()).id
        with closing(automation_link(context, node, key)) as there:
            return there.run(ShowIdentity()).id
    return ""


def learn(context: Context, name: str) -> str:
    """Ask a registered node for its id, and keep it; gives the other node that is the same one."""
    if name == LOCAL:
        found = api_node(context, LOCAL).run(ShowNodeIdentity()).id
    else:
        found = identity_of(context, *keyed(context, name))
    with context.begin() as db:
        node, _ = repository.get(db, name, lock=True)
        if found and found != node.identity:
            repository.save(db, node.model_copy(update={"identity": found}), None)
        return repository.same_as(db, node.kind, name, found)


def learn_missing(context: Context) -> None:
    """Ask those nodes that nobody asked yet; who cannot be reached is asked another time."""
    with context.read() as db:
        missing = repository.unidentified(db)
    for name in missing:
        with suppress(errors.ModelyardError):
            learn(context, name)


def refusal(name: str, other: str) -> errors.Conflict:
    """The error where one node is registered under two names."""
    return errors.Conflict(
        f"{name} is the same node as {other}; use that one. If its folder was copied, end it, "
        f"remove {FILE} in the copy, and start it again: it is another node then",
        node=other,
    )


def places_of(
    context: Context, db: Connection, infrastructure: Infrastructure, names: tuple[str, ...]
) -> dict[str, str]:
    """The places of an infrastructure by what they are: ids of nodes, as far as they are known."""
    if infrastructure.driver == "local" and infrastructure.kind == "project":
        return {own_id(context.folder): LOCAL}
    known = repository.identities(db) if infrastructure.driver in ("local", "nodes") else {}
    return {known.get(name) or name: name for name in reversed(names)}
