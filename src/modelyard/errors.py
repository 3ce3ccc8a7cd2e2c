"""Every error modelyard raises on purpose.

* ModelyardError
  - Invalid            the request is malformed or breaks a domain rule
  - Unauthenticated    no valid credentials
  - Forbidden          the actor lacks the permission
  - NotFound           no such object
  - Conflict           the object exists, or changed underneath
  - Blocked            a policy stops the action
  - Unsupported        this model or backend cannot do that
  - Unavailable        try again later
  - Failed             the work ran and failed
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, ClassVar

__all__ = [
    "Blocked",
    "Conflict",
    "Failed",
    "Forbidden",
    "Invalid",
    "ModelyardError",
    "NotFound",
    "Unauthenticated",
    "Unavailable",
    "Unsupported",
]

SEARCHED = 500
"""Names among which near ones are looked for: it takes long for many."""
LONGEST = 255
"""Letters of a name that a message repeats."""


class ModelyardError(Exception):
    """Base of every deliberate error.

    `code` is its stable name, `detail` the sentence for people, `context` the facts for programs
    (JSON values only).
    """

    code: ClassVar[str] = "error"
    codes: ClassVar[dict[str, type[ModelyardError]]] = {}

    def __init_subclass__(cls) -> None:
        cls.codes[cls.code] = cls

    def __init__(self, detail: str, **context: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.context = context

    def in_full(self) -> str:
        """The sentence with its notes: what only those may know who work on this machine."""
        return "; ".join((self.detail, *getattr(self, "__notes__", ())))


class Invalid(ModelyardError):
    """The request is malformed or breaks a domain rule."""

    code = "invalid"


class Unauthenticated(ModelyardError):
    """No valid credentials."""

    code = "unauthenticated"


class Forbidden(ModelyardError):
    """The actor lacks the permission."""

    code = "forbidden"


class NotFound(ModelyardError):
    """No such object."""

    code = "not_found"

    @classmethod
    def among(cls, what: str, name: str, known: Iterable[str]) -> NotFound:
        """There is no `what` of this name; says which near names there are, else the first few."""
        names = sorted(known)
        searched = names if len(names) <= SEARCHED and len(name) <= LONGEST else []
        near = get_close_matches(name, searched, n=3) or names[:8]
        more = ", …" if len(names) > len(near) else ""
        there = f"there are: {', '.join(near)}{more}" if near else "there is none yet"
        shown = name if len(name) <= LONGEST else f"{name[:LONGEST]}…"
        return cls(f"there is no {what} {shown!r}; {there}", name=shown, near=near)


class Conflict(ModelyardError):
    """The object exists already, or changed underneath."""

    code = "conflict"


class Blocked(ModelyardError):
    """A policy stops the action."""

    code = "blocked"


class Unsupported(ModelyardError):
    """This model or backend cannot do that."""

    code = "unsupported"


class Unavailable(ModelyardError):
    """Not now; try again later."""

    code = "unavailable"


class Failed(ModelyardError):
    """The work ran and failed."""

    code = "failed"
