"""What a run of a scenario knows: days as of its own, and what its steps gave."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pandas as pd
import pytest

from modelyard import errors
from modelyard.jobs.scenarios.parameters import GIVEN, dates_of
from modelyard.jobs.scenarios.results import given_by, open_to, unmet
from modelyard.jobs.scenarios.types import Step
from modelyard.verbs import CATALOG


@pytest.mark.parametrize("first", [date(2026, 11, 20), date(2026, 12, 25), date(2024, 2, 25)])
def test_days_of_weeks_and_months_are_those_of_pandas(first):
    for day in (first + timedelta(days=n) for n in range(15)):
        week, month = pd.Timestamp(day).to_period("W-SUN"), pd.Timestamp(day).to_period("M")
        assert dates_of(day) == {
            "date": str(day),
            "yesterday": f"{pd.Timestamp(day) - pd.Timedelta(days=1):%Y-%m-%d}",
            "week_start": f"{week.start_time:%Y-%m-%d}",
            "last_week_start": f"{(week - 1).start_time:%Y-%m-%d}",
            "last_week": f"{(week - 1).start_time:%G-W%V}",
            "month_start": f"{month.start_time:%Y-%m-%d}",
            "last_month_start": f"{(month - 1).start_time:%Y-%m-%d}",
            "last_month": str(month - 1),
        }
        assert dates_of(day).keys() <= set(GIVEN)


EVALUATE = Step(command="evaluations.run", arguments={"model": "m", "dataset": "d"})


def asking(*names, **only_if):
    given = {f"a{n}": f"x ${{{name}}}" for n, name in enumerate(names)}
    return Step(command="checks.run", arguments=given, only_if=only_if)


def test_steps_ask_for_what_those_before_them_give():
    later = asking("step.1.id", "step.1.metrics.auc.value", "step.1.state", "date")
    wanted = {"step.1.id": None, "step.1.metrics.auc.value": None, "step.1.state": None}
    assert open_to(2, (EVALUATE, later), CATALOG) == wanted
    waiting = Step(command="checks.run", only_if={"step.2.outcomes.a.b": "ok"})
    assert open_to(3, (EVALUATE, later, waiting), CATALOG) == {"step.2.outcomes.a.b": None}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("step.2.outcome", "step 2 does not come before this one"),
        ("step.9.outcome", "step 9 does not come before this one"),
        ("step.1.outcome", "evaluations.run gives no such thing; it gives: .*id"),
    ],
)
def test_what_no_step_before_it_gives_is_refused(name, said):
    with pytest.raises(errors.Invalid, match=said):
        open_to(2, (EVALUATE, asking(name)), CATALOG)


def test_results_are_kept_as_far_as_they_are_asked_for():
    later = asking("step.1.id", "step.1.metrics.auc.value", "step.1.nothing", "step.2.id")
    result = json.dumps({"id": "e1", "metrics": {"auc": {"value": 0.7}}, "rows": [1] * 1000})
    steps = (EVALUATE, later)
    wanted = {"step.1.id": "e1", "step.1.metrics.auc.value": 0.7}
    assert given_by(1, steps, "succeeded", result, None) == wanted
    assert given_by(1, (EVALUATE,), "succeeded", "not looked at", None) == {}
    assert given_by(1, (EVALUATE, asking("step.1.state")), "succeeded", "[1]", None) == {
        "step.1.state": "succeeded"
    }
    failed = json.dumps({"code": "failed", "context": {"outcomes": {"a.b": "error"}}})
    steps = (EVALUATE, asking("step.1.outcomes.a.b", "step.1.state"))
    assert given_by(1, steps, "failed", None, failed) == {
        "step.1.outcomes.a.b": "error",
        "step.1.state": "failed",
    }


@pytest.mark.parametrize(
    ("only_if", "said"),
    [
        ({}, ""),
        ({"outcome": "ok"}, ""),
        ({"outcome": ["warning", "ok"], "rows": 3}, ""),
        ({"outcome": ["warning"]}, "outcome is ok"),
        ({"rows": "3"}, "rows is 3"),
        ({"other": None}, "other is not known"),
    ],
)
def test_a_step_runs_only_if(only_if, said):
    assert unmet(Step(command="x.y", only_if=only_if), {"outcome": "ok", "rows": 3}) == said
