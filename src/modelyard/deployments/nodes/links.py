"""Reaching the nodes that are administered from here, by their names."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Protocol, TypeVar

from modelyard import errors
from modelyard.deployments.nodes import repository
from modelyard.deployments.nodes.local_node import LocalNode
from modelyard.deployments.nodes.remote_node import RemoteNode
from modelyard.deployments.nodes.types import LOCAL, Kind, RegisteredNode
from modelyard.deployments.nodes.wire import Wire
from modelyard.kernel.command import DistantCaller
from modelyard.kernel.context import Context
from modelyard.kernel.values import now
from modelyard.serving.administration.commands import NodeCommand
from modelyard.serving.administration.types import ImportedGeneration
from modelyard.serving.elsewhere import authorities_in

R = TypeVar("R")
FOLDER = "nodes"
AUTHORITIES = "authorities"


class ApiNode(Protocol):
    """An API node, wherever it is; what it is asked is asked for whoever runs the command here.

    All of it raises Unavailable where it cannot be reached, within the times that the settings say,
    Failed where it does not take the key, Invalid where something else answers, and Unsupported
    where it is of a version that does not know it.
    """

    @property
    def name(self) -> str:
        """Its name here."""
        ...

    def run(self, command: NodeCommand[R], /) -> R:
        """Have it carry out a command, and give the result; errors as the command's."""
        ...

    def upload(self, package: Path, /) -> ImportedGeneration:
        """Have it import a package, a file of this machine."""
        ...

    def ready(self, service: str, endpoint: str) -> None:
        """See that an endpoint answers one of its test queries; else an error says why not."""
        ...

    def address(self) -> str:
        """Where it answers; empty where no process of it runs."""
        ...

    def problem(self) -> str:
        """Why no process of it runs although it should, as far as that is known here."""
        ...

    def starts(self) -> bool:
        """Whether somebody is known to have a process of it run from now on."""
        ...

    def alive(self) -> tuple[bool, str]:
        """Whether it says that queries may be sent to it, and its version."""
        ...


def api_node(context: Context, name: str) -> ApiNode:
    """The API node of a name; nothing is asked of it yet. The local one is made on first use.

    Not for use inside of a transaction: what it is asked may take long.

    Raises:
        NotFound: there is no such node.
        Invalid: it is no API node, or its key is not known here.
    """
    if name == LOCAL:
        _keep_local(context)
        return LocalNode(local_folder(context.folder), context.identity.name, context.progress)
    return api_link(context, *keyed(context, name, "api"))


def api_link(context: Context, node: RegisteredNode, key: str) -> ApiNode:
    """An API node elsewhere, with its key; nothing is asked of it yet."""
    return RemoteNode(node, wire_to(context, node, key))


def automation_node(context: Context, name: str, *, acting_as: str = "") -> DistantCaller:
    """A client of the workspace that an automation node is; nothing is asked of it yet.

    Whoever takes it closes it. `acting_as` is the user there whom its key acts for; empty: its own.

    Raises:
        NotFound: there is no such node.
        Invalid: it is no automation node, or its key is not known here.
    """
    return automation_link(context, *keyed(context, name, "automation"), acting_as=acting_as)


def automation_link(
    context: Context, node: RegisteredNode, key: str, *, acting_as: str = ""
) -> DistantCaller:
    """The same of a node with its key."""
    return context.remote(
        node.url,
        key,
        authorities_in(context.folder / FOLDER / AUTHORITIES, node.ca),
        context.progress,
        acting_as,
    )


def keyed(context: Context, name: str, kind: Kind | None = None) -> tuple[RegisteredNode, str]:
    """A node with its key; errors as `api_node`."""
    with context.read() as db:
        node, key = repository.get(db, name)
    if kind not in (None, node.kind):
        raise errors.Invalid(f"{name} is an {node.kind} node, and this takes an {kind} node")
    if key is None:
        raise errors.Invalid(
            f"the key of {name} is not known here, as no backup holds it; give it again: modelyard "
            f"nodes update {name} --key"
        )
    return node, key


def wire_to(context: Context, node: RegisteredNode, key: str) -> Wire:
    """How requests to a node are sent."""
    return Wire(node, key, context.settings.nodes, context.identity.name, context.progress)


def local_folder(workspace: Path) -> Path:
    """Where the local API node of a workspace is."""
    return workspace / FOLDER / LOCAL


def _keep_local(context: Context) -> None:
    """Have the local node among the others from now on."""
    with context.read() as db:
        if repository.exists(db, LOCAL):
            return
    by = context.identity.name
    node = RegisteredNode(name=LOCAL, kind="api", created=now(), created_by=by)
    with suppress(errors.Conflict), context.begin() as db:  # somebody else was first
        repository.add(db, node, None)
