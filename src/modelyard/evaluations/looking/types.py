"""The words of what is told of the rows of an evaluation."""

from __future__ import annotations

from pydantic import Field

from modelyard.analysis.group_types import Fairness
from modelyard.runtime.types import Label


class FairnessReport(Fairness):
    """Rates of the groups of a column against those of a reference group."""

    evaluation: str
    outcome_class: Label = Field(description="the class that is the outcome")
    threshold: float | None = Field(
        default=None, description="from which it is predicted; none: the model gives labels"
    )
