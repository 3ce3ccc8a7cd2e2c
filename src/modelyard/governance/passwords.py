"""Passwords: what they must be, and their hashes (argon2id)."""

from __future__ import annotations

from functools import cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from modelyard import errors

HASHER = PasswordHasher()
AT_ONCE = BoundedSemaphore(4)
"""Each hash takes 64 MiB while it is made: many who sign in at once wait for one another."""
LONGEST = 1024


def hashed(password: str, *, shortest: int, name: str) -> str:
    """The hash of a new password.

    Raises:
        Invalid: the password is too short, or everybody would guess it.
    """
    if len(password) < shortest:
        raise errors.Invalid(f"the password is too short: {shortest} characters are needed")
    if len(password) > LONGEST:
        raise errors.Invalid(f"the password is too long: {LONGEST} characters are taken at most")
    if len(set(password.lower())) < 4 or name.lower() in password.lower():
        raise errors.Invalid(
            "the password is too easy to guess: it repeats few characters, or holds the user's name"
        )
    with AT_ONCE:
        return HASHER.hash(password)


def matches(password: str, kept: str | None) -> bool:
    """Whether a password is the one that was hashed; takes as long where there is none."""
    nobodys = _nobodys()
    known = kept or nobodys
    try:
        with AT_ONCE:
            right = HASHER.verify(known, password[:LONGEST].encode("utf-8", "surrogatepass"))
    except (VerificationError, InvalidHashError):
        return False
    return right and kept is not None


def is_outdated(kept: str) -> bool:
    """Whether a hash was made with weaker parameters than today's."""
    return HASHER.check_needs_rehash(kept)


@cache
def _nobodys() -> str:
    return HASHER.hash("nobody has this password")
