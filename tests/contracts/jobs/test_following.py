"""A model that is followed, by real workers: nothing is evaluated or told twice."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pandas as pd
from tests.contracts.jobs.conftest import until
from tests.e2e.models import write_model
from tests.rooms.monitoring.conftest import hook, reaches_here  # noqa: F401

LAST_WEEK = "day >= '${last_week_start}' AND day < '${week_start}'"


def test_ticks_that_overlap_evaluate_and_tell_once(reaches_here, make_place, hook, tmp_path):  # noqa: F811
    today = datetime.now(UTC).date()
    days = [today - timedelta(days=n % 21) for n in range(420)]
    frame = pd.DataFrame({"age": range(420), "fare": 1.0, "late": [n % 2 for n in range(420)]})
    frame.assign(day=days).to_csv(tmp_path / "calls.csv", index=False)
    place = make_place(f"sqlite:///{tmp_path}/yard.db")
    yard, source = place.yard, str(write_model(tmp_path / "model"))
    yard.models.create(name="late", prediction_type="regression")
    yard.versions.import_(model="late", version="v1", source=source, env="local", target="late")
    yard.stores.create(name="weekly")
    yard.checks.create(store="weekly", name="good", kind="range", metric="r2", min=0.99)
    yard.alerts.create(name="team", webhook=hook.url, only=("model:late",))
    for _ in range(2):
        place.worker()
    yard.monitoring.follow(
        model="late",
        dataset=str(tmp_path / "calls.csv"),
        where=LAST_WEEK,
        label={"week": "${last_week}"},
        store="weekly",
        cron="* * * * * *",
    )

    def runs(state):
        return [x for x in yard.scenarios.history(name="follow-late") if x.state == state]

    until(lambda: runs("skipped"))
    yard.scenarios.update(name="follow-late", disabled=True)
    until(lambda: not runs("running"))
    until(hook.came.is_set)
    for looking in [place.worker("--drain") for _ in range(2)]:
        looking.wait()
    ((_, told),) = hook.taken
    (done,) = runs("succeeded")
    assert {each.reason for each in runs("skipped")} == {f"run {done.id} was still under way"}
    (evaluation,) = yard.evaluations.list(store="weekly")
    assert (evaluation.labels["week"], evaluation.rows) == (
        f"{done.started - timedelta(7):%G-W%V}",
        140,
    )
    (result,) = yard.checks.history(store="weekly")
    assert (result.evaluation, result.outcome) == (evaluation.id, "error")
    changes = json.loads(told)["data"]["changes"]
    assert [(each["name"], each["after"]) for each in changes] == [("late", "error")]
