"""What forms of scenarios ask for: steps and schedules to choose; and what a command takes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import time
from typing import Any

from pydantic import Field

from modelyard.jobs.scenarios.commands import ABOUT_STEPS, MOST_STEPS, CreateScenario
from modelyard.jobs.scenarios.types import Step
from modelyard.kernel.values import Value
from modelyard.web.pages.form import Asked, Choices

RUN_RECIPE = "recipes.run"
RECIPE = "recipe "
"""What a choice of a step begins with that runs a recipe; its name follows."""
OTHER = "other"
WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
SCHEDULES: Choices = (
    ("hand", "By hand only, or after another scenario"),
    ("hour", "Every hour"),
    ("day", "Every day"),
    ("week", "Every week"),
    ("month", "Every month"),
    ("cron", "As a line of cron"),
)
DAYS_OF_WEEK: Choices = tuple((str(day % 7), WEEKDAYS[day % 7]) for day in range(1, 8))
SCHEDULE = ("every", "weekday", "monthday", "at")
"""The fields of which a line of cron is made."""
HOURLY = "0 * * * *"
FIRST = {"every": "hand", "weekday": "1", "monthday": 1, "at": "06:00", "cron": ""}
"""What a schedule begins with."""
REGULAR = re.compile(r"(\d{1,2}) (\d{1,2}) (\*|\d{1,2}) \* (\*|[0-7]|[A-Z]{3})")
Faults = list[dict[str, str]]


class Chosen(Value):
    """What a step does, out of a list."""

    does: str = ""


class AskedStep(Step, Chosen):
    """A step as it is asked for; the fields of the last base come first."""


class AskedScenario(CreateScenario):
    """A scenario as it is asked for."""

    steps: tuple[AskedStep, ...] = Field(
        min_length=1, max_length=MOST_STEPS, description=ABOUT_STEPS
    )
    every: str = ""
    weekday: str = ""
    monthday: int | None = Field(default=None, ge=1, le=31)
    at: str = ""


def does(recipes: Sequence[str]) -> Choices:
    """What a step may be chosen to do; nothing where there are no recipes."""
    run = [(f"{RECIPE}{name}", f"Run recipe {name}") for name in recipes]
    return [*run, (OTHER, "Another command")] if run else ()


def shown_step(step: Step, recipes: Sequence[str]) -> dict[str, Any]:
    """A step as it is asked for, where there are these recipes."""
    held = step.model_dump()
    name = step.arguments.get("name")
    if step.command == RUN_RECIPE and step.arguments == {"name": name} and name in recipes:
        return held | {"does": f"{RECIPE}{name}", "command": "", "arguments": {}}
    return held | {"does": OTHER}


def shown_schedule(cron: str) -> dict[str, Any]:
    """A line of cron as it is asked for: as text where it says more than there is to choose."""
    if not cron:
        return FIRST
    if cron == HOURLY:
        return FIRST | {"every": "hour"}
    found = REGULAR.fullmatch(cron.upper())
    chosen = _chosen(*found.groups()) if found is not None else None
    return FIRST | (chosen or {"every": "cron", "cron": cron})


def _chosen(minute: str, hour: str, day: str, weekday: str) -> dict[str, Any] | None:
    """The parts of a line of cron as they are asked for; None if that cannot say them."""
    number = _number_of(weekday)
    if int(minute) > 59 or int(hour) > 23 or number is None:
        return None
    at = {"at": f"{int(hour):02}:{int(minute):02}"}
    if (day, weekday) == ("*", "*"):
        return at | {"every": "day"}
    if day == "*":
        return at | {"every": "week", "weekday": number}
    if weekday == "*" and 1 <= int(day) <= 31:
        return at | {"every": "month", "monthday": int(day)}
    return None


def _number_of(weekday: str) -> str | None:
    """A day of the week as the number that is asked for; None if there is no such day."""
    if weekday == "*":
        return weekday
    if weekday.isdecimal():
        return str(int(weekday) % 7)
    short = [each[:3].upper() for each in WEEKDAYS]
    return str(short.index(weekday)) if weekday in short else None


def become(values: Mapping[str, Any]) -> tuple[dict[str, Any], Faults]:
    """What was asked for, as a command takes it, and what is wrong with it."""
    made = {name: value for name, value in values.items() if name not in SCHEDULE}
    faults: Faults = []
    if "steps" in made:
        made["steps"] = [_step(each, n, faults) for n, each in enumerate(made["steps"])]
    if "every" in values:
        made["cron"] = _cron(values, faults)
    return made, faults


def _step(asked: Mapping[str, Any], number: int, faults: Faults) -> dict[str, Any]:
    chosen = asked.get("does", "")
    step = {name: value for name, value in asked.items() if name != "does"}
    if chosen.startswith(RECIPE):
        name = chosen.removeprefix(RECIPE)
        return step | {"command": RUN_RECIPE, "arguments": {"name": name}}
    if not step.get("command"):
        part = "command" if chosen else "does"
        said = "name the command" if chosen else "choose what it runs"
        faults.append({"field": f"steps.{number}.{part}", "problem": said})
    return step


def _cron(values: Mapping[str, Any], faults: Faults) -> str:
    every = values["every"]
    typed = str(values.get("cron") or "")
    if every == "cron":
        if not typed:
            faults.append({"field": "cron", "problem": "write the line of cron"})
        return typed
    if every not in ("day", "week", "month"):
        return HOURLY if every == "hour" else ""
    try:
        at = time.fromisoformat(str(values.get("at")))
    except ValueError:
        faults.append({"field": "at", "problem": "write a time such as 06:30"})
        return ""
    weekday = str(values.get("weekday")) if every == "week" else "*"
    day = _day(values.get("monthday"), faults) if every == "month" else "*"
    return f"{at.minute} {at.hour} {day} * {weekday}"


def _day(typed: Any, faults: Faults) -> str:
    text = str(typed)
    if not (text.isdecimal() and 1 <= int(text) <= 31):
        faults.append({"field": "monthday", "problem": "write a day from 1 to 31"})
        return "1"
    return str(int(text))


ASKED = Asked(AskedScenario, become)
