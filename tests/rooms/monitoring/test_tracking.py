"""Tracking an endpoint: a dataset of its query log, a store, and a scenario of the last period."""

from __future__ import annotations

import pytest
from tests.rooms.serving.querylog.queries import query

from modelyard import errors
from modelyard.serving.querylog.settings import QueryLogSettings
from modelyard.serving.querylog.writing import QueryLog


@pytest.fixture
def followed(alerting, hook, tmp_path):
    yard = alerting.yard
    yard.models.create(name="churn", prediction_type="binary_classification")
    yard.alerts.create(name="team", webhook=hook.url, only=("model:other",))
    log = QueryLog(tmp_path / "queries", QueryLogSettings())
    log.record(query())
    log.close()

    def follow(**given):
        folder = str(tmp_path / "queries" / "churn-api" / "churn")
        asked = {"name": "live", "log": folder, "model": "churn", "store": "daily"}
        return yard.monitoring.track(**asked | given)

    follow.yard = yard
    return follow


def test_without_a_truth(followed):
    made = followed(alert="team", generation="p1")
    yard = followed.yard
    assert (made.dataset, made.store, made.scenario) == ("live", "daily", "track-live")
    assert (made.cron, made.checks) == ("0 6 * * MON", 0)
    assert [each.name for each in yard.stores.list()] == ["daily"]
    assert yard.datasets.show(dataset="live").format == "query_log"
    assert yard.stores.show(name="daily").check_each == "note"
    [evaluate] = yard.scenarios.show(name="track-live").steps
    assert evaluate.command == "evaluations.run"
    assert evaluate.arguments == {
        "model": "churn",
        "dataset": "live",
        "where": "query_time >= '${last_week_start}' AND query_time < '${week_start}' "
        "AND query_generation = 'p1'",
        "skip_scoring": True,
        "skip_performance": True,
        "store": "daily",
        "label": {"week": "${last_week}"},
    }
    assert yard.alerts.show(name="team").only == (
        "model:other", "model:churn", "scenario:track-live",
    )  # fmt: skip


def test_with_a_truth(followed):
    followed.yard.stores.create(name="daily")
    followed.yard.checks.create(store="daily", name="good", kind="range", metric="auc", min=0.7)
    made = followed(truth="truths.csv", key="context_order", truth_key="order", target="left",
                    period="day", version="v2")  # fmt: skip
    join, evaluate, check = followed.yard.scenarios.show(name=made.scenario).steps
    assert join.command == "datasets.join"
    assert join.arguments == {
        "dataset": "live",
        "other": "truths.csv",
        "key": "context_order",
        "other_key": "order",
        "columns": ["left"],
        "output": "files://live-with-truth.parquet",
    }
    assert evaluate.arguments["dataset"] == join.arguments["output"]
    assert (evaluate.arguments["target"], evaluate.arguments["version"]) == ("left", "v2")
    assert evaluate.arguments["skip_performance"] is False
    assert evaluate.arguments["where"] == "query_time >= '${yesterday}' AND query_time < '${date}'"
    assert (made.cron, check.arguments["evaluation"]) == ("0 6 * * *", "${step.2.id}")


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ({"model": "chrun"}, errors.NotFound, "churn"),
        ({"alert": "nobody"}, errors.NotFound, "nobody"),
        ({"log": "nowhere"}, errors.NotFound, "nowhere"),
        ({"target": "left"}, errors.Invalid, "name them by --truth"),
    ],
)
def test_what_cannot_be_followed_makes_nothing(followed, given, error, said):
    with pytest.raises(error, match=said):
        followed(**given)
    assert (followed.yard.datasets.list(), followed.yard.stores.list()) == ([], [])


def test_what_is_there_is_used_but_for_a_dataset_of_something_else(followed, tmp_path):
    yard = followed.yard
    followed()
    yard.scenarios.delete(name="track-live")
    followed()
    (tmp_path / "a.csv").write_text("a\n1\n")
    yard.datasets.create(name="other", path=str(tmp_path / "a.csv"))
    with pytest.raises(errors.Conflict, match="no query log"):
        followed(name="other")
