"""What has to hold of users and projects when they are changed."""

from __future__ import annotations

from sqlalchemy import Connection, select

from modelyard import errors
from modelyard.governance import passwords, provider_users, repository
from modelyard.kernel.context import Context
from modelyard.store.database import exclusively
from modelyard.store.tables import projects


def hash_of(context: Context, password: str | None, name: str) -> str | None:
    """The hash of a new password, if one was given; Invalid if it would be guessed."""
    if password is None:
        return None
    shortest = context.settings.security.password_length
    return passwords.hashed(password, shortest=shortest, name=name)


def identity_of(context: Context, subject: str | None) -> str | None:
    """The identity of a subject at the identity provider, if one was given."""
    if subject is None:
        return None
    return provider_users.identity_of(context.settings.security.oidc, subject)


def require_free(db: Connection, identity: str | None, name: str) -> None:
    """Refuse an identity that is another user's."""
    if identity is None:
        return
    exclusively(db)
    other = repository.user_of_identity(db, identity)
    if other is not None and other.name != name:
        raise errors.Conflict(f"this subject is the user {other.name!r} already")


def require_another_admin(db: Connection, name: str) -> None:
    """Refuse to take away the last instance admin."""
    exclusively(db)  # else the last two could take each other away
    if repository.active_admins(db) == [name]:
        raise errors.Conflict(
            f"{name!r} is the last instance admin who can sign in; make somebody else one first"
        )


def require_project(db: Connection, key: str) -> None:
    """NotFound if there is no such project."""
    known = list(db.scalars(select(projects.c.key)))
    if key not in known:
        raise errors.NotFound.among("project", key, known)
