"""What one can ask of evaluation stores and of labels."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from modelyard.evaluations.commands import ID
from modelyard.evaluations.labels import LabelKey, LabelText
from modelyard.evaluations.storing.types import EvaluationStore
from modelyard.evaluations.types import Evaluation
from modelyard.kernel.command import ProjectCommand
from modelyard.kernel.paging import Paged
from modelyard.kernel.values import EMPTIED, Description, Name

NAME = "name of the evaluation store"
ABOUT_REFERENCE = "id of the evaluation that drift in it is told from"


class CreateStore(ProjectCommand[EvaluationStore]):
    """Create an evaluation store, which is empty."""

    needs = "evaluations:write"
    route = "POST /stores"
    arguments = ("name",)

    name: Name = Field(description="unique name inside the project")
    description: Description = Field(default="", description="one line for people")
    reference: str | None = Field(
        default=None, description=f"{ABOUT_REFERENCE} [that of each version itself]"
    )


class ListStores(ProjectCommand[list[EvaluationStore]], Paged):
    """List the evaluation stores of a project, each with how many evaluations are in it."""

    needs = "evaluations:read"
    route = "GET /stores"


class ShowStore(ProjectCommand[EvaluationStore]):
    """Show an evaluation store; `evaluations list --store NAME` shows what is in it."""

    needs = "evaluations:read"
    route = "GET /stores/{name}"
    arguments = ("name",)

    name: Name = Field(description=NAME)


class UpdateStore(ProjectCommand[EvaluationStore]):
    """Change an evaluation store; what is not given stays."""

    needs = "evaluations:write"
    route = "PATCH /stores/{name}"
    guarded = True
    arguments = ("name",)

    name: Name = Field(description=NAME)
    description: Description | None = Field(default=None, description="one line for people")
    reference: Annotated[str | None, EMPTIED] = Field(
        default=None, description=f"{ABOUT_REFERENCE}; empty: that of each version itself"
    )


class DeleteStore(ProjectCommand[None]):
    """Delete an evaluation store with all evaluations in it."""

    needs = "evaluations:write"
    route = "DELETE /stores/{name}"
    guarded = True
    arguments = ("name",)

    name: Name = Field(description=NAME)


class LabelEvaluation(ProjectCommand[Evaluation]):
    """Give an evaluation labels, in place of those of the same keys; the others stay.

    An empty value takes a label away: `evaluations label ID month=`.
    """

    needs = "evaluations:write"
    route = "PATCH /evaluations/{id}/labels"
    guarded = True
    arguments = ("id", "labels")

    id: str = Field(description=ID)
    labels: dict[LabelKey, LabelText] = Field(
        min_length=1,
        max_length=100,
        description="values by keys; an empty value takes one away",
        examples=[{"month": "2"}],
    )
