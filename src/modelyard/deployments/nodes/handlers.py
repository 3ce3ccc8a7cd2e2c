"""How nodes are kept and looked at."""

from __future__ import annotations

import time
from contextlib import closing
from typing import Any

from modelyard import errors
from modelyard.deployments.infrastructures.repository import using_node
from modelyard.deployments.nodes import repository
from modelyard.deployments.nodes.commands import (
    AddNode,
    CheckNode,
    ListNodes,
    RemoveNode,
    ShowIdentity,
    ShowNode,
    UpdateNode,
)
from modelyard.deployments.nodes.identities import identity_of, learn, refusal
from modelyard.deployments.nodes.links import api_node, automation_node, keyed, wire_to
from modelyard.deployments.nodes.types import LOCAL, Identity, Kind, NodeCheck, RegisteredNode
from modelyard.governance.commands import ShowAccount
from modelyard.kernel.bus import handles
from modelyard.kernel.context import Context
from modelyard.kernel.own_id import own_id
from modelyard.kernel.values import now
from modelyard.serving.administration.commands import ListProcesses, ListServices
from modelyard.serving.administration.types import NodeService
from modelyard.serving.elsewhere import address_of, require_certificates

OWN_PATHS: dict[Kind, str] = {"api": "/admin/api", "automation": "/api/v1"}


@handles(AddNode)
def add_node(command: AddNode, context: Context) -> RegisteredNode:
    """Keep it, with its key apart."""
    if command.name == LOCAL:
        raise errors.Invalid(
            f"{LOCAL!r} is the API node that is part of this workspace; take another name",
            field="name",
        )
    node = RegisteredNode(
        name=command.name,
        kind=command.kind,
        url=address_of(command.address, OWN_PATHS[command.kind]),
        description=command.description,
        ca=require_certificates(command.ca),
        has_key=True,
        created=now(),
        created_by=context.identity.name,
    )
    key = _key(command.key)
    node = _identified(context, node, key)
    with context.begin() as db:
        repository.add(db, node, key)
    return node


@handles(ListNodes)
def list_nodes(command: ListNodes, context: Context) -> list[RegisteredNode]:
    """List by name."""
    with context.read() as db:
        return repository.every(db, command)


@handles(ShowNode)
def show_node(command: ShowNode, context: Context) -> RegisteredNode:
    """Look it up."""
    with context.read() as db:
        return repository.get(db, command.name)[0]


@handles(CheckNode)
def check_node(command: CheckNode, context: Context) -> NodeCheck:
    """Ask it who it is, and what a holder of its key may know."""
    began = time.monotonic()
    if command.name != LOCAL and keyed(context, command.name)[0].kind == "automation":
        return _check_workspace(context, command.name, began)
    node = api_node(context, command.name)
    services: list[NodeService] = node.run(ListServices())
    alive, version = node.alive()
    seconds = time.monotonic() - began
    return NodeCheck(
        node=command.name,
        kind="api",
        address=node.address(),
        problem=node.problem(),
        version=version,
        alive=alive,
        ms=round(1000 * seconds, 1),
        processes=len(node.run(ListProcesses())),
        services=tuple(services),
        same_as=learn(context, command.name),
    )


@handles(UpdateNode)
def update_node(command: UpdateNode, context: Context) -> RegisteredNode:
    """Change what was given; a key is never sent to an address that it was not given for."""
    with context.begin() as db:
        before, _ = repository.get(db, command.name, lock=True)
        context.unchanged(before)
        changes: dict[str, Any] = command.model_dump(include={"description"}, exclude_none=True)
        if command.name == LOCAL and (command.address or command.key or command.ca):
            raise errors.Invalid("the local node is in the workspace, and has no address or key")
        if command.address is not None:
            changes["url"] = address_of(command.address, OWN_PATHS[before.kind])
            if changes["url"] != before.url and command.key is None:
                raise errors.Invalid(
                    "another address takes the key of the node, too; give --key", field="key"
                )
            changes["identity"] = ""  # who is there is asked before it is deployed to
        if command.ca is not None:
            changes["ca"] = require_certificates(command.ca)
        key = None if command.key is None else _key(command.key)
        has_key = before.has_key or key is not None
        node = before.model_copy(update={**changes, "has_key": has_key, "changed": now()})
        repository.save(db, node, key)
    return node


@handles(RemoveNode)
def remove_node(command: RemoveNode, context: Context) -> None:
    """Delete it with its key."""
    if command.name == LOCAL:
        raise errors.Invalid("the local node is part of the workspace, and stays")
    with context.begin() as db:
        context.unchanged(repository.get(db, command.name, lock=True)[0])
        if used := using_node(db, command.name):
            raise errors.Conflict(
                f"{command.name} is part of the infrastructure {', '.join(used)}; take it out "
                "first: infrastructures update NAME --node ..."
            )
        repository.remove(db, command.name)


@handles(ShowIdentity)
def show_identity(_command: ShowIdentity, context: Context) -> Identity:
    """Made when it is first asked for."""
    return Identity(id=own_id(context.folder))


def _identified(context: Context, node: RegisteredNode, key: str) -> RegisteredNode:
    """With the id that it tells, if it can be reached; Conflict if it has another name here."""
    try:
        found = identity_of(context, node, key)
    except errors.ModelyardError as exc:
        context.progress(f"{node.name} does not tell which node it is: {exc.detail}")
        return node
    with context.read() as db:
        other = repository.same_as(db, node.kind, node.name, found)
    if other:
        raise refusal(node.name, other)
    return node.model_copy(update={"identity": found})


def _check_workspace(context: Context, name: str, began: float) -> NodeCheck:
    node, key = keyed(context, name)
    answer = wire_to(context, node, key).ask("GET", "/healthz")
    seconds = time.monotonic() - began
    try:
        with closing(automation_node(context, name)) as there:
            account = there.run(ShowAccount())
    except (errors.Unauthenticated, errors.Forbidden) as exc:
        raise errors.Failed(
            f"{name} does not take its key ({exc.detail}); make one there (modelyard keys create), "
            f"and give it here: modelyard nodes update {name} --key"
        ) from exc
    return NodeCheck(
        node=name,
        kind="automation",
        address=node.url,
        version=answer.version,
        alive=answer.status < 400,
        ms=round(1000 * seconds, 1),
        same_as=learn(context, name),
        acts_as=account.name,
    )


def _key(key: str) -> str:
    key = key.strip()
    if not key or not key.isascii() or not key.isprintable():
        raise errors.Invalid(
            "the key holds letters that no key has; copy it once more", field="key"
        )
    return key
