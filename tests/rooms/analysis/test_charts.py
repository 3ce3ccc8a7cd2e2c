"""Charts of every screen: valid, compiled, and of the numbers that the screen has."""

from __future__ import annotations

import json
import math
from functools import cache

import altair as alt
import numpy as np
import pytest
import vl_convert
from tests.stills import svg

from modelyard.analysis.binary import Binary
from modelyard.analysis.charts.drawing import draw, draw_fairness, draw_residuals, draw_slices
from modelyard.analysis.charts.types import Subject
from modelyard.analysis.charts.words import ABOUT, TITLES, names_of, quoted
from modelyard.analysis.fairness import fairness
from modelyard.analysis.grouping import grouped
from modelyard.analysis.multiclass import Multiclass
from modelyard.analysis.regression import Regression
from modelyard.analysis.slices import binary_slices

SUBJECT = Subject(target="delay", positive="“late”", negative="“on time”", threshold=0.4)
CURVES = {
    "roc": Binary.roc_curve,
    "precision-recall": Binary.precision_recall_curve,
    "gain": Binary.gain_curve,
    "lift": Binary.lift_bins,
    "calibration": Binary.calibration_curve,
    "density": Binary.densities,
}


@cache
def binary():
    draw = np.random.default_rng(3)
    score = draw.random(400).round(2)
    return Binary(draw.random(400) < score, score)


@cache
def several(count=3):
    draw = np.random.default_rng(4)
    scores = draw.random((600, count)) + 0.01
    scores /= scores.sum(axis=1, keepdims=True)
    labels = tuple(f"class {at}" for at in range(count))
    return Multiclass(draw.integers(0, count, 600), labels, probabilities=scores)


def plain(value):
    return value.model_dump(mode="json")


def of_classes(found, curve):
    each = ({"label": x, **plain(curve(found.one_vs_rest(i)))} for i, x in enumerate(found.classes))
    return {"classes": list(each)}


@cache
def contents():
    """The content of every screen by prediction type and name."""
    one, some = binary(), several()
    screens = {("binary", name): plain(curve(one)) for name, curve in CURVES.items()}
    screens["binary", "confusion"] = plain(one.at(0.4))
    screens["binary", "decision"] = plain(one.decision_chart())
    for name, curve in CURVES.items():
        screens["multiclass", name] = of_classes(some, curve)
    for name, mean in (
        ("roc", (some.macro_roc(), some.micro_roc())),
        ("precision-recall", (some.macro_precision_recall(), some.micro_precision_recall())),
    ):
        screens["multiclass", name] |= {"macro": plain(mean[0]), "micro": plain(mean[1])}
    screens["multiclass", "confusion"] = plain(some.confusion())
    screens["multiclass", "classes"] = plain(some.per_class())
    screens["multiclass", "averages"] = plain(some.averages())
    draw = np.random.default_rng(5)
    truth = draw.normal(20, 10, 500)
    errors = Regression(truth, truth + draw.normal(1, 4, 500))
    screens["regression", "scatter"] = plain(errors.scatter())
    screens["regression", "points"] = plain(errors.scatter_sample())
    screens["regression", "errors"] = plain(errors.error_distribution())
    screens["regression", "percentiles"] = plain(errors.error_percentiles())
    screens["regression", "quantiles"] = plain(errors.quantile_quantile())
    return screens


ALL = list(contents())
IDS = [f"{kind}-{name}" for kind, name in ALL]


def draws(what):
    return draw(what[1], json.loads(json.dumps(contents()[what])), SUBJECT)


@pytest.mark.parametrize("what", ALL, ids=IDS)
def test_a_chart_is_valid_and_can_be_drawn(what):
    drawn = draws(what)
    assert alt.LayerChart.from_dict(drawn.spec).to_dict()["description"] == drawn.description
    assert vl_convert.vegalite_to_vega({**drawn.spec, "width": 300})["marks"]
    assert (drawn.spec["width"], drawn.reason) == ("container", None)
    assert drawn.description.endswith(".")
    assert "nan" not in json.dumps(drawn.model_dump(mode="json"), allow_nan=False).lower()
    assert set(TITLES) == set(ABOUT)


@pytest.mark.parametrize("what", [what for what in ALL if what[0] != "multiclass"])
def test_the_numbers_are_those_of_the_screen(what):
    content, sets = contents()[what], draws(what).spec["datasets"]
    renamed = {"percentiles": {"error": "value"}, "decision": {"f1": "value"}}.get(what[1], {})
    checked = 0
    for name, column in content.items():
        if not isinstance(column, list) or (renamed and name not in renamed):
            continue
        shown = renamed.get(name, name)
        rows = next((rows for rows in sets.values() if rows and shown in rows[-1]), [])
        if shown == "value":
            rows = [row for row in rows if row["line"] in {"Error", "F1"}]
        if what[1] == "precision-recall":  # the curve begins at no recall
            rows = rows[1:]
        if rows:
            wanted = column if shown != "value" else [x for x in column if x is not None]
            assert [row[shown] for row in rows] == wanted, name
            checked += 1
    if what[1] == "confusion":
        cells = content["cells"]
        assert [row["weight"] for row in sets["cells"]] == [
            cells[f"{name}"]
            for name in ("true_positive", "false_negative", "false_positive", "true_negative")
        ]
    elif what[1] == "density":
        assert [row["high"] for row in sets["positive"]] == content["positive"]
    else:
        assert checked


@pytest.mark.parametrize("name", [name for kind, name in ALL if kind == "multiclass"][:6])
def test_every_class_has_its_line_with_its_numbers(name):
    content, lines = contents()["multiclass", name], draws(("multiclass", name)).spec["datasets"]
    x, y = {
        "roc": ("false_positive_rate", "true_positive_rate"),
        "precision-recall": ("recall", "precision"),
        "gain": ("targeted", "found"),
        "lift": ("group", "lift"),
        "calibration": ("predicted", "observed"),
        "density": ("score", "positive"),
    }[name]
    for each in content["classes"]:
        mine = [(row[x], row[y]) for row in lines["lines"] if row["line"] == each["label"]]
        assert mine == list(zip(each[x], each[y], strict=True))
    named = {row["line"] for row in lines["lines"]} - {e["label"] for e in content["classes"]}
    assert len(named) == sum(mean in content for mean in ("macro", "micro"))
    assert bool(lines["bands"]) == ("band" in content["classes"][0])


def test_intervals_are_drawn():
    for what in (("binary", "roc"), ("binary", "precision-recall"), ("binary", "gain")):
        limits = contents()[what]["band"]
        drawn = draws(what).spec
        rows = drawn["datasets"]["band"]
        assert [(r["x"], r["low"], r["high"]) for r in rows] == list(
            zip(limits["x"], limits["low"], limits["high"], strict=True)
        )
        assert any(layer["mark"]["type"] == "area" for layer in drawn["layer"])


def test_the_mark_follows_the_parameter():
    """Where the threshold is moved to, there the mark goes."""
    spec = draws(("binary", "roc")).spec
    assert spec["params"] == [{"name": "threshold", "value": 0.4}]
    moved = {**spec, "params": [{"name": "threshold", "value": 0.9}]}
    assert svg(spec, 300) != svg(moved, 300)
    assert "params" not in draw("roc", contents()["binary", "roc"], Subject()).spec


def test_many_classes_are_drawn_as_far_as_they_can_be_told_apart():
    found = several(40)
    drawn = draw("roc", of_classes(found, Binary.roc_curve), Subject())
    assert len({row["line"] for row in drawn.spec["datasets"]["lines"]}) == 6
    assert "of the 6 most frequent of 40" in drawn.description
    matrix = draw("confusion", plain(found.confusion()), Subject())
    cells = matrix.spec["datasets"]["cells"]
    assert sum(cell["weight"] for cell in cells) == 600
    assert "16 other classes" in {cell["actual"] for cell in cells}
    assert len(cells) == 25 * 25
    assert "of 40 classes" in matrix.description


def spoilt(value, odd):
    """The same content with every number of its columns replaced."""
    if isinstance(value, dict):
        return {key: spoilt(each, odd) for key, each in value.items()}
    if isinstance(value, list) and value and isinstance(value[0], dict | list):
        return [spoilt(each, odd) for each in value]
    if isinstance(value, list):
        kept = odd(value)
        return [x if isinstance(x, str) else y for x, y in zip(value, kept, strict=False)]
    return value


ODD = {
    "empty": lambda column: [],
    "one": lambda column: column[:1],
    "none": lambda column: [None] * len(column),
    "nan": lambda column: [math.nan] * len(column),
    "infinite": lambda column: [math.inf] * len(column),
    "large": lambda column: [1e308 * (-1) ** at for at in range(len(column))],
    "huge": lambda column: [1e299 * (-1) ** at for at in range(len(column))],
    "constant": lambda column: [0.5] * len(column),
    "gaps": lambda column: [x if at % 2 else math.nan for at, x in enumerate(column)],
}


UNBOUNDED = {("binary", "density"), ("regression", "scatter"), ("regression", "errors")}
"""Screens whose numbers may be of any size."""


@pytest.mark.parametrize("odd", ODD)
def test_odd_numbers_give_a_chart_or_a_reason(odd):
    for what in ALL:
        drawn = draw(what[1], spoilt(contents()[what], ODD[odd]), SUBJECT)
        assert (drawn.spec is None) == bool(drawn.reason), what
        json.dumps(drawn.model_dump(mode="json"), allow_nan=False)
        if odd == "huge" and what in UNBOUNDED:
            assert svg(drawn.spec, 300), what


def test_a_missing_class_says_why_there_is_no_curve():
    only = Binary([1, 1, 1], [0.2, 0.5, 0.9])
    drawn = draw("roc", plain(only.roc_curve()), SUBJECT)
    assert drawn.spec is None
    assert drawn.reason
    assert drawn.reason in drawn.description
    nothing = draw("lift", plain(Binary([], []).lift_bins()), SUBJECT)
    assert nothing.reason == "there are no rows to draw"


def test_names_that_would_be_more_than_names():
    names = ["<script>alert(1)</script>", "a\nb", "x" * 5000, "x" * 5001, "datum.y", "\0\ud800"]
    found = several(6)
    content = of_classes(found, Binary.roc_curve)
    for each, name in zip(content["classes"], names, strict=True):
        each["label"] = name
    drawn = draw("roc", content, Subject())
    lines = {row["line"] for row in drawn.spec["datasets"]["lines"]}
    assert len(lines) == 6
    assert max(map(len, lines)) < 200
    picture = svg(drawn.spec, 400)
    assert "<script" not in picture
    assert "&lt;script" in picture
    assert quoted("x" * 50) == f"“{'x' * 23}…”"
    assert names_of(["a", "a", "a"]) == ["a", "a (2)", "a (3)"]


def test_slices_are_drawn_around_all_rows():
    draw_ages = np.random.default_rng(6).integers(0, 80, 400)
    import pyarrow as pa

    found = binary_slices("age", grouped(pa.chunked_array([draw_ages])), binary(), 0.4)
    drawn = draw_slices(found, "auc")
    alt.LayerChart.from_dict(drawn.spec).to_dict()
    assert svg(drawn.spec, 300)
    values = {
        each.group.label: metric.value
        for each in found.slices
        for metric in each.metrics
        if metric.code == "auc" and metric.value is not None
    }
    assert {row["name"]: row["value"] for row in drawn.spec["datasets"]["groups"]} == values
    [overall] = drawn.spec["datasets"]["all"]
    total = next(metric for metric in found.total.metrics if metric.code == "auc")
    assert overall == {"value": total.value, "low": total.low, "high": total.high}
    assert drawn.title == "Slices by age"
    assert draw_slices(found, "r2").reason == "no group of age has a value of R2"


def test_residuals_are_drawn_around_zero():
    import pyarrow as pa

    draw = np.random.default_rng(8)
    plans = draw.choice(["basic", "plus", "rare\nplan"], 300)
    truth = draw.normal(20, 10, 300)
    error = draw.normal(0, 1, 300) + 5 * (plans == "plus")
    grouping = grouped(pa.chunked_array([plans.tolist()]))
    found = Regression(truth, truth + error).residuals(grouping)
    drawn = draw_residuals(found, "plan")
    alt.LayerChart.from_dict(drawn.spec).to_dict()
    assert svg(drawn.spec, 300)
    rows = drawn.spec["datasets"]["groups"]
    assert [row["value"] for row in rows] == list(found.mean)
    assert [row["high"] for row in rows] == list(found.high)
    expected = {plan.replace("\n", " "): error[plans == plan].mean() for plan in set(plans)}
    assert {row["name"]: row["value"] for row in rows} == pytest.approx(expected)
    assert f"to {max(found.mean):.3f} for" in drawn.description
    assert "“plus”" in drawn.description
    assert drawn.title == "Residuals by plan"
    empty = found.model_copy(update=dict.fromkeys(type(found).model_fields, ()))
    assert draw_residuals(empty, "plan").reason == "no group of plan has a row with an error"


def test_fairness_has_a_panel_for_each_rate_with_the_reference_in_it():
    import pyarrow as pa

    plans = np.random.default_rng(9).choice(["basic", "plus", "split\nname"], 400)
    found = fairness(
        "plan", grouped(pa.chunked_array([plans.tolist()])), binary(), 0.4, reference="plus"
    )
    drawn = draw_fairness(found)
    alt.LayerChart.from_dict(drawn.spec).to_dict()
    picture = svg(drawn.spec, 400)
    rows, marks = (drawn.spec["datasets"][name] for name in ("groups", "reference"))
    base = found.rates.label.index("plus")
    titles = {
        "positive_rate": "Predicted positive",
        "true_positive_rate": "True positive rate",
        "false_positive_rate": "False positive rate",
        "predictive_value": "Precision",
    }
    for rate, title in titles.items():
        values = getattr(found.rates, rate)
        panel = [row for row in rows if row["line"] == title]
        assert [row["value"] for row in panel] == list(values)
        assert [row["low"] for row in panel] == list(getattr(found.rates, f"{rate}_low"))
        assert {mark["value"] for mark in marks if mark["line"] == title} == {values[base]}
        assert picture.count(f">{title}<") == 1
    assert picture.count(">basic<") == picture.count(">split name<") == 4
    assert drawn.title == "Fairness by plan"
    assert "beside those of “plus”" in drawn.description
    without = dict.fromkeys(
        (f"predictive_value{end}" for end in ("", "_low", "_high")), (None, *[0.5] * 2)
    )
    rates = found.rates.model_copy(update=without)
    unknown = found.model_copy(update={"rates": rates, "reference": found.rates.label[0]})
    drawn = draw_fairness(unknown)
    assert "Precision" not in {mark["line"] for mark in drawn.spec["datasets"]["reference"]}
    assert ">Precision<" in svg(drawn.spec, 400)
