"""Which right takes which role, and what everybody who is signed in may do."""

from __future__ import annotations

from collections.abc import Iterable

from modelyard import errors
from modelyard.governance.types import Role
from modelyard.kernel.catalog import Catalog

ROLES: tuple[Role, ...] = ("reader", "contributor", "admin")
"""From the smallest to the largest; each may do what those before it may."""

SIGNED_IN = frozenset(
    {
        "account:read",
        "account:write",
        "bundles:write",
        "deployments:read",
        "envs:read",
        "govern:read",
        "govern:write",
        "infrastructures:read",
        "infrastructures:write",
        "jobs:read",
        "jobs:write",
        "keys:read",
        "keys:write",
        "monitoring:read",
        "policies:read",
        "projects:read",
        "sessions:read",
        "sessions:write",
        "standards:read",
        "templates:read",
    }
)
"""What everybody may do outside of projects: handlers show and change only what is one's own."""

NARROWED = SIGNED_IN - {
    *("keys:write", "sessions:read", "sessions:write", "account:write"),
    *("govern:write", "infrastructures:write"),
}
"""What a key may do outside of projects although it is narrowed to some."""

GRANTABLE = frozenset(
    {
        "projects:write",
        "envs:write",
        "users:read",
        "groups:read",
        "audit:read",
        "nodes:read",
        "nodes:write",
        "infrastructures:write",
        "templates:write",
        "policies:write",
        "govern:write",
    }
)
"""What a group may be given; the rest would let its users take everything, so admins have it."""

OF_ADMINS = frozenset({"activations", "members", "projects"})
"""Areas in which a change takes the role of an admin of the project."""

OF_READERS = frozenset({"approvals"})
"""Areas in which a change takes but a reader: handlers ask who was named for it."""

OUTWARD = frozenset({"mlflow"})
"""Areas in which looking takes a contributor: it makes the server call an address."""


def role_for(right: str) -> Role:
    """The smallest role in a project that has a right."""
    area, _, verb = right.partition(":")
    if verb == "read" and area not in OUTWARD:
        return "reader"
    if area in OF_READERS:
        return "reader"
    return "admin" if area in OF_ADMINS else "contributor"


def reaches(role: Role | None, needed: Role) -> bool:
    """Whether a role is at least another."""
    return role is not None and ROLES.index(role) >= ROLES.index(needed)


def covers(patterns: Iterable[str], right: str) -> bool:
    """Whether one of some rights, in which * stands for any, is this one or holds it."""
    area, _, verb = right.partition(":")
    return any(
        theirs in (area, "*") and allowed in (verb, "*")
        for theirs, _, allowed in (pattern.partition(":") for pattern in patterns)
    )


def require_known(rights: Iterable[str], commands: Catalog) -> None:
    """Refuse rights that no command takes; Invalid names those there are."""
    known = {command.needs for command in commands.values()}
    for right in rights:
        if not any(covers([right], each) for each in known):
            raise errors.Invalid(
                f"no command takes the right {right!r}; there are: {', '.join(sorted(known))}"
            )


def require_grantable(rights: Iterable[str]) -> None:
    """Refuse rights that a group cannot be given."""
    for right in rights:
        if right not in GRANTABLE:
            raise errors.Invalid(
                f"a group cannot be given {right!r}, only {', '.join(sorted(GRANTABLE))}; inside "
                "projects it is given roles (members add), and the rest takes an instance admin"
            )
