"""Which node a registered one is: each tells an id of its own, by which places are compared."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
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

AT_ONCE = 16
"""Nodes that are asked at the same time."""


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
    return _keep(context, name, _asked(context, name))


def learn_missing(context: Context) -> None:
    """Ask those nodes that told none yet, all at once; who is away is asked another time."""
    with context.read() as db:
        missing = repository.unidentified(db)
    if not missing:
        return
    with ThreadPoolExecutor(max_workers=min(len(missing), AT_ONCE)) as threads:
        asked = {name: threads.submit(_asked, context, name) for name in missing}
    for name, found in asked.items():
        with suppress(errors.ModelyardError):
            _keep(context, name, found.result())


def _asked(context: Context, name: str) -> str:
    if name == LOCAL:
        return api_node(context, LOCAL).run(ShowNodeIdentity()).id
    return identity_of(context, *keyed(context, name))


def _keep(context: Context, name: str, found: str) -> str:
    with context.begin() as db:
        node, _ = repository.get(db, name, lock=True)
        if found and found != node.identity:
            repository.save(db, node.model_copy(update={"identity": found}), None)
        return repository.same_as(db, node.kind, name, found)


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
