"""A govern node governs, and does nothing else."""

from __future__ import annotations

from typing import Any

from modelyard import errors
from modelyard.kernel.command import Command
from modelyard.kernel.context import Context

AREAS = frozenset(
    {
        *("account", "audit", "backups", "govern", "groups", "jobs", "keys", "linked"),
        *("policies", "sessions", "settings", "templates", "users", "workspaces"),
    }
)
"""What a govern node is asked about, by the areas of rights."""
LOOKED_AT = frozenset({"monitoring.overview", "projects.list", "search.find"})
"""What pages ask of every workspace."""


def require_governing(context: Context, command: Command[Any]) -> None:
    """Refuse what is about things that a govern node does not have.

    Raises:
        Blocked: the message says where to do it.
    """
    if command.needs.partition(":")[0] in AREAS:
        return
    name = context.commands.name_of(type(command))
    if name not in LOOKED_AT:
        raise errors.Blocked(
            f"this is a govern node, which has no models, data or deployments of its own: run "
            f"{name.replace('.', ' ')} in the workspace that has them"
        )
