"""How the connection to a govern node answers."""

from __future__ import annotations

from modelyard import errors
from modelyard.governance.connection import layers, repository
from modelyard.governance.connection.asking import ask_at
from modelyard.governance.connection.commands import (
    ConnectGovernNode,
    DisconnectGovernNode,
    ShowGovernStatus,
)
from modelyard.governance.connection.types import GovernNode, GovernStatus
from modelyard.governance.items.collecting import collect_due
from modelyard.governance.items.seeing import require_visible, visible
from modelyard.governance.items.settling import LOCK
from modelyard.governance.workspaces.commands import CompareItems
from modelyard.kernel.bus import handles
from modelyard.kernel.context import Context
from modelyard.kernel.values import now
from modelyard.kernel.version import __version__
from modelyard.serving.elsewhere import address_of, require_certificates
from modelyard.store.database import exclusively


@handles(ConnectGovernNode)
def connect(command: ConnectGovernNode, context: Context) -> GovernNode:
    """Ask it first; nothing is kept of one that does not answer."""
    if context.settings.role == "govern":
        raise errors.Blocked("this is a govern node itself; connect a workspace that has things")
    url, key, ca = (
        address_of(command.address, "/api/v1"),
        command.key.strip(),
        require_certificates(command.ca),
    )
    if not key.isascii() or not key.isprintable():
        raise errors.Invalid(
            "the key holds letters that no key has; copy it once more", field="key"
        )
    who = context.identity.name
    node = GovernNode(url=url, workspace="unknown", ca=ca, connected=now(), connected_by=who)
    with context.read() as db:
        _require_other(repository.find(db), url)
    seconds = 2 * context.settings.governance.seconds
    found = ask_at(context, node, key, CompareItems(version=__version__), seconds=seconds)
    node = node.model_copy(update={"workspace": found.workspace})
    with context.begin() as db:
        exclusively(db, LOCK)
        before = repository.find(db)
        _require_other(before, url)
        repository.put(db, node, key)
        if before is None:
            layers.set_aside(db, who)
        kept = repository.find(db)
    if kept is None:
        raise errors.Conflict("somebody else disconnected the workspace meanwhile")
    return kept


@handles(DisconnectGovernNode)
def disconnect(_command: DisconnectGovernNode, context: Context) -> None:
    """Bring back what was set aside."""
    with context.begin() as db:
        exclusively(db, LOCK)
        if repository.find(db) is None:
            raise errors.Conflict("this workspace is connected with no govern node")
        repository.remove(db)
        layers.bring_back(db, context.identity.name)


@handles(ShowGovernStatus)
def show_status(command: ShowGovernStatus, context: Context) -> GovernStatus:
    """As it was last told."""
    if command.item is not None:
        collect_due(context)
    seen = visible(context)
    with context.read() as db:
        node = repository.find(db, every=context.settings.governance.every)
        if command.item is None:
            return GovernStatus(node=node)
        require_visible(db, command.item, seen)
        if node is None:
            return GovernStatus()
        return GovernStatus(
            node=node, item=repository.status_of(db, command.item), told=node.synced
        )


def _require_other(before: GovernNode | None, url: str) -> None:
    """Refuse a second govern node; the same one takes another key."""
    if before is not None and before.url != url:
        raise errors.Conflict(
            f"this workspace is governed on {before.url}; first: modelyard govern disconnect"
        )
