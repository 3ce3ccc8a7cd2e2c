"""A metric through a store: in which order, in which shape, and what is said of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from modelyard import errors
from modelyard.analysis.charts.drawing import draw_history
from modelyard.evaluations.storing.commands import ShowHistory
from modelyard.evaluations.storing.history import arranged
from modelyard.evaluations.types import EvaluationSummary, Figure

FIRST = datetime(2026, 3, 1, tzinfo=UTC)
HALF = 0.02


def of(*values, labels=(), metric="auc", half=HALF):
    """Evaluations one day after the other, with these values of a metric."""
    figures = [
        Figure(
            value=v, low=None if half is None else v - half, high=None if half is None else v + half
        )
        for v in values
    ]
    return [
        EvaluationSummary(
            id=f"e{at}",
            project="flights",
            name=f"run {at}",
            labels=labels[at] if labels else {},
            prediction_type="binary_classification",
            rows=10,
            metric=metric,
            metrics={metric: figure},
            diagnostics=0,
            created=FIRST + timedelta(days=at),
        )
        for at, figure in enumerate(figures)
    ]


def history(found, reference=None, **asked):
    return arranged(ShowHistory(project="flights", name="monthly", **asked), found, reference)


def test_labels_are_read_as_dates_else_as_numbers_else_as_texts():
    def read(*texts):
        found = of(*range(len(texts)), labels=[{"at": text} for text in texts])
        told = history(found, x="at")
        return told.reading, [each.x for each in told.points]

    assert read("2026-10", "2026-02", "2026-09-01T12:00Z") == (
        "date",
        ["2026-02", "2026-09-01T12:00Z", "2026-10"],
    )
    assert read("10", "9", "-1.5e1") == ("number", ["-1.5e1", "9", "10"])
    assert read("2026-10", "9", "x") == ("text", ["2026-10", "9", "x"])
    assert read("20261001", "20260901")[0] == "number"


def test_one_or_two_are_bars_and_three_are_lines():
    shapes = [history(of(*[0.7] * count)).shape for count in (0, 1, 2, 3, 4)]
    assert shapes == ["bars", "bars", "bars", "lines", "lines"]


def test_the_first_own_label_that_tells_all_apart_lies_across():
    labels = [{"a:b": str(at), "kind": "x", "month": str(at)} for at in range(3)]
    assert history(of(1, 2, 3, labels=labels)).x == "month"
    assert history(of(1, 2, 3)).x == "created"


def test_values_of_labels_make_the_lines():
    labels = [{"kind": "x", "size": "1"}, {"kind": "y"}, {"kind": "x", "size": "1"}]
    told = history(of(1, 2, 3, labels=labels), colour=("kind", "size"))
    assert [each.line for each in told.points] == ["x · 1", "y · –", "x · 1"]
    assert told.verdict is None


def test_what_lacks_the_metric_or_the_label_is_counted():
    labels = [{"month": "1"}, {}, {"month": "3"}]
    found = of(1, 2, 3, labels=labels)
    found[2] = found[2].model_copy(update={"metrics": {"auc": Figure()}})
    told = history(found, x="month", metric="auc")
    assert [each.evaluation for each in told.points] == ["e0"]
    assert told.left_out == 2


@pytest.mark.parametrize(
    ("asked", "named"),
    [({"metric": "acu"}, "auc"), ({"x": "monht"}, "month"), ({"colour": ("name",)}, "month")],
)
def test_what_nobody_has_is_told_with_what_there_is(asked, named):
    with pytest.raises(errors.NotFound, match=named):
        history(of(1, 2, labels=[{"month": "1"}, {"month": "2"}]), **asked)


@pytest.mark.parametrize(
    ("values", "half", "metric", "change", "title"),
    [
        ((0.7, 0.6), 0.02, "auc", "worse", "ROC AUC is worse at run 1 than at run 0"),
        ((0.6, 0.7), 0.02, "auc", "better", "ROC AUC is better at run 1 than at run 0"),
        ((0.7, 0.6), 0.02, "logLoss", "better", "Log loss is better at run 1 than at run 0"),
        ((0.7, 0.69), 0.02, "auc", "same", "ROC AUC at run 1 cannot be told from that at run 0"),
        ((0.7, 0.6), None, "auc", "unknown", "ROC AUC went from 0.700 to 0.600"),
        ((0.7, 0.6), 0.02, "profit", "unknown", "profit went from 0.700 to 0.600"),
    ],
)
def test_the_verdict_says_no_more_than_the_figures(values, half, metric, change, title):
    told = history(of(*values, metric=metric, half=half)).verdict
    assert (told.change, told.title) == (change, title)


def test_the_difference_has_the_interval_of_independent_rows():
    told = history(of(0.7, 0.6)).verdict
    reach = (2 * HALF**2) ** 0.5
    assert told.difference.value == pytest.approx(-0.1)
    assert told.difference.low == pytest.approx(-0.1 - reach)
    assert told.difference.high == pytest.approx(-0.1 + reach)
    assert "from 0.700 to 0.600: −0.100, with an interval from −0.128 to −0.072" in told.words


def test_the_reference_of_the_store_is_what_the_last_is_told_beside():
    told = history(of(0.5, 0.7, 0.6, 0.6), reference="e1").verdict
    assert (told.since, told.change) == ("e1", "worse")
    assert "Worst of 4 was run 0 with 0.500" in told.words


def test_what_was_expected_stands_beside_what_came():
    found = of(0.7, 0.6, 0.5, 0.4)
    for at, (value, expected) in enumerate(((0.7, 0.71), (0.6, 0.63), (None, 0.66), (0.4, None))):
        metrics = {"auc": Figure(value=value), "expectedAuc": Figure(value=expected)}
        found[at] = found[at].model_copy(update={"metrics": metrics})
    told = history(found, metric="auc")
    assert [each.expected for each in told.points] == [0.71, 0.63, 0.66, None]
    assert told.expected_error == pytest.approx(0.02)
    assert (told.expected_of, told.left_out, told.verdict.since) == (2, 0, "e0")
    drawn = draw_history(told)
    assert "off by 0.020 on average where both are known" in drawn.description
    assert {"line", "area"} <= {each["mark"]["type"] for each in drawn.spec["layer"]}


def test_where_no_truth_is_known_only_what_is_expected_is_drawn():
    found = [
        each.model_copy(update={"metrics": {"expectedAuc": Figure(value=0.7)}})
        for each in of(0, 0, 0)
    ]
    told = history(found, metric="auc")
    assert told.verdict is None
    assert "no value is known" in draw_history(told).description


@pytest.mark.parametrize("count", [0, 1, 2, 3, 1000])
def test_each_history_is_drawn_or_says_why_not(count):
    labels = [{"kind": str(at % 20)} for at in range(count)]
    drawn = draw_history(
        history(of(*[0.5] * count, labels=labels), colour=("kind",) if count else ())
    )
    if not count:
        assert drawn.reason == "no evaluation has a value of ROC AUC"
        return
    assert len(drawn.spec["datasets"]["history"]) == {1000: 8 * 50}.get(count, count)
    assert ("12 lines are not drawn" in drawn.description) == (count == 1000)
