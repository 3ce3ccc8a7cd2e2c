"""What two models on the same rows answer: differences, tests of them, verdicts."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from modelyard.kernel.values import Value

PairedMethod = Literal["mcnemar", "delong", "mean", "delta", "bootstrap", "unpaired"]
PairedVerdict = Literal["better", "worse", "indistinguishable", "unknown"]


class MetricDifference(Value):
    """A metric of the challenger minus that of the base, or the reason why it is not told.

    `verdict` knows which direction is good. It is better or worse only where the test rejects and
    the interval leaves out zero, both at the level of confidence; unknown where there is no test.
    """

    code: str
    difference: float | None = None
    low: float | None = Field(default=None, description="of its interval, for this metric alone")
    high: float | None = None
    p: float | None = Field(default=None, description="two-sided, for this metric alone")
    adjusted: float | None = Field(
        default=None,
        description="p corrected by Holm for all metrics that sentences tell; None: it is not one "
        "of them, and its verdict is of p alone",
    )
    method: PairedMethod | None = Field(default=None, description="how they were found")
    verdict: PairedVerdict = "unknown"
    rows_needed: int | None = Field(
        default=None,
        description="rows in all at which a difference of this size would be found with 80 % "
        "power; fewer than there are: it is settled; None: not known, or more than a billion",
    )
    reason: str | None = Field(default=None, description="why there is no difference, or no test")


class Decisions(Value):
    """Rows that two classifiers decide differently, and who of them is right.

    Of several classes both can be wrong in different ways.
    """

    rows: int = Field(description="all that were used")
    differ: int = Field(description="rows that the two decide differently")
    challenger_right: int = Field(description="those of them on which only the challenger is right")
    base_right: int = Field(description="those of them on which only the base is right")
    p: float | None = Field(default=None, description="of McNemar's test; None: rows have weights")


class Paired(Value):
    """All that two models on the same rows show."""

    rows: int
    confidence: float
    told: tuple[str, ...] = Field(
        default=(), description="codes of the metrics that sentences tell, the first one foremost"
    )
    decisions: Decisions | None = None
    differences: tuple[MetricDifference, ...] = ()
