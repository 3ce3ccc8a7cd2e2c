"""What one can ask of evaluations."""

from __future__ import annotations

import re
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from modelyard.analysis.group_types import Slices
from modelyard.evaluations.asked_types import Evaluating, Standalone
from modelyard.evaluations.labels import LabelKey
from modelyard.evaluations.types import Evaluation, EvaluationSummary, Screen
from modelyard.kernel.command import ProjectCommand
from modelyard.kernel.paging import Paged
from modelyard.kernel.values import Name
from modelyard.models.types import VersionId

ID = "id of the evaluation"
CODE = r"^[A-Za-z][A-Za-z0-9_.-]{0,99}$"
ORDER = r"-?(created|name|label:[^=\x00]{1,100}|metric:[A-Za-z0-9_.-]{1,100})"


def _is_order(text: str) -> str:
    if not re.fullmatch(ORDER, text):
        raise ValueError("must be created, name, label:KEY or metric:CODE, or one with '-' before")
    return text


class RunEvaluation(Evaluating, ProjectCommand[Evaluation]):
    """Score a dataset whose truth is known, and tell what the version is worth on it.

    The scored rows are kept, so that every screen can be looked at afterwards. What was killed is
    taken up again at its last finished chunk when the same evaluation is asked for once more.
    """

    needs = "evaluations:write"
    route = "POST /evaluations"
    title = "Evaluate {model} on {dataset}"
    background = True
    queue = "scoring"
    arguments = ("model",)

    def exclusive_key(self) -> str | None:
        """One at a time writes an output."""
        output = self.metrics_output or self.output
        return None if output is None else f"output {self.project}/{output}"


class EvaluateStandalone(Standalone, ProjectCommand[Evaluation]):
    """Tell what predictions are worth that something else made: no version is needed.

    Its columns hold the predictions, of a classification also the probabilities of all classes, and
    the truth, where that is known. Without predictions its rows are kept for drift alone.
    """

    needs = "evaluations:write"
    route = "POST /standalone-evaluations"
    title = "Evaluate {dataset}"
    background = True
    queue = "scoring"


class ListEvaluations(ProjectCommand[list[EvaluationSummary]], Paged):
    """List the evaluations of a project, the newest first.

    Values of labels are sorted as what they are: dates first, then numbers, then other texts.
    """

    needs = "evaluations:read"
    route = "GET /evaluations"

    model: Name | None = Field(default=None, description="only evaluations of this saved model")
    version: VersionId | None = Field(default=None, description="only of this version")
    dataset: str | None = Field(
        default=None, description="only on this dataset, named as they named it"
    )
    store: Name | None = Field(default=None, description="only in this evaluation store")
    label: dict[LabelKey, str] = Field(
        default={}, max_length=20, description="only those with these labels"
    )
    sort: Annotated[str, AfterValidator(_is_order)] = Field(
        default="-created",
        description="'created', 'name', 'label:KEY' or 'metric:CODE'; with '-' before it the "
        "largest first",
        examples=["label:month"],
    )


class ShowEvaluation(ProjectCommand[Evaluation]):
    """Show an evaluation: metrics with their intervals, diagnostics, what was evaluated how."""

    needs = "evaluations:read"
    route = "GET /evaluations/{id}"
    arguments = ("id",)

    id: str = Field(description=ID)


class ShowScreen(ProjectCommand[Screen]):
    """Show one screen of an evaluation's results; `evaluations show` names those there are.

    Explanations that are kept are screens, too: `evaluations explanations` names them.
    """

    needs = "evaluations:read"
    route = "GET /evaluations/{id}/screens/{screen}"
    arguments = ("id", "screen")

    id: str = Field(description=ID)
    screen: str = Field(description="name of the screen", examples=["roc"])
    threshold: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="confusion of a binary model: for this threshold instead of the evaluation's",
    )
    by: str | None = Field(
        default=None, description="only the rows of one group of this column", examples=["plan"]
    )
    group: str | None = Field(
        default=None, description="which group, as `slices` calls it", examples=["basic"]
    )

    @model_validator(mode="after")
    def _names_a_whole_slice(self) -> Self:
        if (self.by is None) != (self.group is None):
            raise ValueError("--by names a column and --group one of its groups; give both")
        return self


class ShowSlices(ProjectCommand[Slices]):
    """Tell the metrics of each subgroup of a column, with intervals, beside those of all rows.

    Numbers are put in ranges of about equal size, rare categories together; missing values are a
    group of their own. Any column of the dataset will do, also one that the model does not take.
    """

    needs = "evaluations:read"
    route = "GET /evaluations/{id}/slices"
    arguments = ("id",)

    id: str = Field(description=ID)
    by: str = Field(description="column whose values make the groups", examples=["plan"])


class DeleteEvaluation(ProjectCommand[None]):
    """Delete an evaluation with its scored rows."""

    needs = "evaluations:write"
    route = "DELETE /evaluations/{id}"
    guarded = True
    arguments = ("id",)

    id: str = Field(description=ID)
