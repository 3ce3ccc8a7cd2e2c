"""Charts of what is compared: drawn in the colours of its roles, with the numbers of each."""

from __future__ import annotations

import json
from functools import cache

import numpy as np
import pytest
from tests.stills import svg

from modelyard.analysis.binary import Binary
from modelyard.analysis.charts import comparing, side_by_side
from modelyard.analysis.charts.compared import Compared, Gap, Left, most_of
from modelyard.analysis.charts.drawing import drawn
from modelyard.analysis.charts.theme import COMPARED, ROLES
from modelyard.analysis.charts.types import NothingToDraw, Subject
from modelyard.analysis.multiclass import Multiclass
from modelyard.analysis.regression import Regression

SUBJECT = Subject(target="delay", positive="“late”", negative="“on time”", threshold=0.4)
CURVES = {
    "roc": (Binary.roc_curve, "false_positive_rate", "true_positive_rate"),
    "precision-recall": (Binary.precision_recall_curve, "recall", "precision"),
    "gain": (Binary.gain_curve, "targeted", "found"),
    "lift": (Binary.lift_bins, "group", "lift"),
    "calibration": (Binary.calibration_curve, "predicted", "observed"),
}


def plain(value):
    return json.loads(value.model_dump_json())


@cache
def binaries():
    draw = np.random.default_rng(3)
    chance = draw.random(900)
    truth = draw.random(900) < chance
    return [
        Binary(truth, np.clip(chance + draw.normal(0, noise, 900), 0, 1).round(3))
        for noise in (0.2, 0.1, 0.5)
    ]


@cache
def regressions():
    draw = np.random.default_rng(5)
    truth = draw.normal(20, 10, 500)
    return [Regression(truth, truth + draw.normal(1, noise, 500)) for noise in (4, 2, 8)]


def among(contents, names=("v3", "v4", "v2")):
    return [
        Compared(name, COMPARED[at % 8], at, at == 0, content)
        for at, (name, content) in enumerate(zip(names, contents, strict=False))
    ]


def many(content, count=200):
    return among([content] * count, [f"v{at}" for at in range(count)])


def figures(*values):
    return [
        {"auc": {"value": x, "low": x - 0.01, "high": x + 0.01}, "f1": {"value": x / 2}}
        for x in values
    ]


FIGURES = figures(0.72, 0.729, 0.716)
GAPS = [
    Gap.of("ROC AUC", "auc", (0.009, 0.005, 0.012), "better"),
    Gap.of("Log loss", "logLoss", (0.02, 0.01, 0.03), "worse"),
    Gap.of("F1", "f1", (0.001, -0.002, 0.004), "indistinguishable"),
]


def importance(*values):
    columns = ["origin", "carrier", "month"][: len(values)]
    return {
        "column": columns,
        "importance": list(values),
        "low": [x - 0.01 for x in values],
        "high": [x + 0.01 for x in values],
    }


SKETCHES = {
    **{
        name: lambda name=name, curve=curve: comparing.overlay(
            name, among([plain(curve(each)) for each in binaries()]), SUBJECT
        )
        for name, (curve, _, _) in CURVES.items()
    },
    "density": lambda: comparing.overlay(
        "density", among([plain(each.densities()) for each in binaries()]), SUBJECT
    ),
    "decision": lambda: comparing.decision(
        among([plain(each.decision_chart()) for each in binaries()]), "f1"
    ),
    "points": lambda: comparing.overlay(
        "points", among([plain(each.scatter_sample()) for each in regressions()]), SUBJECT
    ),
    "errors": lambda: comparing.overlay(
        "errors", among([plain(each.error_distribution()) for each in regressions()]), SUBJECT
    ),
    "metrics": lambda: side_by_side.metrics(among(FIGURES), ["auc", "f1"]),
    "metric": lambda: side_by_side.metric(among(FIGURES), "auc"),
    "gaps": lambda: side_by_side.gaps(GAPS, ("v4", "v3"), ("challenger-1", "champion"), "Metric"),
    "importances": lambda: side_by_side.importances(
        among([importance(0.2, 0.1, 0.0), importance(0.1, 0.3)]), "Importance"
    ),
}


@pytest.mark.parametrize("what", SKETCHES)
def test_a_chart_is_drawn_in_the_colours_of_its_roles(what, pytestconfig):
    pictures = []
    for mode in ("light", "dark"):
        chart = drawn(what, SKETCHES[what], mode)
        assert chart.reason is None
        assert chart.description.endswith(".")
        picture = svg(chart.spec, 480)
        pictures.append(picture)
        colours = ROLES[mode]
        assert colours["champion"] in picture
        assert colours["challenger-1"] in picture
        assert colours["challenger-2"] not in picture or what not in ("gaps", "importances")
        assert (colours["reference"] in picture) or what != "gaps"
    assert pictures[0] != pictures[1]


@pytest.mark.parametrize("name", CURVES)
def test_each_has_its_line_with_its_numbers(name):
    curve, x, y = CURVES[name]
    rows = SKETCHES[name]().data["lines"]
    for line, each in zip(("v3 champion", "v4", "v2"), binaries(), strict=True):
        content = plain(curve(each))
        mine = [(row[x], row[y]) for row in rows if row["line"] == line]
        assert mine == list(zip(content[x], content[y], strict=True))


def test_densities_lie_above_for_the_positives_and_below_for_the_others():
    rows = SKETCHES["density"]().data["densities"]
    content = plain(binaries()[1].densities())
    mine = {side: [r for r in rows if (r["line"], r["side"]) == ("v4", side)] for side in content}
    assert [row["density"] for row in mine["positive"]] == content["positive"]
    assert [-row["density"] for row in mine["negative"]] == content["negative"]


def test_shares_of_errors_are_those_of_all_rows():
    rows = SKETCHES["errors"]().data["errors"]
    for line in ("v3 champion", "v4", "v2"):
        mine = [row for row in rows if row["line"] == line]
        assert sum(row["share"] for row in mine) == pytest.approx(1)
        area = sum(row["density"] * (row["high"] - row["low"]) for row in mine)
        assert area == pytest.approx(1)


def test_where_less_is_better_a_fall_is_drawn_as_better():
    found = Gap.of("Log loss", "logLoss", (-0.02, -0.03, -0.01), "better")
    assert (found.value, found.low, found.high) == (0.02, 0.01, 0.03)
    share = Gap.of("RMSE", "rmse", (-2.0, -3.0, -1.0), "better", share_of=20.0)
    assert (share.value, share.low, share.high) == pytest.approx((0.1, 0.05, 0.15))
    sketch = SKETCHES["gaps"]()
    lines = {row["name"]: (row["line"], row["value"]) for row in sketch.data["groups"]}
    assert lines == {
        "ROC AUC": ("v4 better", 0.009),
        "Log loss": ("v3 better", -0.02),
        "F1": ("not distinguishable", 0.001),
    }
    assert "v4 better: ROC AUC; v3 better: Log loss; not distinguishable: F1" in sketch.description


def test_importances_stand_in_the_order_of_what_weighs_most_anywhere():
    sketch = SKETCHES["importances"]()
    order = sketch.layers[-1].to_dict()["encoding"]["y"]["sort"]
    assert order == ["carrier", "origin", "month"]
    assert "origin to v3 champion and carrier to v4" in sketch.description


def test_of_two_hundred_as_many_are_drawn_as_can_be_told_apart():
    left = Left(more=192)
    roc = comparing.overlay("roc", many(plain(binaries()[0].roc_curve()), 8), SUBJECT, left)
    assert len({row["line"] for row in roc.data["lines"]}) == 8 == most_of("roc")
    assert "192 more are not drawn: hide others to see them" in roc.description
    bars = side_by_side.metric(many(FIGURES[0]), "auc")
    assert len(bars.data["bars"]) == 40
    assert "160 more are not drawn" in bars.description
    assert svg(drawn("ROC AUC", lambda: bars, "light").spec, 480)


def test_what_has_no_such_screen_is_told():
    content = plain(binaries()[0].roc_curve())
    one = comparing.overlay("roc", among([content]), SUBJECT, Left(without=("v4",)))
    assert one.description.endswith("; there is none of v4.")
    assert Left(without="abcd").told() == "; there is none of 4"
    with pytest.raises(NothingToDraw, match="none of what is compared has this screen"):
        comparing.overlay("roc", [], SUBJECT)
    with pytest.raises(NothingToDraw, match="none of what is compared has a value of ROC AUC"):
        side_by_side.metric(among([{}, {}]), "auc")
    with pytest.raises(NothingToDraw, match="no importances are kept"):
        side_by_side.importances([], "Importance")


def test_of_several_classes_their_mean_is_drawn():
    draw = np.random.default_rng(4)
    scores = draw.random((300, 3)) + 0.01
    scores /= scores.sum(axis=1, keepdims=True)
    found = Multiclass(draw.integers(0, 3, 300), ("a", "b", "c"), probabilities=scores)
    classes = [plain(Binary.roc_curve(found.one_vs_rest(at))) for at in range(3)]
    mean = plain(found.macro_roc())
    sketch = comparing.overlay("roc", among([{"classes": classes, "macro": mean}] * 2), SUBJECT)
    mine = [row for row in sketch.data["lines"] if row["line"] == "v4"]
    assert [row["true_positive_rate"] for row in mine] == mean["y"]
    with pytest.raises(NothingToDraw, match="choose one of them"):
        comparing.overlay("lift", among([{"classes": classes}]), SUBJECT)


def test_a_reason_is_told_instead_of_a_chart():
    chart = drawn("Slices", lambda: side_by_side.nothing("they are on other rows"), "light")
    assert (chart.spec, chart.reason) == (None, "they are on other rows")
