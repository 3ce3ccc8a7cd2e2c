"""What forms of scenarios ask for, and what commands take: a schedule and steps, there and back."""

from __future__ import annotations

import pytest

from modelyard.jobs.scenarios.types import Step
from modelyard.web.pages.scenario_forms import become, does, shown_schedule, shown_step


@pytest.mark.parametrize(
    ("cron", "every"),
    [
        ("", "hand"),
        ("0 * * * *", "hour"),
        ("30 22 * * *", "day"),
        ("5 0 * * 0", "week"),
        ("0 6 31 * *", "month"),
        ("0 6 * * MON-FRI", "cron"),
        ("0 6 1 * 1", "cron"),
        ("0 24 * * *", "cron"),
        ("60 6 * * *", "cron"),
        ("0 6 0 * *", "cron"),
        ("0 6 32 * *", "cron"),
        ("0 6 * * XYZ", "cron"),
        ("15 * * * *", "cron"),
        ("0 0 6 * * *", "cron"),
    ],
)
def test_a_schedule_is_shown_and_becomes_the_same_line_of_cron(cron, every):
    shown = shown_schedule(cron)
    assert shown["every"] == every
    assert become(shown) == ({"cron": cron}, [])


@pytest.mark.parametrize(
    ("cron", "same"), [("0 6 * * MON", "0 6 * * 1"), ("00 06 * * 7", "0 6 * * 0")]
)
def test_other_words_for_a_day_are_read(cron, same):
    assert become(shown_schedule(cron)) == ({"cron": same}, [])


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"every": "day"}, "at"),
        ({"every": "day", "at": "25:00"}, "at"),
        ({"every": "month", "at": "06:00", "monthday": "0"}, "monthday"),
        ({"every": "month", "at": "06:00", "monthday": None}, "monthday"),
        ({"every": "cron"}, "cron"),
        ({"steps": [{"name": "x"}]}, "steps.0.does"),
        ({"steps": [{"does": "other", "arguments": {}}]}, "steps.0.command"),
    ],
)
def test_what_is_missing_is_told_at_its_field(typed, field):
    assert [fault["field"] for fault in become(typed)[1]] == [field]


def test_a_step_that_runs_a_recipe_is_a_choice_and_any_other_is_json():
    run = Step(command="recipes.run", arguments={"name": "nightly"}, retries=2)
    shown = shown_step(run, ["nightly"])
    assert shown["does"] in dict(does(["nightly"]))
    again = become({"steps": [shown]})[0]["steps"]
    assert [Step.model_validate(each) for each in again] == [run]
    elsewhere = run.model_copy(update={"arguments": {"name": "nightly", "project": "other"}})
    for step, recipes in ((run, []), (elsewhere, ["nightly"])):
        shown = shown_step(step, recipes)
        assert shown["does"] == "other"
        again = become({"steps": [shown]})[0]["steps"]
        assert [Step.model_validate(each) for each in again] == [step]
