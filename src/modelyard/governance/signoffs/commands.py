"""What one can ask of the steps of governed items, and of their sign-offs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar, Generic, TypeVar

from pydantic import Field, StringConstraints, model_validator

from modelyard.governance.items.ids import ItemId
from modelyard.governance.roles.types import Allowed
from modelyard.governance.signoffs.types import (
    Asked,
    Attachment,
    Migrated,
    SignoffState,
    Standing,
    Task,
    Verdict,
    Workflow,
)
from modelyard.governance.types import UserName
from modelyard.kernel.command import Command
from modelyard.kernel.values import DIGEST_PATTERN, Json, LocalPath, Name, OneLine, Variable

R = TypeVar("R")
Comment = Annotated[str, StringConstraints(max_length=10_000, strip_whitespace=True)]
FileName = Annotated[OneLine, StringConstraints(pattern=r"^[^/\\\\]*$")]
STEP = "the step that is signed off  [the only one, or that which is under way]"


class OfItem(Command[R], Generic[R]):
    """What is about one governed item."""

    needs = "govern:write"
    arguments: ClassVar[tuple[str, ...]] = ("item",)

    item: ItemId = Field(
        description="id of the item: KIND:PATH, as govern items lists it",
        examples=["project:default"],
    )


class OfSignoff(OfItem[R], Generic[R]):
    """What is about the sign-off of a step."""

    step: Variable | None = Field(default=None, description=STEP)


class ShowWorkflow(OfItem[Workflow]):
    """Show what is asked of a governed item, what was said, and where it is in its steps."""

    needs = "govern:read"
    route = "GET /govern/workflow"


class ShowStanding(OfItem[Standing]):
    """Show in short how an item is governed, as it was last written down."""

    needs = "govern:read"
    route = "GET /govern/standing"


class SetFields(OfItem[Workflow]):
    """Say what fields of a governed item hold; an approval that is about them lapses."""

    route = "POST /govern/fields"
    arguments: ClassVar[tuple[str, ...]] = ("item", "values")

    values: dict[Variable, Json] = Field(
        min_length=1,
        max_length=300,
        description="fields with their values (KEY:=JSON for what is not text); empty: no value",
        examples=[{"risk": "high"}],
    )


class AdvanceItem(OfItem[Workflow]):
    """Bring a governed item to a step: to the next one, a later one, back to an earlier one.

    On the way forward each step before it is finished, which takes the values that are required and
    a sign-off that is mandatory; steps that are not shown are passed over. After the last step the
    item is finished.
    """

    route = "POST /govern/steps"
    arguments: ClassVar[tuple[str, ...]] = ("item", "step")

    step: Variable | None = Field(default=None, description="id of the step  [the next]")


class RequestSignoff(OfSignoff[SignoffState]):
    """Ask for feedback on a step, or for a decision on it; what is asked about is held by a digest.

    Whatever changes in the item afterwards has the sign-off begin anew.
    """

    route = "POST /govern/request"

    ask: Asked | None = Field(
        default=None,
        description="'feedback' or 'approval'  [feedback first, if the template has groups for it]",
    )
    comment: Comment = Field(default="", description="what those who are asked should know")


class GiveFeedback(OfSignoff[SignoffState]):
    """Say what you think of what you are asked about; several times, and otherwise again."""

    route = "POST /govern/feedback"
    arguments: ClassVar[tuple[str, ...]] = ("item", "verdict")

    verdict: Verdict = Field(description="APPROVED, MINOR_ISSUE or MAJOR_ISSUE")
    comment: Comment = Field(default="", description="why")
    group: Variable | None = Field(
        default=None, description="the feedback group that you speak for  [the only one of yours]"
    )
    number: int | None = Field(
        default=None,
        ge=1,
        le=1_000_000,
        description="of an earlier one of yours, to replace it",
    )


class WithdrawFeedback(OfSignoff[SignoffState]):
    """Take back what you said you think."""

    route = "POST /govern/withdraw"
    arguments: ClassVar[tuple[str, ...]] = ("item", "number")

    number: int = Field(ge=1, le=1_000_000, description="of the feedback", examples=[1])


class Decide(OfSignoff[SignoffState]):
    """Decide on a sign-off."""

    comment: Comment = Field(default="", description="why")
    digest: str | None = Field(
        default=None,
        pattern=DIGEST_PATTERN,
        description="of what you looked at, as govern workflow tells it; another one is refused",
    )


class Approve(Decide):
    """Approve what you are asked about, as it is now; whatever changes then ends the approval."""

    route = "POST /govern/approve"


class Reject(Decide):
    """Reject what you are asked about; it can be asked for again."""

    route = "POST /govern/reject"


class Abandon(Decide):
    """Give a sign-off up; it stays so until it is reset."""

    route = "POST /govern/abandon"


class Delegate(OfSignoff[SignoffState]):
    """Have another user do what you are asked for: give feedback for a group, or decide."""

    route = "POST /govern/delegate"
    arguments: ClassVar[tuple[str, ...]] = ("item", "user")

    user: UserName = Field(description="name of the user", examples=["ada"])
    group: Variable | None = Field(
        default=None, description="the feedback group that they are to speak for  [to decide]"
    )


class Reset(OfSignoff[SignoffState]):
    """Have a sign-off begin anew; what was said in it stays in the timeline."""

    route = "POST /govern/reset"

    reload: bool = Field(
        default=False, description="with the groups that the template names now, undelegated"
    )


class MayOnItem(OfItem[Allowed]):
    """Tell what somebody may do with an item, and by which rules."""

    needs = "govern:read"
    route = "GET /govern/may"

    item: ItemId = Field(
        description="id of the item: KIND:PATH, as govern items lists it",
        examples=["project:default"],
    )
    user: UserName | None = Field(
        default=None, description="whom; others only for who governs the instance  [you]"
    )


class ListTasks(Command[list[Task]]):
    """List the sign-offs that wait for you, the longest first."""

    needs = "govern:read"
    route = "GET /govern/tasks"


class MigrateTemplate(Command[Migrated]):
    """Bring the items of one version of a template to a later one: all of them, or none.

    Values and statuses stay under their ids, but for what the later version says under `moves`.
    Whatever an approval was about and is another then ends the approval.
    """

    needs = "templates:write"
    route = "POST /templates/{name}/migrate"
    title = "Migrate the items of {name} to version {to_version}"
    background = True
    arguments = ("name",)

    name: Name = Field(description="name of the template", examples=["review"])
    from_version: int = Field(
        ge=1, le=1_000_000, description="version that the items are of", examples=[1]
    )
    to_version: int = Field(
        ge=1, le=1_000_000, description="version that they are brought to", examples=[2]
    )
    dry_run: bool = Field(default=False, description="only tell what would become of them")

    def exclusive_key(self) -> str:
        """One migration of a template at a time."""
        return f"template {self.name}"


class AttachFile(OfItem[Attachment]):
    """Attach a file to a field of a governed item; in one with several values beside those it has.

    What was attached once stays kept, also when another takes its place.
    """

    route = "POST /govern/files"
    sends = "file"
    arguments: ClassVar[tuple[str, ...]] = ("item", "field", "file")

    field: Variable = Field(description="id of the field", examples=["report"])
    file: Annotated[str, LocalPath("read")] = Field(description="the file", examples=["report.pdf"])
    name: FileName = Field(default="", description="what it is called  [its name]")

    @model_validator(mode="before")
    @classmethod
    def _is_named(cls, given: Any) -> Any:
        if isinstance(given, dict) and isinstance(given.get("file"), str) and not given.get("name"):
            return {**given, "name": Path(given["file"]).name}
        return given


class DownloadFile(OfItem[Attachment]):
    """Fetch a file that is attached to a field of a governed item."""

    needs = "govern:read"
    route = "GET /govern/files"
    receives = "output"
    arguments: ClassVar[tuple[str, ...]] = ("item", "field")

    field: Variable = Field(description="id of the field", examples=["report"])
    number: int = Field(default=1, ge=1, le=100, description="which one, if there are several")
    output: Annotated[str, LocalPath("write")] = Field(
        default="", description="file to write  [FIELD in this folder]"
    )
    replace: bool = Field(default=False, description="replace a file that is there")

    @model_validator(mode="before")
    @classmethod
    def _has_output(cls, given: Any) -> Any:
        if isinstance(given, dict) and not given.get("output"):
            return {**given, "output": str(given.get("field"))}
        return given
