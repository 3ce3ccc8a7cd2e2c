"""The words of hooks."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from modelyard.governance.types import UserName
from modelyard.kernel.secrets import SECRET
from modelyard.kernel.values import Name, Value

When = Literal["pre", "post"]
HookKind = Literal["python", "webhook"]
Outcome = Literal["success", "warning", "error", "undo"]
OUTCOMES: tuple[Outcome, ...] = ("success", "warning", "error", "undo")
HOOK_FAILED = "HOOK_FAILED"
"""Code of the message that a hook failed."""
MOST = 20
"""Hooks that an infrastructure may have."""


class Hook(Value):
    """What is called before or after each update of a deployment on an infrastructure."""

    listed = ("place", "name", "when", "kind", "env", "url", "seconds", "disabled", "owner")

    infrastructure: Name
    name: Name
    place: int = Field(default=1, description="in the order in which they are called, from 1")
    when: When = Field(
        description="'pre': before anything is changed, and an error stops the update; 'post': "
        "once everything is changed"
    )
    kind: HookKind
    code: str = Field(default="", description="python: it has a function `hook`")
    env: str = Field(
        default="", description="python: name or id of the code env that it runs in, or 'local'"
    )
    url: str = Field(default="", description="webhook: where it is")
    run_as: UserName | None = Field(
        default=None, description="python: user whom its clients act for [its owner]"
    )
    seconds: float = Field(description="that it may take at most")
    disabled: bool = Field(default=False, description="it is not called, for now")
    owner: str = Field(description="who saved it last")
    created: datetime
    changed: datetime


class MadeHook(Hook):
    """A hook that was just made or changed; the secret of a webhook is shown this once."""

    secret: Annotated[str | None, SECRET] = Field(
        default=None, description="with which the receiver checks what a webhook is sent, if new"
    )


class Said(Value):
    """What came of calling a hook."""

    outcome: Outcome
    message: str = ""
