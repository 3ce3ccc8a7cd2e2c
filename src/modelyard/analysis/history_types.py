"""How a metric went from one evaluation to the next: points on lines."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from modelyard.analysis.drift.types import Change
from modelyard.analysis.types import Metric
from modelyard.kernel.values import Value

Reading = Literal["date", "number", "text"]
Shape = Literal["bars", "lines"]


class HistoryPoint(Value):
    """A metric of one evaluation."""

    evaluation: str = Field(description="its id")
    name: str
    x: str = Field(description="where it stands, as it is written")
    called: str = Field(description="what sentences call it: the same, or its name")
    at: float | None = Field(
        default=None, description="the same as seconds since 1970 or as a number; None: a text"
    )
    line: str = Field(default="", description="of the points that are joined")
    value: float | None = Field(default=None, description="None: it is only expected")
    low: float | None = None
    high: float | None = None
    expected: float | None = Field(
        default=None, description="what it was expected to be, without a truth"
    )


class HistoryVerdict(Value):
    """How the last evaluation stands beside an earlier one."""

    change: Change = Field(description="better or worse if the interval excludes zero")
    since: str = Field(description="id of the earlier evaluation")
    difference: Metric = Field(description="the last one minus it")
    title: str
    words: str


class History(Value):
    """A metric of the evaluations of a store, in the order of a label."""

    project: str
    store: str
    metric: str = Field(description="its code")
    x: str = Field(description="label whose values lie across; 'created' or 'name' without one")
    reading: Reading = Field(
        description="how they were read: all as dates, else all as numbers, else as texts"
    )
    colour: tuple[str, ...] = Field(default=(), description="labels whose values make the lines")
    shape: Shape = Field(description="bars for one or two evaluations, lines from three")
    points: tuple[HistoryPoint, ...] = ()
    verdict: HistoryVerdict | None = Field(
        default=None, description="of a single line with two evaluations or more"
    )
    expected_error: float | None = Field(
        default=None, description="mean absolute error of what was expected, where both are known"
    )
    expected_of: int = Field(default=0, description="evaluations of which both are known")
    left_out: int = Field(
        default=0, description="evaluations that have not this metric, or nothing to stand at"
    )
