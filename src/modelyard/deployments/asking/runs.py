"""Asks the places of a deployed project which scenarios ran there, all at once and not for long."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from modelyard import errors
from modelyard.deployments.asking.types import DeployedRun, DeployedRuns
from modelyard.deployments.drivers.driver import Driver
from modelyard.jobs.scenarios.types import ScenarioRun


@runtime_checkable
class TellsRuns(Driver, Protocol):
    """A driver whose places tell which scenarios of a project ran."""

    def runs(self, place: str, target: str, limit: int) -> Sequence[ScenarioRun]:
        """The newest runs of all scenarios of a project at a place."""
        ...


def runs_at(driver: TellsRuns, target: str, limit: int, seconds: float) -> DeployedRuns:
    """What all places tell within some seconds, the newest runs first."""
    told: dict[str, Sequence[ScenarioRun]] = {}
    problems: dict[str, str] = {}

    def ask(place: str) -> None:
        try:
            told[place] = driver.runs(place, target, limit)
        except errors.ModelyardError as exc:
            problems[place] = exc.detail

    until = time.monotonic() + seconds
    threads = {
        place: threading.Thread(target=ask, args=(place,), daemon=True) for place in driver.places()
    }
    for thread in threads.values():
        thread.start()
    for place, thread in threads.items():
        thread.join(max(0.0, until - time.monotonic()))
        if thread.is_alive():
            problems[place] = f"it did not tell within {seconds:g} s"
        elif place not in told and place not in problems:
            problems[place] = "asking it broke off; the log of this process says why"
    found = [
        DeployedRun(place=place, **each.model_dump(include={*DeployedRun.model_fields}))
        for place in threads
        if place not in problems
        for each in told[place]
    ]
    found.sort(key=lambda each: each.started, reverse=True)
    return DeployedRuns(runs=tuple(found[:limit]), problems=dict(problems))
