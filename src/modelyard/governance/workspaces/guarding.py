"""A govern node governs, and makes nothing of its own."""

from __future__ import annotations

from typing import Any

from modelyard import errors
from modelyard.kernel.command import Command
from modelyard.kernel.context import Context

AREAS = frozenset(
    {
        *("account", "alerts", "audit", "backups", "govern", "groups", "jobs", "keys", "linked"),
        *("policies", "roles", "sessions", "templates", "users", "workspaces"),
    }
)
"""What is changed on a govern node, by the areas of rights."""


def require_governing(context: Context, command: Command[Any]) -> None:
    """Refuse to make or change what a govern node does not have; looking finds nothing.

    Raises:
        Blocked: the message says where to do it.
    """
    if command.only_reads() or command.needs.partition(":")[0] in AREAS:
        return
    name = context.commands.name_of(type(command))
    raise errors.Blocked(
        "this is a govern node, which has no models, data or deployments of its own: run "
        f"{name.replace('.', ' ')} in the workspace that has them"
    )
