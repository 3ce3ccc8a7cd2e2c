"""Hooks of templates: Python that is asked before an item changes, and may refuse that."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from modelyard.kernel.values import Name, Value, Variable

Event = Literal["create", "update", "delete", "signoff"]
FUNCTION = "hook"
GIVEN = ("item", "change", "by")
"""What the function may take, by the names of its parameters."""
LOCAL = "local"
Code = Annotated[str, StringConstraints(min_length=1, max_length=100_000)]


class Hook(Value):
    """A function that is called before an item of the template changes."""

    listed: ClassVar = ("id", "events", "env", "seconds")

    id: Variable
    events: tuple[Event, ...] = Field(
        min_length=1,
        description="create: it begins to be governed; update: fields or steps change; delete: it "
        "is deleted; signoff: something happens in a sign-off",
    )
    code: Code = Field(description="it has a function `hook`")
    env: Name = Field(default=LOCAL, description="code env that it runs in, or 'local'")
    seconds: float = Field(default=10, gt=0, le=60, description="that it may take")


def code_of(hooks: Iterable[Hook]) -> str:
    """The sha256 of the code of some hooks; empty if there is none."""
    texts = [hook.code for hook in hooks]
    return hashlib.sha256("\0".join(texts).encode()).hexdigest() if texts else ""
