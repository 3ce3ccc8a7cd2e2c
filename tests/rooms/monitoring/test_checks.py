"""Checks: what comes of each kind, and what is done with it."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

import numpy as np
import pytest
from tests.contracts.test_stores import made

from modelyard import errors
from modelyard.analysis.types import Metric
from modelyard.analysis.typical import typical_band
from modelyard.monitoring.types import CheckSettings

BOUNDS = {"kind": "range", "metric": "auc", "min": 0.6, "soft_min": 0.7, "soft_max": 0.9, "max": 1}


@pytest.fixture
def store(yard):
    yard.stores.create(name="monthly")
    return "monthly"


def add(yard, identifier, auc, **more):
    return yard.evaluations.add(store="monthly", id=identifier, metric={"auc": auc}, **more)


def outcome(yard, *definitions, **asked):
    found = yard.checks.run(
        store="monthly",
        definitions=tuple(CheckSettings(**each) for each in definitions),
        fail_on="never",
        **asked,
    )
    assert len(found.results) == len(definitions)
    return found.results[0]


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.59, "error"), (0.6, "warning"), (0.69, "warning"), (0.7, "ok"), (0.9, "ok"),
     (0.91, "warning"), (1, "warning"), (1.01, "error")],
)  # fmt: skip
def test_a_value_is_within_its_bounds(yard, store, value, expected):
    add(yard, "e", value)
    found = outcome(yard, BOUNDS)
    assert (found.outcome, found.value) == (expected, value)


def test_a_metric_that_no_evaluation_has_is_empty_with_its_reason(yard, store):
    add(yard, "e", 0.7)
    for kind in ({**BOUNDS, "metric": "lift"}, {"kind": "typical", "metric": "lift"}):
        found = outcome(yard, kind)
        assert found.outcome == "empty"
        assert "no metric 'lift'; there are: auc" in found.evidence


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"metric": "auc", "values": ("0.7", "1")}, "ok"),
        ({"metric": "auc", "values": ("0.8",)}, "error"),
        ({"label": "month", "values": ("may", "june")}, "ok"),
        ({"label": "month", "values": ("june",)}, "error"),
        ({"label": "year", "values": ("2026",)}, "empty"),
    ],
)
def test_a_value_is_among_those_that_are_allowed(yard, store, asked, expected):
    add(yard, "e", 0.7, label={"month": "may"})
    assert outcome(yard, {"kind": "values", **asked}).outcome == expected


def test_quartiles_are_those_of_others():
    values = np.random.default_rng(3).normal(size=41).tolist()
    band = typical_band(values)
    lower, _, upper = statistics.quantiles(values, n=4, method="inclusive")
    assert band.fences(0) == pytest.approx((lower, upper))
    assert band.fences(2) == pytest.approx((3 * lower - 2 * upper, 3 * upper - 2 * lower))
    assert typical_band(values[:2]) is None


def test_what_is_usual_is_learned_from_those_before(yard, store):
    usual = {"kind": "typical", "metric": "auc"}
    for number, value in enumerate((0.70, 0.72)):
        add(yard, f"e{number}", value)
    assert outcome(yard, usual).outcome == "warning", "nothing is usual yet"
    for number, value in enumerate((0.74, 0.76, 0.78), 2):
        add(yard, f"e{number}", value)
    # Before the last: 0.70, 0.72, 0.74, 0.76: quartiles 0.715 and 0.745, 1.5 times 0.03 beyond.
    assert outcome(yard, usual).outcome == "ok"
    assert outcome(yard, {**usual, "soft_k": 1, "hard_k": 3}).outcome == "warning"
    assert outcome(yard, {**usual, "soft_k": 0.5, "hard_k": 1}).outcome == "error"
    found = outcome(yard, usual)
    assert "of 4 evaluations before it, 0.670 to 0.790 is usual" in found.evidence
    assert "of 3 evaluations" in outcome(yard, {**usual, "runs": 3}).evidence
    assert outcome(yard, {**usual, "days": 1}).outcome == "ok"
    assert outcome(yard, usual, evaluation="e0").outcome == "warning"


def test_really_worse_is_told_from_chance(yard, store):
    def kept(identifier, day, low, value, high):
        auc = Metric(code="auc", value=value, low=low, high=high)
        made(yard, "default", identifier, day, store="monthly", metrics={"auc": auc})

    worse = {"kind": "significance", "metric": "auc"}
    kept("first", 1, 0.78, 0.80, 0.82)
    assert outcome(yard, worse).outcome == "not_applicable", "it is the first of all"
    for day, (value, expected) in enumerate([(0.79, "ok"), (0.70, "error"), (0.90, "ok")], 2):
        kept(f"e{day}", day, value - 0.02, value, value + 0.02)
        assert outcome(yard, worse).outcome == expected, value
    # The limits are those of two independent normal estimates: 0.1 give or take 0.02 √2.
    edge = 0.1 - 0.02 * 2**0.5
    assert outcome(yard, {**worse, "margin": edge - 1e-6}, evaluation="e3").outcome == "error"
    assert outcome(yard, {**worse, "margin": edge + 1e-6}, evaluation="e3").outcome == "warning"


def test_drift_that_was_not_computed_is_empty(yard, store):
    add(yard, "e", 0.7)
    assert outcome(yard, {"kind": "drift"}).outcome == "empty"
    found = outcome(yard, {"kind": "drift", "metric": "dataDrift", "max": 0.6})
    assert found.outcome == "empty"
    yard.evaluations.add(store="monthly", id="moved", metric={"dataDrift": 0.8})
    assert outcome(yard, {"kind": "drift", "metric": "dataDrift", "max": 0.6}).outcome == "error"


def test_code_decides_by_what_it_is_given(yard, store):
    add(yard, "first", 0.7, label={"month": "may"})
    add(yard, "second", 0.8)
    code = """
def check(metrics, labels, history, evaluation, intervals):
    assert intervals == {"auc": [None, None]} and evaluation["id"] == "second", evaluation
    assert history[0]["labels"]["month"] == "may"
    gain = metrics["auc"] - history[-1]["metrics"]["auc"]
    return "Warning", f"it rose by {gain:.2f}"
"""
    found = outcome(yard, {"kind": "python", "code": code})
    assert (found.outcome, found.evidence) == ("warning", "it rose by 0.10")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("raise ValueError('no')", "raised ValueError: no"),
        ("raise SystemExit(0)", "raised SystemExit"),
        ("return 7", "returned 7; it has to return one of 'ok'"),
        ("return 'fine'", "returned 'fine'"),
        ("return 'ok', 3", "returned ('ok', 3)"),
        ("while True: pass", "stopped"),
        ("import os; os.kill(os.getpid(), 9)", "killed by signal 9"),
        ("return 'ok', str(len(bytearray(3 << 30)))", "memory"),
        ("import os; os.environ['MODELYARD_TOKEN']", "KeyError"),
    ],
)
def test_code_that_fails_is_an_error_with_its_reason(yard, store, monkeypatch, body, said):
    monkeypatch.setenv("MODELYARD_TOKEN", "s3cret")
    add(yard, "e", 0.7)
    code = f"def check(metrics):\n    {body}"
    found = outcome(yard, {"kind": "python", "code": code, "seconds": 2})
    assert found.outcome == "error"
    assert said.casefold() in found.message.casefold()
    assert "s3cret" not in found.model_dump_json()


def test_code_leaves_no_process_behind(yard, store, tmp_path):
    add(yard, "e", 0.7)
    code = f"""
import os, time
def check():
    if os.fork() == 0:
        open({str(tmp_path / "child")!r}, "w").write(str(os.getpid()))
        time.sleep(60)
        os._exit(0)
    while not os.path.exists({str(tmp_path / "child")!r}):
        time.sleep(0.01)
    return "ok"
"""
    assert outcome(yard, {"kind": "python", "code": code}).outcome == "ok"
    child = int((tmp_path / "child").read_text() or 0)
    for _ in range(100):
        if not Path(f"/proc/{child}").exists():
            return
        time.sleep(0.1)
    pytest.fail("its child lives on")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("def check(", "no Python"),
        ("def other(): pass", "no function 'check'"),
        ("def check(rows): pass", "takes 'rows', which it is not given"),
    ],
)
def test_code_that_could_not_run_is_refused_at_once(yard, store, code, said):
    with pytest.raises(errors.Invalid, match=said):
        yard.checks.create(store=store, name="c", kind="python", code=code)
    assert yard.checks.list() == []


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"kind": "range", "metric": "auc"}, "needs one of min"),
        ({"kind": "range", "min": 0.5}, "needs the code of a metric"),
        ({**BOUNDS, "min": 0.8}, "bounds have to rise"),
        ({**BOUNDS, "margin": 1}, "takes no margin"),
        ({"kind": "values", "metric": "auc"}, "those that are allowed"),
        ({"kind": "drift", "metric": "auc", "max": 1}, "metrics of drift are"),
        ({"kind": "typical", "metric": "auc", "soft_k": 5}, "would never warn"),
        ({"kind": "python"}, "needs code"),
    ],
)
def test_what_makes_no_sense_is_refused(yard, store, asked, said):
    with pytest.raises(errors.Invalid, match=said):
        yard.checks.create(store=store, name="c", **asked)


def test_results_are_kept_and_a_failing_run_says_so(yard, store):
    yard.checks.create(store=store, name="good", labels=("daily",), **BOUNDS)
    yard.checks.create(store=store, name="usual", kind="typical", metric="auc")
    yard.checks.create(store=store, name="off", kind="range", metric="auc", min=2, disabled=True)
    with pytest.raises(errors.NotFound, match="no evaluation that could be checked"):
        yard.checks.run(store=store)
    add(yard, "e", 0.5)
    with pytest.raises(errors.Failed, match=r"1 of 2 checks .* good: Below its minimum") as raised:
        yard.checks.run(store=store)
    assert raised.value.context["outcomes"] == {"good": "error", "usual": "warning"}
    assert raised.value.context["outcome"] == "error"
    found = yard.checks.run(store=store, checks=("usual",))
    assert (found.outcome, len(found.results)) == ("warning", 1)
    with pytest.raises(errors.Failed):
        yard.checks.run(store=store, checks=("usual",), fail_on="warning")
    with pytest.raises(errors.Failed, match="1 of 1 check "):
        yard.checks.run(store=store, labels=("daily",))
    history = yard.checks.history(store=store)
    assert [each.check for each in history] == ["good", "usual", "usual", "usual", "good"]
    assert [each.outcome for each in yard.checks.history(store=store, check="good")] == [
        "error"
    ] * 2
    assert yard.checks.history(store=store, outcome="ok") == []
    outcome(yard, BOUNDS)
    assert len(yard.checks.history(store=store)) == 5, "a definition leaves nothing"
    with pytest.raises(errors.NotFound, match="'god'"):
        yard.checks.run(store=store, checks=("god",))
    with pytest.raises(errors.NotFound, match="'nightly'"):
        yard.checks.run(store=store, labels=("nightly",))
    with pytest.raises(errors.NotFound, match="'nowhere'"):
        yard.checks.run(store="nowhere")


def test_a_change_makes_another_version(yard, store):
    yard.checks.create(store=store, name="good", **BOUNDS)
    add(yard, "e", 0.65)
    yard.checks.run(store=store)
    assert yard.checks.update(store=store, name="good", description="enough").version == 1
    changed = yard.checks.update(store=store, name="good", soft_min=None, max=2)
    assert (changed.version, changed.soft_min, changed.max, changed.min) == (2, None, 2, 0.6)
    assert changed == yard.checks.show(store=store, name="good")
    yard.checks.run(store=store)
    found = yard.checks.history(store=store, check="good")
    assert [(each.version, each.outcome) for each in found] == [(2, "ok"), (1, "warning")]
    with pytest.raises(errors.Invalid, match="bounds have to rise"):
        yard.checks.update(store=store, name="good", min=3)
    with pytest.raises(errors.Invalid, match="takes no margin"):
        yard.checks.update(store=store, name="good", margin=1)
    yard.checks.delete(store=store, name="good")
    assert yard.checks.history(store=store) == []
    with pytest.raises(errors.NotFound, match="'good'"):
        yard.checks.show(store=store, name="good")
