"""How things are, and why: told from what was last found of them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from modelyard import errors
from modelyard.kernel.values import now
from modelyard.monitoring import repository as checks
from modelyard.monitoring.types import CheckResult


@pytest.fixture
def stored(alerting):
    """A store `weekly` with an evaluation of the model `churn` and a check `good`."""
    yard = alerting.yard
    yard.models.create(name="churn", prediction_type="binary_classification")
    yard.models.create(name="alone", prediction_type="regression")
    for store in ("weekly", "other"):
        yard.stores.create(name=store)
        yard.checks.create(store=store, name="good", kind="range", metric="auc", min=0.7)
    made = yard.evaluations.add(store="weekly", metric={"auc": 0.8}, model="churn")
    other = yard.evaluations.add(store="other", metric={"auc": 0.8})
    ids = {"weekly": made.id, "other": other.id}
    at = now()

    def find(store, outcome, minutes, message=""):
        found = CheckResult(
            id=f"r{minutes}{store}",
            project="default",
            store=store,
            check="good",
            kind="range",
            version=1,
            evaluation=ids[store],
            evaluated=at,
            outcome=outcome,
            message=message,
            created=at + timedelta(minutes=minutes),
        )
        with yard.open().begin() as db:
            checks.keep(db, [found])

    return find


def test_a_model_is_as_the_worst_latest_check_of_the_stores_with_evaluations_of_it(
    alerting, stored
):
    assert alerting.status("model", "churn").status == "none"
    for minutes, (outcome, status) in enumerate(
        [("error", "error"), ("ok", "healthy"), ("empty", "warning"), ("warning", "warning")]
    ):
        stored("weekly", outcome, minutes, "auc is 0.6")
        assert alerting.status("store", "weekly").status == status
        assert alerting.status("model", "churn").status == status
    assert alerting.status("model", "churn").why == "in weekly, good: auc is 0.6"
    assert alerting.status("model", "alone").status == "none"
    stored("other", "error", 9, "auc is 0.1")  # no evaluation of churn is in it
    assert alerting.status("model", "churn").status == "warning"
    whole = alerting.status("project", "default")
    assert (whole.status, whole.why) == ("error", "store other: good: auc is 0.1")
    assert (whole.by.kind, whole.by.name, whole.by.check) == ("store", "other", "good")
    assert [each.status for each in alerting.yard.monitoring.show()][:2] == ["error", "error"]


def test_a_scenario_is_as_its_last_run_that_ended(alerting):
    def status():
        return alerting.status("scenario", "nightly")

    assert (status().status, status().why) == ("none", "it never ran")
    alerting.scenario("failed")
    assert (status().status, status().why) == ("error", "step 1 (look) failed: no rows")
    alerting.scenario("running")
    assert status().status == "error"
    alerting.scenario("skipped", "run x was still under way")
    assert status().status == "error"
    alerting.rename_last("succeeded")
    assert status().status == "warning"
    assert status().why == "its last run was skipped: run x was still under way"
    alerting.scenario("succeeded")
    assert status().status == "healthy"
    alerting.yard.scenarios.update(name="nightly", disabled=True)
    assert (status().status, status().why) == ("none", "it is disabled")


def test_since_when_it_is_so_stays_as_long_as_it_is(alerting):
    alerting.scenario("failed")
    alerting.notice()
    first = alerting.status("scenario", "nightly").since
    alerting.pass_(600)
    alerting.scenario("failed")
    assert alerting.notice() == 0
    assert alerting.status("scenario", "nightly").since == first
    assert first.timestamp() == alerting.now - 600


def test_what_is_gone_is_forgotten_and_begins_anew(alerting, hook):
    alerting.yard.alerts.create(name="team", webhook=hook.url, only=("model",))
    alerting.yard.models.create(name="churn", prediction_type="regression")
    assert alerting.notice() == 3  # the project and the scenario, too
    alerting.yard.models.delete(name="churn")
    alerting.notice()
    alerting.yard.models.create(name="churn", prediction_type="regression")
    assert alerting.notice() == 1
    assert alerting.states() == []


def test_shows_what_was_asked_for(alerting):
    assert {each.kind for each in alerting.yard.monitoring.show(kind="scenario")} == {"scenario"}
    assert len(alerting.yard.monitoring.show(project="default")) == 2
    with pytest.raises(errors.NotFound):
        alerting.yard.monitoring.show(project="nowhere")
