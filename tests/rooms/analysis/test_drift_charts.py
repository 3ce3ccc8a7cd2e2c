"""Charts of two sides: they can be drawn, and hold the numbers of the report."""

from __future__ import annotations

import pytest
import vl_convert

from modelyard.analysis.charts import drift
from modelyard.analysis.charts.drawing import drawn
from modelyard.analysis.drift.types import (
    ColumnDrift,
    Density,
    DriftTestResult,
    Expected,
    MetricChange,
    PerformanceDrift,
    Shares,
)
from modelyard.analysis.types import Metric

NAMES = ("june", "october")
RANGES = Shares(
    bin=("0 to 1", "1 to 5", "missing"),
    low=(0.0, 1.0, None),
    high=(1.0, 5.0, None),
    reference=(0.5, 0.4, 0.1),
    current=(0.2, 0.4, 0.4),
)
CLASSES = Shares(bin=("no", "yes", "maybe"), reference=(0.6, 0.3, 0.1), current=(0.8, 0.1, 0.1))


def column(**more):
    test = DriftTestResult(test="psi", statistic=0.5)
    return ColumnDrift(name="age", kind="numeric", found="numeric", tests=(test,), **more)


def metric(code, value):
    return Metric(code=code, value=value, low=value - 0.1, high=value + 0.1)


CHANGE = MetricChange(
    code="auc",
    reference=metric("auc", 0.7),
    current=metric("auc", 0.5),
    difference=metric("auc", -0.2),
    change="worse",
)
EXPECTED = Expected(method="confidence", metrics=(metric("auc", 0.6),))
SPREAD = Density(value=(0.0, 0.5, 1.0), reference=(1.0, 2.0, 1.0), current=(2.0, 1.0, 1.0))
SKETCHES = {
    "ranges": (
        lambda: drift.column(column(shares=RANGES), NAMES),
        "the largest change is that of missing, from 10.0 % to 40.0 % of the rows",
    ),
    "categories": (lambda: drift.column(column(shares=CLASSES), NAMES), "from 60.0 % to 80.0 %"),
    "columns": (lambda: drift.columns([column()], "psi", NAMES), "the largest is that of age, 0.5"),
    "importance": (
        lambda: drift.importance([column(model_importance=0.4, drift_importance=0.9)], NAMES),
        "age has most of both: 40.0 % and 90.0 %",
    ),
    "shares": (lambda: drift.shares(CLASSES, "prediction", NAMES), "from 60.0 % to 80.0 %"),
    "density": (
        lambda: drift.density(SPREAD, "probability", NAMES),
        "the peak of june is at 0.500, that of october at 0.000",
    ),
    "differences": (
        lambda: drift.differences(PerformanceDrift(metrics=(CHANGE,)), NAMES),
        "worse beyond chance: ROC AUC",
    ),
    "expected": (lambda: drift.expected(EXPECTED, NAMES), "ROC AUC is expected to be 0.600"),
}


@pytest.mark.parametrize("what", SKETCHES)
def test_a_chart_can_be_drawn_and_says_what_is_seen(what):
    sketched, said = SKETCHES[what]
    chart = drawn(what, sketched, "light")
    assert said in chart.description
    assert vl_convert.vegalite_to_svg({**chart.spec, "width": 300}).startswith("<svg")


def test_ranges_are_as_high_as_they_are_dense():
    data = drift.column(column(shares=RANGES), NAMES).data["ranges"]
    found = [(each["line"], each["low"], each["density"]) for each in data]
    assert found == [
        ("june", 0.0, 0.5),
        ("october", 0.0, 0.2),
        ("june", 1.0, 0.1),
        ("october", 1.0, 0.1),
    ]


@pytest.mark.parametrize(
    ("sketched", "reason"),
    [
        (lambda: drift.column(column(why="constant"), NAMES), "constant"),
        (lambda: drift.importance([column()], NAMES), "is not known"),
        (lambda: drift.differences(PerformanceDrift(reason="no truth"), NAMES), "no truth"),
        (lambda: drift.expected(Expected(method="loss", reason="too few"), NAMES), "too few"),
    ],
)
def test_what_cannot_be_drawn_says_why(sketched, reason):
    chart = drawn("x", sketched, "dark")
    assert chart.spec is None
    assert reason in chart.reason


def test_ranges_of_a_long_tail_are_bars_of_their_shares():
    tail = RANGES.model_copy(update={"high": (1.0, 5000.0, None)})
    told = drawn("Values", lambda: drift.column(column(shares=tail), NAMES), "light")
    assert [row["share"] for row in told.spec["datasets"]["shares"]] == [
        0.5,
        0.2,
        0.4,
        0.4,
        0.1,
        0.4,
    ]


def test_sides_that_are_called_the_same_stay_two():
    data = drift.shares(CLASSES, "prediction", ("june", "june")).data["shares"]
    assert {each["line"] for each in data} == {"june", "june (2)"}
