"""Checks and what came of them, with the rows in SQLite and in PostgreSQL."""

from __future__ import annotations

from datetime import timedelta

import pytest

import modelyard
from modelyard import errors
from modelyard.kernel.values import now
from modelyard.monitoring import repository
from modelyard.monitoring.types import CheckResult


@pytest.fixture
def yard(database_url, tmp_path, monkeypatch):
    monkeypatch.setenv("MODELYARD_DATABASE", database_url)
    yard = modelyard.open(tmp_path / "yard", actor="tester")
    for store in ("monthly", "weekly"):
        yard.stores.create(name=store)
        for each in ("first", "second"):
            yard.evaluations.add(store=store, id=f"{store}_{each}", metric={"auc": 0.7})
        for name in ("good", "usual"):
            yard.checks.create(store=store, name=name, kind="range", metric="auc", min=0.6)
    yield yard
    yard.close()


def result(yard, store, check, evaluation, outcome, **more):
    found = yard.evaluations.show(id=f"{store}_{evaluation}")
    return CheckResult(
        **{
            "id": f"{check}-{evaluation}-{len(more)}",
            "project": "default",
            "store": store,
            "check": check,
            "kind": "range",
            "version": 1,
            "evaluation": found.id,
            "evaluated": found.created,
            "outcome": outcome,
            "created": now(),
            **more,
        }
    )


def latest(yard, *of):
    with yard.open().read() as db:
        found = repository.latest(db, *of)
    return {(each.store, each.check): each.outcome for each in found}


def test_the_latest_result_is_that_on_the_newest_evaluation(yard):
    later = now() + timedelta(hours=1)
    with yard.open().begin() as db:
        repository.keep(
            db,
            [
                result(yard, "monthly", "good", "second", "ok"),
                result(yard, "monthly", "good", "first", "error", created=later),
                result(yard, "monthly", "usual", "first", "warning"),
            ],
        )
    assert latest(yard, "default", "monthly") == {
        ("monthly", "good"): "ok",
        ("monthly", "usual"): "warning",
    }
    with yard.open().begin() as db:
        again = result(yard, "monthly", "good", "second", "error", created=later)
        repository.keep(db, [again, result(yard, "weekly", "good", "first", "empty", id="other")])
    assert latest(yard) == {
        ("monthly", "good"): "error",
        ("monthly", "usual"): "warning",
        ("weekly", "good"): "empty",
    }
    assert latest(yard, "default", "weekly") == {("weekly", "good"): "empty"}
    assert latest(yard, "elsewhere") == {}
    listed = [(each.store, each.name, each.outcome) for each in yard.checks.list()]
    assert listed == [
        ("monthly", "good", "error"),
        ("monthly", "usual", "warning"),
        ("weekly", "good", "empty"),
        ("weekly", "usual", None),
    ]
    assert [each.name for each in yard.checks.list(store="weekly")] == ["good", "usual"]


def test_results_go_with_the_evaluation_and_with_the_store(yard):
    with yard.open().begin() as db:
        repository.keep(db, [result(yard, "monthly", "good", "second", "ok")])
    yard.evaluations.delete(id="monthly_second")
    assert latest(yard) == {}
    gone = result(yard, "monthly", "good", "first", "ok")
    yard.stores.delete(name="monthly")
    assert {each.store for each in yard.checks.list()} == {"weekly"}
    with pytest.raises(errors.Conflict, match="deleted meanwhile"), yard.open().begin() as db:
        repository.keep(db, [gone])
    with pytest.raises(errors.NotFound, match="'monthly'"):
        yard.checks.list(store="monthly")


def test_a_name_is_taken_once_in_a_store(yard):
    with pytest.raises(errors.Conflict, match="a check 'good' already"):
        yard.checks.create(store="weekly", name="good", kind="numbered")
    with pytest.raises(errors.NotFound, match="'yearly'"):
        yard.checks.create(store="yearly", name="good", kind="numbered")


def test_a_store_checks_each_evaluation_that_goes_into_it(yard):
    assert yard.stores.update(name="weekly", check_each="fail").check_each == "fail"
    yard.evaluations.add(store="weekly", id="well", metric={"auc": 0.65})
    with pytest.raises(errors.Failed, match="2 of 2 checks of weekly failed on") as failed:
        yard.evaluations.add(store="weekly", id="badly", metric={"auc": 0.5})
    assert failed.value.context["outcomes"] == {"good": "error", "usual": "error"}
    yard.stores.update(name="weekly", description="of each week", check_each="note")
    yard.evaluations.add(store="weekly", id="noted", metric={"auc": 0.5})
    yard.evaluations.add(store="monthly", id="unlooked", metric={"auc": 0.5})
    yard.stores.create(name="empty", check_each="fail")
    yard.evaluations.add(store="empty", id="free", metric={"auc": 0.5})
    told = [(each.evaluation, each.outcome) for each in yard.checks.history(store="weekly")]
    assert told == [("noted", "error")] * 2 + [("badly", "error")] * 2 + [("well", "ok")] * 2
    assert yard.checks.history(store="monthly") == []
    assert yard.stores.show(name="weekly").evaluations == 5
