"""What one can ask of the rows of an evaluation."""

from __future__ import annotations

from typing import Generic, TypeVar

from pydantic import Field

from modelyard.evaluations.commands import ID
from modelyard.evaluations.looking.types import (
    ColumnResiduals,
    EvaluatedRows,
    FairnessReport,
    Loss,
    Order,
    WorstReport,
)
from modelyard.kernel.command import ProjectCommand

R = TypeVar("R")


class AboutRows(ProjectCommand[R], Generic[R]):
    """A question about the rows of an evaluation."""

    needs = "evaluations:read"
    arguments = ("id",)

    id: str = Field(description=ID)


class ShowFairness(AboutRows[FairnessReport]):
    """Compare the rates of each group of a column with those of a reference group.

    Demographic parity compares positive rates, equalised odds true and false positive rates, equal
    opportunity true positive rates, predictive rate parity the precision. Groups are those of
    `evaluations slices`. Of several classes one is compared with all others.
    """

    route = "GET /evaluations/{id}/fairness"

    by: str = Field(description="column whose values make the groups", examples=["plan"])
    reference: str | None = Field(
        default=None, description="group that the others are compared with [the largest one]"
    )
    outcome: str | None = Field(
        default=None,
        description="class that is the good outcome [binary: the positive one]; has to be named "
        "where there are several classes",
    )


class FindWorst(AboutRows[WorstReport]):
    """Search for the slices on which a version is worse than on all other rows.

    Every group of every column, and every pair of groups of two columns, is compared with the other
    rows by the mean of a loss. P-values are corrected for the number of slices that were looked at,
    also of those that are not told. Of slices of nearly the same rows the first is told, and names
    the others. What was found last is kept with the evaluation, as its screen `worst`.
    """

    route = "POST /evaluations/{id}/worst"
    title = "Search the worst slices of evaluation {id}"
    asks = True
    background = True

    metric: Loss | None = Field(
        default=None,
        description="what is compared [logLoss, or hammingLoss where there are labels only; mse "
        "of a regression]",
    )
    columns: tuple[str, ...] = Field(
        default=(), description="columns whose values make the slices [all of the dataset]"
    )
    combined: int = Field(
        default=2, ge=1, le=2, description="columns that a slice combines at most: 1 or 2"
    )
    least: int = Field(
        default=50, ge=2, le=2**53, description="rows below which a slice is not looked at"
    )
    effect: float = Field(
        default=0.1,
        ge=0,
        le=100,
        description="least difference that is told, in standard deviations of the loss",
    )
    confidence: float | None = Field(
        default=None,
        gt=0.5,
        lt=1,
        description="one less the share of the slices told that may be there by chance [the "
        "evaluation's]",
    )
    most: int = Field(default=20, ge=1, le=1000, description="slices that are told")


class ShowRows(AboutRows[EvaluatedRows]):
    """Show the rows on which a version is worst, or best, with all of their columns.

    They are in the order of what they lose; rows that lose the same are in the order of the sample.
    """

    route = "GET /evaluations/{id}/rows"

    order: Order = Field(default="worst", description="which rows come first")
    first: int = Field(default=20, ge=1, le=1000, description="how many rows")
    where: str | None = Field(
        default=None,
        max_length=2000,
        description="only these rows, such as age < 30 AND prediction = 'no'",
        examples=["age < 30"],
    )
    metric: Loss | None = Field(
        default=None,
        description="whose loss is looked at [logLoss, or hammingLoss where there are labels "
        "only; mae of a regression]",
    )


class ShowResiduals(AboutRows[ColumnResiduals]):
    """Tell the errors of a regression by groups of a column's values.

    Groups are those of `evaluations slices`. The mean error has an interval: where it leaves out
    zero, predictions are too high or too low there.
    """

    route = "GET /evaluations/{id}/residuals"

    by: str = Field(description="column whose values make the groups", examples=["age"])
