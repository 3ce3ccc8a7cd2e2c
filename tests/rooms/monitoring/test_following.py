"""Following a model: a scenario that evaluates and checks it, and an alert about both."""

from __future__ import annotations

import pytest

from modelyard import errors

LAST_WEEK = "day >= '${last_week_start}' AND day < '${week_start}'"


@pytest.fixture
def followed(alerting, hook):
    yard = alerting.yard
    yard.models.create(name="churn", prediction_type="binary_classification")
    yard.stores.create(name="weekly")
    yard.checks.create(store="weekly", name="good", kind="range", metric="auc", min=0.7)
    yard.alerts.create(name="team", webhook=hook.url, only=("model:other",))
    return yard


def test_five_lines_make_a_scenario_and_wire_the_alert(followed):
    made = followed.monitoring.follow(
        model="churn",
        dataset="last-${date}.csv",
        where=LAST_WEEK,
        store="weekly",
        alert="team",
        label={"week": "${date}", "region": "${region}"},
        parameters={"region": "north"},
    )
    assert (made.scenario, made.cron, made.checks) == ("follow-churn", "0 6 * * MON", 1)
    scenario = followed.scenarios.show(name="follow-churn")
    first, second = scenario.steps
    assert first.command == "evaluations.run"
    assert first.arguments["dataset"] == "last-${date}.csv"
    assert first.arguments["where"] == LAST_WEEK
    assert (second.command, second.arguments) == (
        "checks.run",
        {"store": "weekly", "evaluation": "${step.1.id}", "fail_on": "never"},
    )
    assert made.next_run.isoweekday() == 1
    only = followed.alerts.show(name="team").only
    assert only == ("model:other", "model:churn", "scenario:follow-churn")


def test_a_store_that_checks_each_evaluation_is_checked_once(followed):
    followed.stores.update(name="weekly", check_each="note")
    followed.monitoring.follow(model="churn", dataset="a.csv", store="weekly")
    (step,) = followed.scenarios.show(name="follow-churn").steps
    assert step.command == "evaluations.run"


def test_an_alert_about_everything_stays_so(followed):
    followed.alerts.update(name="team", only=())
    followed.monitoring.follow(model="churn", dataset="a.csv", store="weekly", alert="team")
    assert followed.alerts.show(name="team").only == ()


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ({"model": "chrun"}, errors.NotFound, "churn"),
        ({"store": "nowhere"}, errors.NotFound, "nowhere"),
        ({"alert": "nobody"}, errors.NotFound, "nobody"),
        ({"cron": "often"}, errors.Invalid, "no line of cron"),
        ({"dataset": "${week}.csv"}, errors.Invalid, "stands for nothing"),
    ],
)
def test_what_cannot_be_followed_makes_nothing(followed, given, error, said):
    asked = {"model": "churn", "dataset": "a.csv", "store": "weekly", "alert": "team"}
    with pytest.raises(error, match=said):
        followed.monitoring.follow(**asked | given)
    assert [each.name for each in followed.scenarios.list()] == ["nightly"]
    assert followed.alerts.show(name="team").only == ("model:other",)
