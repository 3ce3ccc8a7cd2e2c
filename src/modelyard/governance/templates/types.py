"""The words of templates."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from modelyard.governance.items.ids import Kind
from modelyard.governance.templates.conditions import Condition
from modelyard.governance.templates.fields import AnyField, Help, People
from modelyard.governance.templates.hooks import Hook
from modelyard.governance.templates.roles import Role, RolesFrom
from modelyard.governance.templates.views import Container, View
from modelyard.governance.templates.words import StepStatus, TemplateState
from modelyard.kernel.values import Description, Json, Name, OneLine, Value, Variable

Number = Annotated[int, Field(ge=1, le=1_000_000)]
"""Of a version of a template."""
MOST_FIELDS = 300
MOST_STEPS = 50
MOST_VIEWS = 60


class FeedbackGroup(People):
    """People who are asked what they think before somebody decides."""

    id: Variable
    title: OneLine = ""
    required: bool = Field(
        default=False, description="nobody decides before one of them gave feedback"
    )

    @property
    def called(self) -> str:
        """What people call it."""
        return self.title or self.id

    @model_validator(mode="after")
    def _has_people(self) -> FeedbackGroup:
        if not self:
            raise ValueError(f"the feedback group {self.id} has neither groups nor users")
        return self


class Recurring(Value):
    """After which time an approved sign-off begins anew."""

    every: int = Field(ge=1, le=10_000)
    unit: Literal["days", "weeks", "months", "years"]
    reload: bool = Field(
        default=False, description="with the groups that the template names then, undelegated"
    )


class SignoffPlan(Value):
    """Who is asked in a step, and who decides."""

    feedback: tuple[FeedbackGroup, ...] = Field(default=(), max_length=20)
    approvers: People
    mandatory: bool = Field(default=True, description="later steps wait for the approval")
    requester_may_approve: bool = False
    delegation: Literal["everybody", "admins", "nobody"] = Field(
        default="everybody", description="who may have others do what they are asked for"
    )
    recurring: Recurring | None = None

    @model_validator(mode="after")
    def _has_approvers(self) -> SignoffPlan:
        if not self.approvers:
            raise ValueError("approvers has neither groups nor users, so nobody could approve")
        return self


class Step(Value):
    """Something to be done before the next."""

    listed: ClassVar = ("id", "title", "fields", "optional", "help")

    id: Variable
    title: OneLine = ""
    help: Help = ""
    fields: tuple[Variable, ...] = Field(default=(), description="that it asks for")
    optional: bool = Field(default=False, description="it may be passed over")
    visible_if: Condition | None = None
    signoff: SignoffPlan | None = None

    @property
    def called(self) -> str:
        """What people call it."""
        return self.title or self.id


class Move(Value):
    """How items come from an earlier version of the template."""

    before: Number = Field(description="the version that they come from")
    fields: dict[Variable, Variable] = Field(
        default={}, max_length=MOST_FIELDS, description="fields that are called otherwise now"
    )
    steps: dict[Variable, Variable] = Field(
        default={}, max_length=MOST_STEPS, description="steps that are called otherwise now"
    )
    values: dict[Variable, dict[str, Json]] = Field(
        default={},
        max_length=MOST_FIELDS,
        description="for a field of now, values for earlier ones",
    )
    fill: dict[Variable, Json] = Field(
        default={}, max_length=MOST_FIELDS, description="values of fields that have none"
    )
    drop: tuple[Variable, ...] = Field(
        default=(), max_length=MOST_FIELDS, description="earlier fields whose values go"
    )


class Template(Value):
    """What is asked of the items of a kind, in which steps, and who signs off."""

    name: Name
    version: Number = 1
    kind: Kind
    title: OneLine = ""
    description: Description = ""
    fields: tuple[AnyField, ...] = Field(default=(), max_length=MOST_FIELDS)
    steps: tuple[Step, ...] = Field(default=(), max_length=MOST_STEPS)
    views: tuple[View, ...] = Field(
        default=(),
        max_length=MOST_VIEWS,
        description="how fields are laid out; of a step without one they stand below each other",
    )
    editors: People = Field(
        default=People(), description="who may fill it in beside contributors of the project"
    )
    roles: tuple[Role, ...] = Field(
        default=(), max_length=50, description="what they let one do here, and who has them"
    )
    roles_from: RolesFrom = Field(
        default=RolesFrom(), description="other items whose roles hold on its items as well"
    )
    hooks: tuple[Hook, ...] = Field(
        default=(), max_length=10, description="Python that is asked before its items change"
    )
    moves: tuple[Move, ...] = Field(default=(), max_length=100)

    def field(self, id: str) -> Any:  # noqa: A002  as in the file
        """The field of an id; None if there is none."""
        return next((each for each in self.fields if each.id == id), None)

    def step(self, id: str) -> Step | None:  # noqa: A002
        """The step of an id."""
        return next((each for each in self.steps if each.id == id), None)

    @property
    def overviews(self) -> tuple[View, ...]:
        """The views that are of no step."""
        return tuple(each for each in self.views if each.step is None)

    def view_of(self, step: Step) -> View | None:
        """How what a step asks for is laid out: what its view leaves out stands below.

        None: it asks for nothing.
        """
        said = next((each for each in self.views if each.step == step.id), None)
        if said is None:
            if not step.fields:
                return None
            name, parts = step.id, step.fields
            return View(id=name, title=step.title, help=step.help, step=name, parts=parts)
        shown = set(said.fields)
        rest = tuple(name for name in step.fields if name not in shown)
        if not rest:
            return said
        plain = {name: value for name, value in said if name in Container.model_fields}
        inner = Container(**plain | {"title": "", "help": ""})
        both = (inner, Container(parts=rest))
        return View(id=said.id, title=said.title, help=said.help, step=step.id, parts=both)


class TemplateSummary(Value):
    """A version of a template, as lists tell it."""

    listed: ClassVar = ("name", "version", "kind", "state", "shipped", "title", "created_by")

    name: str
    version: int
    kind: Kind
    state: TemplateState
    title: str = ""
    shipped: bool = Field(default=False, description="it came with Modelyard")
    created: datetime | None = None
    created_by: str = ""
    published: datetime | None = None
    code: str = Field(default="", description="sha256 of the code of its hooks; empty: it has none")


class KeptTemplate(TemplateSummary):
    """A version of a template with all that it says."""

    sha256: str = Field(description="of its content")
    template: Template


class TemplateFile(Value):
    """A file that a template was written to."""

    name: str
    version: int
    size: int = Field(description="bytes")


class Layer(Value):
    """What governance keeps of an item by a template: values of fields, and how its steps are."""

    template: str
    version: int
    fields: dict[str, Any] = {}
    steps: dict[str, StepStatus] = {}
