"""Permutation importance, partial dependence and ICE, against scikit-learn."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import altair as alt
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy import stats
from sklearn import inspection, metrics
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LinearRegression
from tests.stills import svg

from modelyard.analysis.charts.drawing import draw
from modelyard.analysis.charts.types import Subject
from modelyard.analysis.dependence import SUREST, grid_of, partial_dependence
from modelyard.analysis.importance import Unmeasured, permutation_importance
from modelyard.analysis.intervals import student_quantile
from modelyard.analysis.perturbing import Exchange, answered
from modelyard.analysis.regression import Regression
from modelyard.analysis.screen_tables import table_of
from modelyard.analysis.types import Metric

ROWS = 300


def near(value):
    return pytest.approx(value, rel=1e-9, abs=1e-12)


@pytest.fixture(scope="module")
def frame():
    draw = np.random.default_rng(2)
    columns = {"big": draw.normal(size=ROWS), "small": draw.normal(size=ROWS)}
    return pd.DataFrame({**columns, "same": 4.0, "few": draw.integers(0, 3, ROWS)})


@pytest.fixture(scope="module")
def truth(frame):
    noise = np.random.default_rng(3).normal(size=ROWS)
    return (3 * frame.big + frame.small + 0.5 * frame.few + noise).to_numpy()


@pytest.fixture(scope="module")
def linear(frame, truth):
    return LinearRegression().fit(frame, truth)


@pytest.fixture(scope="module")
def boosted(frame, truth):
    return GradientBoostingClassifier(n_estimators=10, random_state=0).fit(frame, truth > 1)


def asking(predict, calls=None):
    """A model that is asked by tables; it notes how large they were."""

    def ask(tables):
        for table in tables:
            if calls is not None:
                calls.append(table.num_rows)
            answers = np.asarray(predict(table.to_pandas()), float)
            yield answers.reshape(table.num_rows, -1)

    return ask


def permuted(frame, linear, measure, **asked):
    usual = {"greater_is_better": True, "repeats": 5, "seed": 1, "confidence": 0.95}
    return permutation_importance(
        pa.Table.from_pandas(frame, preserve_index=False),
        list(frame.columns),
        asked.pop("ask", None) or asking(linear.predict),
        measure,
        **{**usual, **asked},
    )


def r2_of(truth):
    def measure(answers):
        found = Regression(truth, answers[:, 0]).metrics()
        return next(each for each in found if each.code == "r2")

    return measure


def test_importance_is_scikit_learns(frame, truth, linear):
    theirs = inspection.permutation_importance(
        linear, frame, truth, scoring="r2", n_repeats=40, random_state=0
    )
    ours = permuted(frame, linear, r2_of(truth), repeats=40)
    assert ours.baseline == near(metrics.r2_score(truth, linear.predict(frame)))
    assert (ours.metric, ours.rows, ours.refused) == ("r2", ROWS, 0)
    assert ours.column == ("big", "small", "few", "same")
    for at, name in enumerate(ours.column):
        place = list(frame.columns).index(name)
        error = np.hypot(ours.std[at], theirs.importances_std[place]) / np.sqrt(40)
        assert abs(ours.importance[at] - theirs.importances_mean[place]) <= 4 * error + 1e-12
    assert ours.importance[-1] == ours.std[-1] == 0, "a column of one value tells nothing"


def test_importance_is_what_its_permutations_cost(frame, truth, linear):
    """Each repeat anew, by a frame of its own, with the permutations of the same seed."""

    def mse(answers):
        return Metric(code="mse", value=metrics.mean_squared_error(truth, answers[:, 0]))

    ours = permuted(frame, linear, mse, greater_is_better=False, repeats=4, seed=9)
    base = metrics.mean_squared_error(truth, linear.predict(frame))
    losses = []
    for repeat in range(4):
        order = np.random.default_rng((9, 1, repeat)).permutation(ROWS)
        other = frame.assign(small=frame.small.to_numpy()[order])
        losses.append(metrics.mean_squared_error(truth, linear.predict(other)) - base)
    at = ours.column.index("small")
    assert ours.importance[at] == near(np.mean(losses))
    assert ours.std[at] == near(np.std(losses, ddof=1))
    low, high = stats.t.interval(0.95, 3, np.mean(losses), stats.sem(losses))
    assert (ours.low[at], ours.high[at]) == (near(low), near(high))


def test_only_rows_that_change_are_asked_for_and_in_few_calls(frame, truth, linear):
    calls = []
    permuted(frame, linear, r2_of(truth), ask=asking(linear.predict, calls))
    assert len(calls) == 1
    # columns of numbers change nearly everywhere, of three values in two thirds of the rows
    assert ROWS * (1 + 10 + 2.5) < calls[0] < ROWS * (1 + 10 + 4)


def test_answers_are_those_of_their_rows_however_calls_are_cut(frame, linear):
    table = pa.Table.from_pandas(frame, preserve_index=False)
    draw = np.random.default_rng(4)
    exchanges = [Exchange(np.arange(ROWS))]
    for name in ("big", "few", "big"):
        size = int(draw.integers(1, ROWS))
        exchanges.append(Exchange(np.arange(size), name, draw.integers(0, ROWS, size)))
    calls = []
    found = list(answered(table, exchanges, asking(linear.predict, calls), cells=4 * 77))
    assert set(calls[:-1]) == {77}
    assert [exchange for exchange, _ in found] == exchanges
    for exchange, answers in found:
        other = frame.iloc[exchange.rows].copy()
        if exchange.column:
            other[exchange.column] = frame[exchange.column].to_numpy()[exchange.sources]
        assert answers[:, 0] == near(linear.predict(other))


def test_rows_that_are_refused_count_as_not_predicted(frame, truth, linear):
    def frail(rows):
        return np.where((rows.big > 1) & (rows.small > 1), np.nan, linear.predict(rows))

    ours = permuted(frame, linear, r2_of(truth), ask=asking(frail))
    rows = frame.index[(frame.big > 1) & (frame.small > 1)]
    assert 0 < ours.refused <= 5 * 2 * (frame.big > 1).sum()
    assert ours.baseline == near(
        metrics.r2_score(np.delete(truth, rows), linear.predict(frame.drop(index=rows)))
    )
    assert all(value is not None for value in ours.importance)


def test_a_metric_that_cannot_be_computed(frame, linear):
    with pytest.raises(Unmeasured, match="the same for all rows"):
        permuted(frame, linear, r2_of(np.ones(ROWS)))


def test_one_repeat_has_no_interval(frame, truth, linear):
    ours = permuted(frame, linear, r2_of(truth), repeats=1)
    assert ours.importance[0] > 0
    assert {*ours.low, *ours.high, *ours.std} == {None}


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 7, 30])
def test_students_quantile_is_scipys(freedom):
    for confidence in (0.51, 0.9, 0.999):
        assert student_quantile(confidence, freedom) == near(
            stats.t.ppf(0.5 + confidence / 2, freedom)
        )


def depending(frame, column, ask, **asked):
    usual = {"log_odds": False, "weights": None, "points": 20, "curves": np.arange(0)}
    table = pa.Table.from_pandas(frame, preserve_index=False)
    return partial_dependence(table, column, ask, **{**usual, **asked})


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("column", ["big", "few", "same"])
def test_dependence_is_scikit_learns(frame, linear, column, weighted):
    weights = np.random.default_rng(6).random(ROWS) if weighted else None
    curves = np.array([3, 50, 299])
    ours = depending(
        frame, column, asking(linear.predict), weights=weights, curves=curves, points=7
    )
    theirs = inspection.partial_dependence(
        linear,
        frame.astype(float),
        [column],
        kind="both",
        sample_weight=weights,
        custom_values={column: np.array(ours.value)},
    )
    overall = np.average(linear.predict(frame), weights=weights)
    assert (ours.overall, ours.scale) == (near(overall), "prediction")
    assert ours.average == near(tuple(theirs["average"][0]))
    assert ours.effect == near(tuple(theirs["average"][0] - overall))
    assert [each.row for each in ours.curves] == curves.tolist()
    for each in ours.curves:
        assert each.effect == near(tuple(theirs["individual"][0, each.row] - overall))
    assert len(ours.label) == {"big": 7, "few": 3, "same": 1}[column]


def test_dependence_of_classes_is_in_log_odds(frame, boosted):
    ask = asking(lambda rows: boosted.predict_proba(rows)[:, 1])
    ours = depending(frame, "big", ask, log_odds=True)
    theirs = {
        name: inspection.partial_dependence(
            boosted,
            frame,
            ["big"],
            method="brute",
            response_method=name,
            custom_values={"big": np.array(ours.value)},
        )["average"]
        for name in ("decision_function", "predict_proba")
    }
    overall = boosted.decision_function(frame).mean()
    assert ours.scale == "log-odds"
    assert ours.effect == pytest.approx(theirs["decision_function"][0] - overall)
    assert ours.average == near(tuple(theirs["predict_proba"][0]))


def test_rows_that_have_a_value_are_not_asked_for_again(frame, linear):
    calls = []
    depending(frame, "few", asking(linear.predict, calls))
    assert calls == [ROWS * (1 + 3) - ROWS]


def test_what_is_certain_has_finite_log_odds(frame):
    ours = depending(frame, "big", asking(lambda rows: rows.big > 0), log_odds=True)
    ends = np.log((1 - SUREST) / SUREST)
    assert ours.effect[-1] == near(ends - ours.overall_effect)
    assert ours.effect[0] == near(-ends - ours.overall_effect)


def test_the_grid_has_the_columns_own_type_and_its_missing_values():
    """A model that is given another type than the column's answers nothing."""
    day = dt.date(2026, 1, 1)
    columns = [
        pa.array([3, None, 5, 3, 9], pa.int32()),
        pa.array([0.5, None, float("nan"), 2.5, 0.5]),
        pa.array(["b", None, "a", "b", "c"]),
        pa.array([True, None, False, True, True]),
        pa.array([day, None, day + dt.timedelta(9), day, day]),
        pa.array([Decimal("1.50"), None, Decimal("2.25"), Decimal("1.50"), Decimal("1.50")]),
        pa.array(["b", None, "a", "b", "c"]).dictionary_encode(),
        pa.nulls(5),
    ]
    labels = [
        ("3", "5", "9"),
        ("0.5", "2.5"),
        ("b", "a", "c"),
        ("true", "false"),
        ("2026-01-01", "2026-01-10"),
        ("1.5", "2.25"),
        ("b", "a", "c"),
        (),
    ]
    told = ("number", "number", "word", "word", "moment", "number", "word", "word")
    for column, expected, kind in zip(columns, labels, told, strict=True):
        kinds = set()

        def ask(tables, kinds=kinds):
            for table in tables:
                kinds.add(table["x"].type)
                yield np.ones((table.num_rows, 1))

        table = pa.table({"x": column})
        found = partial_dependence(
            table, "x", ask, log_odds=False, weights=None, points=5, curves=np.arange(0)
        )
        assert found.label == (*expected, "missing")
        assert found.kind == kind
        assert found.missing == (*[False] * len(expected), True)
        assert kinds == {column.type}
        assert sum(found.distribution.weight) == 5


def test_the_grid_of_many_values():
    column = pa.chunked_array([np.arange(500), np.arange(500)])
    grid = grid_of(column, None, 11)
    assert grid.values == pytest.approx(np.linspace(0, 499, 11), abs=0.5)
    assert set(grid.values) <= set(range(500))
    assert grid.distribution.weight == (50.0,) * 20
    words = pa.chunked_array([[f"w{at % 40}" for at in range(400)]])
    grid = grid_of(words, np.ones(400), 5)
    assert len(grid.labels) == 5
    assert grid.distribution.label[-1] == "35 other values"
    assert grid.distribution.weight[-1] == 350


def test_answers_that_are_refused_are_counted(frame):
    def frail(rows):
        return np.where(rows.big > 1.5, np.nan, rows.small)

    ours = depending(frame, "big", asking(frail), curves=np.array([0]))
    assert ours.refused > 0
    assert ours.average[-1] is None
    assert ours.effect[-1] is None
    assert ours.curves[0].effect[-1] is None
    assert ours.effect[0] is not None


@pytest.fixture(scope="module")
def told(frame, truth, linear):
    """The content of a chart of each kind."""
    moments = np.datetime64("2026-01-01T00") + np.arange(ROWS)
    others = frame.assign(
        when=moments,
        plan=np.where(frame.few == 0, "basic", np.where(frame.few == 1, "gold", None)),
        holey=frame.big.where(frame.big > -1),
    )
    ask = asking(lambda rows: linear.predict(rows[list(frame.columns)]) + rows.when.dt.hour)
    curves = {"curves": np.arange(4), "points": 6}
    found = {name: depending(others, name, ask, **curves) for name in ("when", "plan", "holey")}
    found["importance"] = permuted(frame, linear, r2_of(truth))
    return {name: each.model_dump(mode="json") for name, each in found.items()}


@pytest.mark.parametrize("name", ["when", "plan", "holey", "importance"])
def test_a_chart_is_valid_and_has_the_numbers(told, name):
    content = told[name]
    screen = name if name == "importance" else f"dependence:{name}"
    drawn = draw(screen, content, Subject())
    assert alt.LayerChart.from_dict(drawn.spec).to_dict()["description"] == drawn.description
    assert svg(drawn.spec, 300)
    sets = drawn.spec["datasets"]
    if name == "importance":
        assert drawn.title == "Permutation importance"
        rows = [tuple(row[x] for x in ("name", "value", "low")) for row in sets["groups"]]
        parts = (content["column"], content["importance"], content["low"])
        assert rows == list(zip(*parts, strict=True))
        return
    assert drawn.title == f"Partial dependence on {name}"
    if name == "plan":
        assert [row["value"] for row in sets["groups"]] == content["effect"]
        return
    known = [
        effect
        for effect, gone in zip(content["effect"], content["missing"], strict=True)
        if not gone
    ]
    assert [row["effect"] for row in sets["line"]] == known
    assert len(sets["curves"]) == 4 * len(known)
    assert sum(bar["weight"] for bar in sets["bars"]) <= ROWS
    assert ("missing" in drawn.note) == (name == "holey")


def test_a_chart_of_nothing_says_why(told):
    gone = {**told["holey"], "effect": [None] * len(told["holey"]["effect"])}
    assert draw("dependence:holey", gone, Subject()).reason == "there are no rows to draw"
    assert draw("importance", {**told["importance"], "column": []}, Subject()).reason


def test_own_coefficients_are_drawn_by_class_and_told_in_rows():
    effects = [
        {"outcome": name, "intercept": 0.5, "values": [2.0, -1.0, None]} for name in "abcdefgh"
    ]
    content = {"kind": "coefficient", "features": ["x", "y", "z"], "effects": effects, "total": 5}
    drawn = draw("own-importances", content, Subject())
    groups = drawn.spec["datasets"]["groups"]
    assert {(each["name"], each["value"]) for each in groups} == {("x", 2.0), ("y", -1.0)}
    assert len(groups) == 2 * 6
    assert "2 features are not drawn; of 8 classes the first 6 are" in drawn.description
    assert svg(drawn.spec, 300)
    table = table_of("own-importances", content)
    assert table.names[:2] == ("feature", "coefficient for a")
    assert table.rows[-1] == ("(intercept)", *[0.5] * 8)
    alone = {**content, "kind": "importance", "effects": [{**effects[0], "outcome": None}]}
    assert draw("own-importances", alone, Subject()).note == "x 2"
