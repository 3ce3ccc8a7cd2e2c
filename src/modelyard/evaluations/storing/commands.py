"""What one can ask of evaluation stores and of labels."""

from __future__ import annotations

from typing import Annotated, ClassVar, Generic, Self, TypeVar

from pydantic import Field, StringConstraints, model_validator

from modelyard.analysis.charts.types import Mode
from modelyard.analysis.history_types import History
from modelyard.data.types import Written
from modelyard.evaluations.asked_types import Naming
from modelyard.evaluations.assertion_types import Finite
from modelyard.evaluations.commands import CODE, ID
from modelyard.evaluations.labels import LabelKey, LabelText
from modelyard.evaluations.storing.types import (
    CheckEach,
    EvaluationStore,
    ExportedHistory,
    HistoryChart,
    Part,
)
from modelyard.evaluations.types import Evaluation
from modelyard.kernel.command import ProjectCommand
from modelyard.kernel.paging import MOST, Paged
from modelyard.kernel.values import EMPTIED, Description, LocalPath, Name, OneLine
from modelyard.models.types import VersionId

R = TypeVar("R")
Code = Annotated[str, StringConstraints(pattern=CODE)]
NAME = "name of the evaluation store"
ABOUT_REFERENCE = "id of the evaluation that drift in it is told from"
ABOUT_CHECKS = (
    "run its checks with each evaluation that goes into it: 'note' what came of them, 'fail' at an "
    "error, too; the evaluation is kept all the same"
)

ABOUT_GOVERNING = (
    "tell governance of the evaluations in it, so that they are facts of the versions there"
)


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
    check_each: CheckEach = Field(default="never", description=ABOUT_CHECKS)
    governed: bool = Field(default=True, description=ABOUT_GOVERNING)


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
    check_each: CheckEach | None = Field(default=None, description=ABOUT_CHECKS)
    governed: bool | None = Field(default=None, description=ABOUT_GOVERNING)


class AboutHistory(ProjectCommand[R], Generic[R]):
    """A question about a metric of the evaluations of a store."""

    needs = "evaluations:read"
    arguments: ClassVar[tuple[str, ...]] = ("name",)

    name: Name = Field(description=NAME)
    metric: str | None = Field(
        default=None, description="code of the metric  [the headline of most of them]"
    )
    x: str | None = Field(
        default=None,
        description="label that lies across, or 'created' or 'name'; read as dates, else as "
        "numbers, else as texts  [the first own label that tells them apart, else created]",
    )
    colour: tuple[str, ...] = Field(
        default=(), max_length=10, description="labels of whose values each has a line of its own"
    )
    hidden: tuple[str, ...] = Field(
        default=(), max_length=MOST, description="ids of evaluations that are left out"
    )


class ShowHistory(AboutHistory[History]):
    """Show how a metric went from one evaluation of a store to the next, with its intervals."""

    route = "GET /stores/{name}/history"


class DrawHistory(AboutHistory[HistoryChart]):
    """Draw how a metric went: bars of one or two evaluations, lines from three.

    The answer is a Vega-Lite spec, and in words what is to be seen on it.
    """

    route = "GET /stores/{name}/chart"

    mode: Mode = Field(default="light", description="for a light or a dark ground")


class ExportHistory(AboutHistory[ExportedHistory]):
    """Write how a metric went to a file, as CSV: a row per evaluation."""

    route = "GET /stores/{name}/history/content"
    receives = "to"
    arguments: ClassVar[tuple[str, ...]] = ("name", "to")

    to: Annotated[str, LocalPath("write")] = Field(
        description="new file, CSV", examples=["history.csv"]
    )
    replace: bool = Field(default=False, description="replace a file that is there")


class DeleteStore(ProjectCommand[None]):
    """Delete an evaluation store with all evaluations in it."""

    needs = "evaluations:write"
    route = "DELETE /stores/{name}"
    guarded = True
    arguments = ("name",)

    name: Name = Field(description=NAME)


class AddEvaluation(Naming, ProjectCommand[Evaluation]):
    """Add an evaluation of metrics that were computed elsewhere, whatever they are called."""

    needs = "evaluations:write"
    route = "POST /stores/{store}/evaluations"

    store: Name = Field(description="evaluation store that it goes into", examples=["monthly"])
    metric: dict[Code, Finite] = Field(
        min_length=1,
        max_length=200,
        description="values by the codes of the metrics, as code=value",
        examples=[{"profit": 12.5}],
    )
    meaning: dict[Code, Description] = Field(
        default={}, max_length=200, description="what metrics tell, by their codes"
    )
    lower_is_better: tuple[Code, ...] = Field(
        default=(), max_length=200, description="codes of metrics that fall as it gets better"
    )
    model: Name | None = Field(default=None, description="saved model that they are of")
    version: VersionId | None = Field(default=None, description="version of it")
    dataset: OneLine | None = Field(default=None, description="what it was evaluated on")

    @model_validator(mode="after")
    def _is_about_its_metrics(self) -> Self:
        for code in (*self.meaning, *self.lower_is_better):
            if code not in self.metric:
                raise ValueError(f"there is no --metric {code}=… that could be told of")
        if self.version is not None and self.model is None:
            raise ValueError("--version is of a saved model; give --model, too")
        return self


class ExportSample(ProjectCommand[Written]):
    """Write the rows that an evaluation kept, with predictions and truth, to a file or table."""

    needs = "evaluations:write"
    route = "POST /evaluations/{id}/sample"
    title = "Write the rows of evaluation {id}"
    background = True
    arguments = ("id",)

    id: str = Field(description=ID)
    output: Annotated[str, LocalPath("write", "data")] = Field(
        min_length=1, description="dataset or path to write, replaced when whole"
    )
    part: Part = Field(
        default="all",
        description="'all' that were evaluated, those for 'drift', or those of the 'reference'",
    )


class LabelEvaluation(ProjectCommand[Evaluation]):
    """Give an evaluation labels, in place of those of the same keys; the others stay.

    An empty value takes a label away: `evaluations label ID month=`.
    """

    needs = "evaluations:write"
    route = "PATCH /evaluations/{id}"
    guarded = True
    arguments = ("id", "labels")

    id: str = Field(description=ID)
    labels: dict[LabelKey, LabelText] = Field(
        min_length=1,
        max_length=100,
        description="values by keys; an empty value takes one away",
        examples=[{"month": "2"}],
    )
