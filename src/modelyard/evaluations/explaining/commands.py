"""What one can ask of the columns that a version takes."""

from __future__ import annotations

from typing import Generic, TypeVar

from pydantic import Field

from modelyard.evaluations.commands import ID
from modelyard.evaluations.explaining.types import (
    DependenceReport,
    Explanation,
    ImportanceReport,
)
from modelyard.kernel.command import ProjectCommand

R = TypeVar("R")


class Explaining(ProjectCommand[R], Generic[R]):
    """A question that is answered by asking the version again, for some rows of an evaluation."""

    needs = "evaluations:write"
    background = True
    queue = "scoring"
    arguments = ("id",)

    id: str = Field(description=ID)
    rows: int = Field(
        default=1000, ge=10, le=1_000_000, description="rows that are drawn at random at most"
    )
    seed: int = Field(default=1337, ge=0, lt=2**63, description="another seed draws others")


class MeasureImportance(Explaining[ImportanceReport]):
    """Tell how much worse a version is without what each of its columns tells.

    Each column is permuted by itself, and the rows that changed are predicted again. The limits are
    those of the mean over all permutations. What was asked before is told as it was kept; something
    else takes its place.
    """

    route = "POST /evaluations/{id}/importance"
    title = "Permutation importance of evaluation {id}"

    metric: str | None = Field(
        default=None,
        description="metric of the evaluation that is compared [auc, mrocAUC or r2; accuracy where "
        "there are labels only]",
        examples=["logLoss"],
    )
    repeats: int = Field(default=5, ge=1, le=1000, description="how often each column is permuted")
    columns: tuple[str, ...] = Field(
        default=(), description="columns that are permuted [all that the version takes]"
    )


class MeasureDependence(Explaining[DependenceReport]):
    """Tell what a version answers on average if a column has the same value in all rows.

    The average is told less that of the rows as they are: of probabilities in log-odds. With it
    come the same for single rows (ICE), and how often the values occur. What was asked before is
    told as it was kept; something else takes its place.
    """

    route = "POST /evaluations/{id}/dependence"
    title = "Dependence on {by} of evaluation {id}"

    by: str = Field(description="column that the version takes", examples=["age"])
    outcome: str | None = Field(
        default=None,
        description="class whose probability is told [binary: the positive one]; has to be named "
        "where there are several classes",
    )
    points: int = Field(
        default=20,
        ge=2,
        le=200,
        description="values that are put in at most: quantiles of numbers, else frequent ones",
    )
    curves: int = Field(
        default=50, ge=0, le=1000, description="single rows that are told of at most"
    )


class ListExplanations(ProjectCommand[list[Explanation]]):
    """List the explanations that an evaluation keeps; `evaluations screen` shows one by its name.

    They are what `evaluations importance` and `evaluations dependence` told last.
    """

    needs = "evaluations:read"
    route = "GET /evaluations/{id}/explanations"
    arguments = ("id",)

    id: str = Field(description=ID)
