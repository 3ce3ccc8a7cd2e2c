"""What is decided on the govern node is not decided here."""

from __future__ import annotations

from typing import Any

from modelyard import errors
from modelyard.governance.items.elsewhere import govern_node_of
from modelyard.kernel.command import Command
from modelyard.kernel.context import Context

DECIDING = frozenset(
    {
        *("govern:write", "templates:read", "templates:write", "policies:read", "policies:write"),
    }
)
"""Rights of what is asked where things are governed: decisions, and what they are made by."""
ASKED_THERE = frozenset(
    {
        *("govern.workflow", "govern.download", "rules.list", "policies.check"),
    }
)
"""The rest of that, by name: it tells what is kept there alone."""
HERE = frozenset(
    {
        *("govern.sync", "policies.enforced", "templates.validate", "views.save", "views.delete"),
        *("govern.subscribe", "govern.unsubscribe", "govern.mute", "govern.notify"),
    }
)
"""What is done here all the same."""


def require_here(context: Context, command: Command[Any]) -> None:
    """Refuse what is decided elsewhere.

    Raises:
        Blocked: the message names the govern node.
    """
    if command.needs not in DECIDING and not command.needs.startswith("govern"):
        return
    name = context.commands.name_of(type(command))
    if name in HERE or (command.needs not in DECIDING and name not in ASKED_THERE):
        return
    with context.read() as db:
        url = govern_node_of(db)
    if url is not None:
        raise errors.Blocked(
            f"the things of this workspace are governed on {url}: do that there; here, "
            "`modelyard govern status` says what became of them",
            govern_node=url,
        )
