"""The words of what is told of the rows of an evaluation."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from modelyard.analysis.group_types import Fairness, WorstSlices
from modelyard.runtime.types import Label

Loss = Literal["logLoss", "brierScore", "hammingLoss", "mse", "mae"]
"""Metrics that are the mean of what each row loses."""


class FairnessReport(Fairness):
    """Rates of the groups of a column against those of a reference group."""

    evaluation: str
    outcome_class: Label = Field(description="the class that is the outcome")
    threshold: float | None = Field(
        default=None, description="from which it is predicted; none: the model gives labels"
    )


class WorstReport(WorstSlices):
    """The slices on which a model is worse than on the other rows, and what was looked for."""

    evaluation: str
    columns: tuple[str, ...] = Field(description="whose values make the slices")
    combined: int = Field(description="columns that a slice combines at most")
    least: int = Field(description="rows below which a slice was not looked at")
    effect: float = Field(
        description="the least difference that is told, in standard deviations of the loss"
    )
    confidence: float = Field(
        description="one less the share of the slices told that may be there by chance"
    )
