"""What one can ask of the rows of an evaluation."""

from __future__ import annotations

from typing import Generic, TypeVar

from pydantic import Field

from modelyard.evaluations.commands import ID
from modelyard.evaluations.looking.types import FairnessReport
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
