"""The words of steps and sign-offs."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Literal

from pydantic import Field

from modelyard.governance.items.ids import ItemId
from modelyard.governance.items.types import ItemSummary, Possible
from modelyard.governance.templates.types import SignoffPlan
from modelyard.governance.templates.views import View
from modelyard.governance.templates.words import SignoffStatus, StepStatus
from modelyard.kernel.values import Value

Verdict = Literal["APPROVED", "MINOR_ISSUE", "MAJOR_ISSUE"]
"""What somebody thinks who is asked for feedback."""
Decision = Literal["APPROVED", "REJECTED", "ABANDONED"]
Asked = Literal["feedback", "approval"]
Stands = Literal[
    "new", "suggested", "governed", "in_review", "approved", "rejected", "abandoned", "hidden"
]
"""How an item is governed, in a word; 'approved': each sign-off of it is."""


class FieldState(Value):
    """A field of an item, and what it says."""

    listed: ClassVar = ("id", "title", "step", "type", "value", "required", "visible")

    id: str
    title: str = ""
    step: str = Field(default="", description="that asks for it; empty: none does")
    type: str
    value: Any = None
    required: bool = False
    visible: bool = Field(description="whether its condition holds")
    missing: bool = Field(default=False, description="its step cannot be finished without")
    locked: bool = Field(default=False, description="whoever asks may not set it, but others may")


class Opinion(Value):
    """What somebody who was asked thinks."""

    listed: ClassVar = ("number", "group", "by", "verdict", "comment", "at")

    number: int = Field(description="by which it is changed")
    group: str = Field(description="id of the feedback group")
    by: str
    verdict: Verdict
    comment: str = ""
    at: datetime


class Delegate(Value):
    """Somebody who may do what others were asked for."""

    user: str
    group: str | None = Field(default=None, description="feedback of this group; None: to decide")
    by: str
    at: datetime


class Round(Value):
    """A sign-off from its beginning to a decision, of one state of an item."""

    number: int = 1
    status: SignoffStatus = "NOT_STARTED"
    digest: str = Field(default="", description="of what was asked about")
    plan: SignoffPlan
    delegates: tuple[Delegate, ...] = ()
    opinions: tuple[Opinion, ...] = ()
    reason: str = Field(default="", description="why it began anew")
    requested_by: str = ""
    requesters: tuple[str, ...] = Field(
        default=(), description="who asked in it, or reset the one before; they do not decide"
    )
    requested: datetime | None = None
    request: str = Field(default="", description="what was said with the request")
    decided_by: str = ""
    decided: datetime | None = None
    comment: str = Field(default="", description="what was said with the decision")
    due: datetime | None = Field(default=None, description="when the approval begins anew")

    def asked_by(self, who: str) -> bool:
        """Whether somebody asked in it; of those kept by earlier releases who did so first."""
        return who in (*self.requesters, self.requested_by)

    def bars(self, who: str) -> bool:
        """Whether somebody may not decide, nor choose who does, since they asked."""
        return self.asked_by(who) and not self.plan.requester_may_approve


class SignoffState(Round):
    """The sign-off of a step of an item as it is now."""

    listed: ClassVar = ("step", "status", "requested_by", "decided_by", "decided", "reason")

    item: ItemId
    step: str
    current: str = Field(description="digest of what an approval would be about now")
    possible: tuple[Possible, ...] = Field(
        default=(), description="what whoever asks can do with it now, or why not"
    )


class StepState(Value):
    """A step of an item: how it is, and what is asked in it."""

    listed: ClassVar = ("id", "title", "status", "visible", "signoff_status", "missing")

    id: str
    title: str = ""
    status: StepStatus
    visible: bool = Field(description="whether its condition holds")
    missing: tuple[str, ...] = Field(default=(), description="fields that it needs and has not")
    signoff_status: SignoffStatus | None = None


class Workflow(Value):
    """What is asked of a governed item, what was said, and where it is."""

    item: ItemId
    template: str
    version: int = Field(description="of the template")
    status: str = Field(description="the step it is in, or finished; empty: not begun")
    stands: Stands = Field(default="governed", description="how its sign-offs are, in a word")
    steps: tuple[StepState, ...] = ()
    fields: tuple[FieldState, ...] = ()
    views: tuple[View, ...] = Field(
        default=(), description="how the fields that are shown now are laid out"
    )
    signoffs: tuple[SignoffState, ...] = ()
    warnings: tuple[str, ...] = ()
    possible: tuple[Possible, ...] = Field(
        default=(), description="whether whoever asks can fill it in, and bring it to which step"
    )


class Standing(ItemSummary):
    """How an item is governed, in short, as it was last written down."""

    listed: ClassVar = ("id", "stands", "template", "status")

    stands: Stands = Field(description="in a word")
    signoffs: dict[str, SignoffStatus] = Field(description="of each step that has one")


class Task(Value):
    """Something that somebody is asked to do."""

    listed: ClassVar = ("item", "step", "asked", "group", "requested_by", "since")

    item: ItemId
    step: str
    asked: Asked
    group: str | None = Field(default=None, description="the feedback group that one is asked as")
    requested_by: str
    since: datetime


class MigratedItem(Value):
    """What becomes of an item in another version of its template."""

    listed: ClassVar = ("item", "changed", "dropped", "problems")

    item: ItemId
    changed: tuple[str, ...] = Field(default=(), description="fields that say something else then")
    dropped: tuple[str, ...] = Field(default=(), description="earlier fields whose values go")
    problems: tuple[str, ...] = Field(default=(), description="why it cannot be migrated")


class Migrated(Value):
    """Items that came, or would come, to another version of their template."""

    template: str
    from_version: int
    to_version: int
    dry_run: bool = Field(description="nothing was changed")
    items: tuple[MigratedItem, ...] = ()


class Attachment(Value):
    """A file that is attached to an item."""

    item: ItemId
    field: str
    name: str
    sha256: str
    size: int = Field(description="bytes")


class KeptRound(Value):
    """A round of a sign-off as it was left."""

    step: str
    life: str = Field(description="of the item: when that began, and by which template")
    current: bool = Field(description="it is the last one of its step")
    round: Round


class KeptFile(Value):
    """A file that is or was attached to an item."""

    sha256: str
    size: int = Field(description="bytes")
