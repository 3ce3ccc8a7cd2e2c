"""Names and other small values that every room uses, with their rules."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints

ProjectKey = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,62}$"),
    "a letter, then letters, digits, - and _",
]
Name = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,126}$"),
    "letters, digits, . - and _",
]

Verdict = Literal["data_only", "known_safe", "needs_review", "dangerous"]


class Value(BaseModel):
    """A frozen value: what handlers return, what JSON holds, what a client gets.

    `listed` names the fields that a table of such values shows to people; none: all plain ones.
    """

    listed: ClassVar[tuple[str, ...]] = ()

    model_config = ConfigDict(
        frozen=True, extra="forbid", protected_namespaces=(), defer_build=True
    )


def now() -> datetime:
    """The present moment, in UTC with whole microseconds."""
    return datetime.now(UTC)
