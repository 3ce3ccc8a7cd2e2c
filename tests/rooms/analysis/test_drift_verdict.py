"""Verdicts of constructed figures: what is said, and that no more is said."""

from __future__ import annotations

import dataclasses
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.analysis.drift.types import (
    ColumnDrift,
    DriftTestResult,
    Expected,
    GlobalDrift,
    MetricChange,
    PerformanceDrift,
    PredictionDrift,
    Shares,
    Why,
)
from modelyard.analysis.drift.verdict import Figures, verdict
from modelyard.analysis.names import LOWER_IS_BETTER
from modelyard.analysis.types import Metric

NO_LABELS = "the truth of october is not known"


def metric(code, value, low=None, high=None, **more):
    return Metric(code=code, value=value, low=low, high=high, **more)


def together(accuracy=0.5, half=0.01, importance=None):
    low, high = accuracy - half, accuracy + half
    return GlobalDrift(
        accuracy=metric("accuracy", accuracy, low, high),
        auc=metric("auc", accuracy, low, high),
        p_value=0.001 if low > 0.5 else 0.4,
        detected=low > 0.5,
        rows=1000,
        importance=importance or {},
    )


NOT_TOLD_APART = GlobalDrift(accuracy=metric("accuracy", None), auc=metric("auc", None), reason="x")


def column(name, outcome="stable", size=0.0, used=None, **more):
    test = DriftTestResult(test="psi", statistic=size, threshold=0.2, exceeded=outcome == "drifted")
    tests = () if outcome == "unknown" else (test,)
    kinds = {"kind": "numeric", "found": "numeric"}
    return ColumnDrift(
        name=name, outcome=outcome, tests=tests, model_importance=used, **kinds, **more
    )


def change(code, before, after, half):
    gap = after - before
    low, high = gap - half, gap + half
    said = "same" if low <= 0 <= high else "better"
    if said == "better" and (low > 0) == (code in LOWER_IS_BETTER):
        said = "worse"
    sides = {"reference": metric(code, before), "current": metric(code, after)}
    return MetricChange(code=code, **sides, difference=metric(code, gap, low, high), change=said)


def performance(*changes):
    return PerformanceDrift(metrics=changes)


def predictions(outcome="stable", size=0.01):
    shares = Shares(bin=("no", "yes"), reference=(0.6, 0.4), current=(0.7, 0.3))
    test = DriftTestResult(test="psi", statistic=size)
    return PredictionDrift(tests=(test,), shares=shares, outcome=outcome)


def figures(**given):
    usual = {
        "reference": "june",
        "current": "october",
        "together": together(),
        "columns": (column("temp"), column("hour")),
        "predictions": PredictionDrift(reason="no model is known"),
        "performance": PerformanceDrift(reason=NO_LABELS),
        "expected": Expected(method="confidence", reason="no model is known"),
        "why": Why(code="auc", reason="no model is known"),
    }
    return Figures(**{**usual, **given})


def split(mix, relation, half=0.01):
    parts = {
        name: metric("auc", value, value - half, value + half)
        for name, value in (("mix", mix), ("relation", relation))
    }
    return Why(code="auc", **parts)


MOVED = (column("temp", "drifted", 1.9, 0.0), column("hour", "stable", 0.01, 0.8))
APART = together(0.99, 0.001, {"temp": 0.9, "hour": 0.01})
WORSE = performance(change("auc", 0.720, 0.645, 0.009))
SAME = performance(change("auc", 0.720, 0.719, 0.009))
CASES = {
    "no drift": (figures(), "stable", "No drift is seen between june and october"),
    "too few rows to see any": (
        figures(together=together(0.52, 0.12)),
        "stable",
        "No drift of october is seen, but there are few rows to see it",
    ),
    "a column moved": (
        figures(columns=MOVED, together=APART),
        "look",
        "temp moved since june, but the model hardly uses what moved",
    ),
    "a column moved, and nothing is known of a model": (
        figures(columns=(column("temp", "drifted", 1.9), column("hour"))),
        "drifted",
        "temp moved between june and october",
    ),
    "a column moved that the model uses": (
        figures(columns=(column("temp", "drifted", 1.9, 0.6), column("hour", used=0.4))),
        "drifted",
        "temp moved between june and october",
    ),
    "columns moved, predictions did not": (
        figures(
            columns=(column("temp", "drifted", 1.9), column("hour")), predictions=predictions()
        ),
        "drifted",
        "temp moved between june and october, but the predictions hardly did",
    ),
    "predictions moved": (
        figures(predictions=predictions("drifted", 0.5)),
        "drifted",
        "The predictions for october moved; whether they are right is unknown",
    ),
    "predictions and data moved": (
        figures(predictions=predictions("drifted", 0.5), columns=MOVED),
        "drifted",
        "The predictions for october moved, and so did the data; whether they are right is unknown",
    ),
    "a column is to be looked at": (
        figures(columns=(column("rain", "look", 0.0, why="its zeros hide it"), column("hour"))),
        "look",
        "No column of october drifted, but rain should be looked at",
    ),
    "told apart, but no column moved": (
        figures(together=together(0.6)),
        "look",
        "october and june can be told apart, though no column moved by much",
    ),
    "worse, and the relation changed": (
        figures(performance=WORSE, columns=MOVED, together=APART, why=split(0.001, -0.076)),
        "drifted",
        (
            "The model ranks the rows of october worse than those of june, and what moved (temp) "
            "does not explain it"
        ),
    ),
    "worse, since the mix changed": (
        figures(performance=WORSE, columns=MOVED, together=APART, why=split(-0.075, 0.0)),
        "drifted",
        (
            "The model ranks the rows of october worse than those of june, and the changed mix of "
            "its data explains it"
        ),
    ),
    "worse for both reasons": (
        figures(performance=WORSE, columns=MOVED, why=split(-0.04, -0.035)),
        "drifted",
        (
            "The model ranks the rows of october worse than those of june, only in part since its "
            "data are mixed otherwise"
        ),
    ),
    "worse, and another metric was split": (
        figures(
            performance=WORSE,
            columns=MOVED,
            why=Why(
                code="logLoss",
                mix=metric("logLoss", 0.0, -0.01, 0.01),
                relation=metric("logLoss", 0.2, 0.1, 0.3),
            ),
        ),
        "drifted",
        (
            "The model ranks the rows of october worse than those of june, and what moved (temp) "
            "does not explain it (judged by Log loss)"
        ),
    ),
    "worse, and the split cannot tell": (
        figures(performance=WORSE, columns=MOVED, why=split(-0.04, -0.035, half=0.05)),
        "drifted",
        "The model ranks the rows of october worse than those of june, and its data moved",
    ),
    "worse, no column moved, no split": (
        figures(performance=WORSE),
        "drifted",
        (
            "The model ranks the rows of october worse than those of june, though no column moved "
            "by much"
        ),
    ),
    "worse, data not compared": (
        figures(performance=WORSE, columns=(), together=NOT_TOLD_APART),
        "drifted",
        "The model ranks the rows of october worse than those of june",
    ),
    "a regression is worse by a loss": (
        figures(performance=performance(change("mae", 5.0, 6.0, 0.5))),
        "drifted",
        "The model does worse on october than on june, though no column moved by much",
    ),
    "better": (
        figures(performance=performance(change("auc", 0.7, 0.8, 0.01)), columns=MOVED),
        "look",
        "The model ranks the rows of october better than those of june",
    ),
    "performance same, nothing moved": (
        figures(performance=SAME),
        "stable",
        "No drift of october is seen, and no change of ROC AUC can be told from chance",
    ),
    "performance same, data moved": (
        figures(performance=SAME, columns=MOVED),
        "look",
        "The data of october moved, but no change of ROC AUC can be told from chance",
    ),
    "performance same, predictions moved": (
        figures(performance=SAME, predictions=predictions("drifted", 0.4)),
        "look",
        "The predictions for october moved, but no change of ROC AUC can be told from chance",
    ),
    "performance same, told apart": (
        figures(performance=SAME, together=together(0.6)),
        "look",
        "october and june can be told apart, but no change of ROC AUC can be told from chance",
    ),
    "ranking same, recall worse": (
        figures(
            performance=performance(
                change("recall", 0.8, 0.6, 0.05), change("auc", 0.72, 0.719, 0.01)
            )
        ),
        "look",
        "On october ROC AUC is the same up to chance, but not Recall",
    ),
    "nothing could be compared": (
        figures(columns=(column("temp", "unknown", why="x"),), together=NOT_TOLD_APART),
        "unknown",
        "Nothing can be said of october against june",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_verdict(name):
    found, outcome, headline = CASES[name]
    told = verdict(found)
    assert (told.outcome, told.headline) == (outcome, headline)
    assert all(each.endswith(".") and each[0] != " " for each in told.details)


def details(**given):
    return " ".join(verdict(figures(**given)).details)


def test_sizes_and_doubts_are_told():
    found = details(
        performance=WORSE,
        columns=MOVED,
        together=APART,
        predictions=predictions(),
        why=split(0.001, -0.076),
    )
    for said in (
        "ROC AUC fell from 0.720 to 0.645 (−0.075, 95 % −0.084 to −0.066).",
        (
            "A classifier puts 99.0 % of rows (98.9 % to 99.1 %; chance is 50 %) on the right "
            "side, most of all by temp."
        ),
        "1 of 2 columns moved: temp (PSI 1.900). What moved is 0.0 % of what the model takes",
        "hour, which the model uses most, did not move.",
        (
            "The predictions hardly moved (PSI 0.010; “yes” is predicted for 40.0 % of the rows "
            "before and 30.0 % now)."
        ),
        (
            "Of the change of ROC AUC, +0.001 (−0.009 to +0.011) comes of data that are mixed "
            "otherwise, −0.076 (−0.086 to −0.066) of a model that does otherwise on the same data."
        ),
    ):
        assert said in found


def test_without_labels_it_says_what_is_expected_and_how_far_that_was_off():
    expected = Expected(
        method="confidence", metrics=(metric("auc", 0.66, 0.64, 0.68),), errors={"auc": 0.012}
    )
    found = details(expected=expected, predictions=predictions())
    assert "Without a truth, ROC AUC is expected to be 0.660 (0.640 to 0.680)" in found
    assert "off by 0.012 on average" in found
    assert "Performance was not compared: the truth of october is not known." in found
    doubted = expected.model_copy(update={"trusted": False, "doubts": ("it is not calibrated",)})
    assert "That cannot be trusted: it is not calibrated." in details(expected=doubted)


def test_doubts_begin_like_sentences():
    split_up = split(-0.01, 0.02).model_copy(update={"doubts": ("the change may be chance",)})
    assert "The change may be chance." in details(why=split_up, performance=performance())


def test_what_the_model_uses_is_said_only_where_it_is_known():
    moved = (column("temp", "drifted", 1.9), column("hour"))
    found = details(columns=moved, predictions=predictions())
    assert "What the model takes from each column is not known." in found
    assert "model takes" not in details(columns=moved)
    partly = (column("temp", "drifted", 1.9), column("hour", used=1.0))
    assert verdict(figures(columns=partly)).outcome == "drifted"


def test_what_could_not_be_compared_is_named_with_its_reason():
    few = (column("temp"), column("age", "unknown", why="int64 here, string there"))
    found = details(columns=few, together=NOT_TOLD_APART)
    assert "1 column could not be compared: age (int64 here, string there)." in found
    assert "The sides were not told apart by a classifier: x." in found
    assert "Predictions were not compared: no model is known." in found


def test_nothing_is_stable_where_a_type_changed_or_rows_are_few():
    changed = column("fare", "unknown", types_differ=True, why="double here, string there")
    few = column("fare", "unknown", reference_rows=500, current_rows=1, why="current has 1 row")
    same = performance(change("auc", 0.8, 0.79, 0.05))
    for lost, said in (
        (changed, ", but fare could not be compared: the type is another one on both sides"),
        (few, ", but a side has 1 row, which tells too little"),
    ):
        for more in ({}, {"performance": same}):
            found = verdict(figures(columns=(column("temp"), lost), **more))
            assert found.outcome == "unknown"
            assert found.headline.endswith(said)
        moved = verdict(figures(columns=(column("temp", "drifted", 0.5), lost)))
        assert moved.outcome == "drifted"


def test_new_categories_are_told():
    new = column("dest", new=("ABQ",), new_share=0.031)
    assert "There are new categories in dest (3.1 % of the rows)." in details(columns=(new,))


def test_many_columns_are_not_all_named():
    many = tuple(column(f"c{at}", "drifted", 1.0) for at in range(7))
    told = verdict(figures(columns=many))
    assert told.headline == "c0, c1, c2 and 4 more moved between june and october"
    assert "7 of 7 columns moved: c0 (PSI 1.000), c1 (PSI 1.000), c2 (PSI 1.000) and 4 more." in (
        told.details
    )


def test_a_name_that_anybody_chose_stays_on_its_line():
    told = verdict(figures(columns=(column("a\nb", "drifted", 1.0),), current="x\ny"))
    assert "\n" not in told.headline + "".join(told.details)


SHARE = st.floats(0, 1)
GAP = st.floats(-0.5, 0.5)
HALF = st.floats(0.001, 0.3)


@given(
    auc=st.none() | st.tuples(SHARE, GAP, HALF),
    mix=st.none() | st.tuples(GAP, GAP, HALF),
    apart=st.tuples(st.floats(0.4, 1), HALF),
    outcomes=st.lists(st.sampled_from(["drifted", "look", "stable", "unknown"]), max_size=3),
    predicted=st.sampled_from(["drifted", "look", "stable", "unknown"]),
)
def test_no_verdict_says_more_than_the_figures(auc, mix, apart, outcomes, predicted):
    found = figures(
        columns=tuple(column(f"c{at}", each, 0.3, why="w") for at, each in enumerate(outcomes)),
        together=together(*apart),
        predictions=predictions(predicted),
    )
    if auc is not None:
        found = dataclasses.replace(
            found, performance=performance(change("auc", auc[0], auc[0] + auc[1], auc[2]))
        )
    if mix is not None:
        found = dataclasses.replace(found, why=split(*mix))
    told = verdict(found)
    said = told.headline
    changes = {each.change for each in found.performance.metrics}
    assert ("worse" in said) == ("worse" in changes)
    assert ("better" in said) == ("better" in changes)
    if re.search(r"\bexplains?\b", said):
        assert mix is not None
        assert (mix[0] + mix[2] < 0) != (mix[1] + mix[2] < 0)
    if "No drift" in said:
        assert "drifted" not in (*outcomes, predicted)
        assert not found.together.detected
    if told.outcome == "stable":
        assert "drifted" not in (*outcomes, predicted)
        assert "worse" not in changes
    if told.outcome == "unknown":
        assert not changes


@pytest.mark.parametrize(("current", "told"), [(0.62, True), (0.61, False)])
def test_only_a_change_is_split(current, told):
    parts = split(1e-16, -1e-16).model_copy(update={"reference": 0.61, "current": current})
    assert any("Of the change" in said for said in verdict(figures(why=parts)).details) == told
