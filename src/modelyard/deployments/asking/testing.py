"""Runs the tests of a deployment at its places: test queries of services, or scenarios."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Protocol, runtime_checkable

from modelyard import errors
from modelyard.deployments.asking.types import TestResult
from modelyard.deployments.drivers.driver import Driver
from modelyard.jobs.scenarios.types import ScenarioRun
from modelyard.kernel.context import Context
from modelyard.serving.watching.types import AnsweredTest

LOOKS_EVERY = 1.0
"""Seconds between two looks at a scenario that runs."""


@runtime_checkable
class TestsServices(Driver, Protocol):
    """A driver whose places answer the test queries of what they answer with."""

    def test(self, place: str, target: str, package: str) -> list[AnsweredTest]:
        """Have a place answer those of a package."""
        ...


@runtime_checkable
class TestsProjects(Driver, Protocol):
    """A driver whose places run scenarios of their projects."""

    def begin(self, place: str, target: str, scenario: str) -> ScenarioRun:
        """Have a scenario run at a place."""
        ...

    def follow(self, place: str, run: ScenarioRun) -> ScenarioRun:
        """How that goes."""
        ...


def outcomes_of_queries(
    context: Context, driver: TestsServices, target: str, packages: Sequence[str]
) -> Iterator[TestResult]:
    """What every place answers; one that cannot be asked fails as a whole."""
    for place in driver.places():
        for package in packages:
            context.progress(f"asking {place} the test queries of {package}")
            try:
                found = driver.test(place, target, package)
            except errors.ModelyardError as exc:
                yield TestResult(place=place, test=package, outcome="failed", problem=exc.detail)
                continue
            for each in found:
                failed = each.outcome == "failed"
                yield TestResult(
                    place=place,
                    test=f"{each.endpoint}/{each.query}",
                    outcome="failed" if failed else "passed",
                    problem=each.problem,
                )


def outcomes_of_scenarios(
    context: Context, driver: TestsProjects, target: str, scenarios: Sequence[str], seconds: float
) -> Iterator[TestResult]:
    """How each scenario ends at every place, one after another."""
    for place in driver.places():
        for scenario in scenarios:
            context.progress(f"running {scenario} on {place}")
            try:
                run = _ended(driver, place, driver.begin(place, target, scenario), seconds)
            except errors.ModelyardError as exc:
                yield TestResult(place=place, test=scenario, outcome="failed", problem=exc.detail)
                continue
            passed = run.state == "succeeded"
            yield TestResult(
                place=place,
                test=scenario,
                outcome="passed" if passed else "failed",
                problem="" if passed else _why(run),
                run=run.id,
            )


def _ended(driver: TestsProjects, place: str, run: ScenarioRun, seconds: float) -> ScenarioRun:
    until = time.monotonic() + seconds
    while run.ended is None:
        if time.monotonic() > until:
            raise errors.Failed(f"it still ran after {seconds / 60:g} minutes")
        time.sleep(LOOKS_EVERY)
        run = driver.follow(place, run)
    return run


def _why(run: ScenarioRun) -> str:
    """Why a run did not succeed: what it says, else its first step that failed."""
    failed = next((each for each in run.steps if each.state == "failed"), None)
    ended = f"its step {failed.name or failed.command} failed" if failed else f"it was {run.state}"
    return run.reason or ended
