"""Signing in by name and password."""

from __future__ import annotations

from modelyard import errors
from modelyard.governance import audit, limits, passwords, repository
from modelyard.governance.types import User
from modelyard.kernel.context import Context

REFUSED = "the name or the password is wrong, or the user is not active"


def check_password(context: Context, name: str, password: str) -> User:
    """The user of a name and a password; takes as long for one that is not there.

    The context is of nobody yet, and says from where it is tried.

    Raises:
        Unauthenticated: it is not so; which of the two is wrong, nobody is told.
        Unavailable: it was tried too often; the context says in how many seconds to try again.
    """
    name = name.strip().lower()[:128]
    address = context.identity.address
    try:
        with context.begin() as db:
            limits.count_attempt(db, name, address)
    except errors.Unavailable as refused:
        audit.note(context, "login", outcome=refused.code, detail="too many attempts", name=name)
        raise
    with context.read() as db:
        user, kept = repository.find_user(db, name), repository.password_of(db, name)
    if not passwords.matches(password, kept) or user is None or not user.active:
        audit.note(context, "login", outcome="unauthenticated", detail=REFUSED, name=name)
        raise errors.Unauthenticated(REFUSED)
    with context.begin() as db:
        limits.forgive(db, name, address)
        if kept is not None and passwords.is_outdated(kept):
            again = passwords.HASHER.hash(password)
            repository.change_user(db, name, {"password": again})
    audit.note(context, "login", actor=name)
    return user
