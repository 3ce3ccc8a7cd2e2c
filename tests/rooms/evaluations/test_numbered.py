"""The numbered checks of evaluations: what each says of rows that are as it fears."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import entropy
from sklearn import metrics as sklearn

from modelyard import errors
from modelyard.analysis.alone import area_alone, r2_alone
from modelyard.analysis.grouping import by_number, grouped
from modelyard.analysis.losses import expected_surprise
from modelyard.analysis.types import Gains
from modelyard.evaluations.diagnostics import diagnose
from modelyard.evaluations.feature_checks import Part
from modelyard.evaluations.figures import Threshold
from modelyard.evaluations.judged import FIGURES
from modelyard.evaluations.numbered import CALLED_BEFORE, TITLES
from modelyard.evaluations.scored import Scored
from modelyard.evaluations.types import Evaluation, View

ROWS = 8000


def draw():
    return np.random.default_rng(11)


def binary(score, truth, **columns):
    classes = ("no", "yes")
    probabilities = np.column_stack([1 - score, score])
    scored = Scored("t", None, truth.astype(int), (score >= 0.5).astype(int), probabilities, None)
    return checked("binary_classification", classes, scored, Threshold(0.5, "version"), columns)


def regression(predicted, truth, **columns):
    scored = Scored("t", None, truth, predicted, None, None)
    return checked("regression", (), scored, Threshold(), columns)


def checked(kind, classes, scored, threshold, columns):
    view = View(
        prediction_type=kind,
        classes=classes,
        positive=classes[1] if len(classes) == 2 else None,
        averaging="weighted",
        gains=Gains(),
        lift_share=0.4,
        confidence=0.95,
    )
    found = FIGURES[kind](view, scored, threshold)
    columns = {name: pa.chunked_array([pa.array(each)]) for name, each in columns.items()}
    part = Part(columns, {name: grouped(each) for name, each in columns.items()}, scored)
    told = diagnose(
        view, scored, found.intake, found.metrics(), rejected=0, part=part, threshold=0.5
    )
    return {each.code: each for each in told}


@pytest.fixture(scope="module")
def fair():
    """Scores that come true, and features of which none gives anything away."""
    random = draw()
    age, plan = (
        random.integers(18, 90, ROWS),
        np.array(["a", "b", "c"])[random.integers(0, 3, ROWS)],
    )
    score = np.clip(0.1 + age / 150 + random.normal(0, 0.1, ROWS), 0.01, 0.99)
    return score, random.random(ROWS) < score, {"age": age, "plan": plan}


def test_a_model_that_is_as_it_should_be(fair):
    score, truth, columns = fair
    told = binary(score, truth, **columns)
    assert {code for code, each in told.items() if each.outcome != "ok"} == set()
    assert told.keys() == {code for code in TITLES if code < "E5"} - {"E105"}
    assert all(not each.advice for each in told.values())


@pytest.mark.parametrize("leak", ["number", "not monotone", "text"])
def test_a_feature_that_gives_the_truth_away(fair, leak):
    score, truth, columns = fair
    noise = draw().normal(0, 0.05, ROWS)
    leaks = {
        "number": noise - truth,
        "not monotone": np.where(truth, noise, np.where(noise > 0, 1, -1) + noise),
        "text": np.where(truth, "left", "stays"),
    }
    found = binary(score, truth, **columns, later=leaks[leak])["E201"]
    assert (found.outcome, "later" in found.evidence) == ("warning", True)
    assert "age" not in found.evidence


def test_a_column_alone_against_others():
    random = draw()
    value = random.normal(size=ROWS)
    truth = random.random(ROWS) < 1 / (1 + np.exp(-2 * value))
    codes = by_number(value).codes
    assert area_alone(truth, codes, value) == pytest.approx(sklearn.roc_auc_score(truth, value))
    assert area_alone(truth, codes, -value) == pytest.approx(area_alone(truth, codes, value))
    assert area_alone(truth[:30], codes[:30], value[:30]) is None
    unique = np.arange(ROWS)
    assert area_alone(random.random(ROWS) < 0.5, unique, None) == 0.5, "an id learns nothing"
    target = 3 * value + random.normal(size=ROWS)
    line = np.corrcoef(value, target)[0, 1] ** 2
    assert r2_alone(target, codes, value) == pytest.approx(line)
    assert r2_alone(value**2, codes, value) > 0.6
    assert r2_alone(np.ones(ROWS), codes, value) is None
    rows = random.dirichlet(np.ones(4), 50)
    assert expected_surprise(rows) == pytest.approx(entropy(rows, axis=1))


def test_what_is_no_better_than_guessing(fair):
    score, truth, columns = fair
    assert binary(1 - score, truth, **columns)["E202"].outcome == "error"
    shuffled = draw().permutation(score)
    assert binary(shuffled, truth, **columns)["E202"].outcome in {"warning", "error"}
    mean = regression(np.full(ROWS, 5.0), draw().normal(4, 1, ROWS))
    assert mean["E202"].outcome == "error"
    confident = np.where(score > 0.5, 0.999, 0.001)
    found = binary(confident, truth, **columns)["E202"]
    assert found.title == "Probabilities are worse than the rates of the classes"
    loss = sklearn.log_loss(truth, np.full(ROWS, truth.mean()))
    assert f"{loss:.3f} if every row" in found.evidence


def test_probabilities_that_do_not_come_true(fair):
    score, truth, columns = fair
    assert binary(np.clip(score + 0.1, 0, 1), truth, **columns)["E302"].outcome == "warning"
    assert binary(score / 2, truth, **columns)["E302"].outcome == "error"


def test_a_region_in_which_nothing_is_told_apart(fair):
    score, truth, columns = fair
    stuck = np.where(columns["plan"] == "b", score.mean(), score)
    found = binary(stuck, truth, **columns)["E204"]
    assert (found.outcome, "plan is b" in found.evidence) == ("warning", True)
    target = draw().normal(size=ROWS)
    assert regression(np.full(ROWS, 0.1), target, **columns)["E204"].outcome == "error"


def test_a_slice_that_loses_more_than_it_should(fair):
    score, truth, columns = fair
    wrong = np.where(columns["plan"] == "b", 1 - score, score)
    flipped = np.where((columns["plan"] == "b") & (draw().random(ROWS) < 0.6), ~truth, truth)
    for some, real in ((wrong, truth), (score, flipped)):
        found = binary(some, real, **columns)["E401"]
        assert (found.outcome, "plan b" in found.evidence) == ("warning", True)


@pytest.mark.parametrize(
    ("first", "outcome"), [(11, "ok"), (10, "warning"), (4, "error"), (None, "not_applicable")]
)
def test_rows_that_are_as_old_as_the_training_data(yard, tmp_path, first, outcome):
    trained, tested = tmp_path / "trained.csv", tmp_path / "tested.csv"
    days = [f"2026-01-{day:02}" for day in range(1, 31)]
    trained.write_text("day\n" + "\n".join(days[:10]))
    lines = [f"{day},{at},{at + at % 2}" for at, day in enumerate(days[(first or 1) - 1 :][:10])]
    tested.write_text("\n".join(["day,truth,guess", *lines]))
    named = {"training": str(trained), "time": "day"} if first else {}
    scored = {"prediction": "guess", "prediction_type": "regression", "target": "truth"}
    found = yard.evaluations.standalone(dataset=str(tested), **scored, **named)
    told = {each.code: each for each in found.checks}["E105"]
    assert told.outcome == outcome
    assert first is None or "2026-01-10" in told.evidence
    if first == 4:
        assert told.evidence.startswith("7 of 10 rows")
        for wrong, said in (
            ({"training": str(trained)}, "go together"),
            (
                {"training": str(trained), "time": "guess"},
                "'guess'",
            ),
        ):
            with pytest.raises(errors.Invalid, match=said):
                yard.evaluations.standalone(dataset=str(tested), **scored, **wrong)


def test_evaluations_that_were_kept_before_open(yard, evaluate, rows):
    found = evaluate(rows)
    body = json.loads(found.model_dump_json())
    del body["checks"]
    body["diagnostics"] = [
        {"code": code, "severity": "warning", "title": "Odd", "detail": "12 rows"}
        for code in CALLED_BEFORE
    ]
    old = Evaluation.model_validate_json(json.dumps(body))
    assert [each.code for each in old.diagnostics] == list(CALLED_BEFORE.values())
    assert {(each.evidence, each.outcome) for each in old.checks} == {("12 rows", "warning")}
    assert all(each.advice for each in old.checks)
    assert Evaluation.model_validate_json(old.model_dump_json()) == old
