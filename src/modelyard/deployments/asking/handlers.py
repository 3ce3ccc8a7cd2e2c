"""How what is deployed is asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from modelyard import errors
from modelyard.deployments.asking import repository
from modelyard.deployments.asking.commands import (
    AskDeployment,
    ListDeployedEndpoints,
    ListDeployedRuns,
    ShowTesting,
    TestDeployment,
)
from modelyard.deployments.asking.places import answering, brought_about, open_answering
from modelyard.deployments.asking.runs import TellsRuns, runs_at
from modelyard.deployments.asking.testing import (
    TestsProjects,
    TestsServices,
    outcomes_of_queries,
    outcomes_of_scenarios,
)
from modelyard.deployments.asking.types import (
    DeployedAnswer,
    DeployedEndpoint,
    DeployedRuns,
    PlaceAddress,
    TestingStatus,
    TestResult,
)
from modelyard.deployments.deploying import repository as deployments
from modelyard.deployments.deploying.repository import Kept
from modelyard.deployments.drivers.access import open_driver
from modelyard.deployments.drivers.driver import Driver
from modelyard.deployments.infrastructures.access import require
from modelyard.kernel.bus import handles
from modelyard.kernel.context import Context
from modelyard.kernel.values import now
from modelyard.services.access import find_package
from modelyard.services.types import VERBS
from modelyard.serving.administration.commands import TryQuery

MOST_NAMED = 5


@handles(ListDeployedEndpoints)
def list_endpoints(command: ListDeployedEndpoints, context: Context) -> list[DeployedEndpoint]:
    """Those of the package that answers most, as it was packed; no node is asked."""
    found = answering(context, command.project, command.name, "view")
    driver = open_answering(context, found)
    reached = {each.place for each in found.kept.places if each.reached}
    places = tuple(
        PlaceAddress(place=place, url=driver.address(place), reached=place in reached)
        for place in driver.places()
    )
    main = max(found.settings.packages, key=found.settings.packages.__getitem__)
    with context.read() as db:
        manifest = find_package(db, command.project, found.kept.target, main).manifest
    access = found.settings.access
    return [
        DeployedEndpoint(
            name=each.name,
            kind=each.kind,
            description=each.description,
            package=main,
            path=f"/public/api/v1/{found.kept.target}/{each.name}/{VERBS[each.kind]}",
            with_key=access == "keys" or (access == "package" and not manifest.public),
            test_queries=each.test_queries,
            places=places,
        )
        for each in manifest.endpoints
    ]


@handles(AskDeployment)
def ask(command: AskDeployment, context: Context) -> DeployedAnswer:
    """Go over the places, those first that could be reached when last looked at."""
    found = answering(context, command.project, command.name, "query")
    driver = open_answering(context, found)
    query = TryQuery(
        service=found.kept.target,
        endpoint=command.endpoint,
        query=command.query,
        generation=command.package,
    )
    away = {each.place for each in found.kept.places if not each.reached}
    places = sorted(driver.places(), key=lambda place: place in away)
    if command.node is not None:
        if command.node not in places:
            raise errors.NotFound.among("node of the deployment", command.node, places)
        places = [command.node]
    problems = []
    for place in places:
        try:
            answer = driver.ask(place, query)
        except errors.Unavailable as exc:
            problems.append(exc.detail)
            continue
        return DeployedAnswer(place=place, **dict(answer))
    raise errors.Unavailable(f"{command.name} cannot be asked: {'; '.join(problems)}")


@handles(TestDeployment)
def test(command: TestDeployment, context: Context) -> TestingStatus:
    """Keep what came of them, and only then fail."""
    with context.read() as db:
        kept = brought_about(context, db, command.project, command.name, "query")
        infrastructure = require(context, db, kept.infrastructure, "query")
        before = repository.find(db, command.project, command.name)
    scenarios = command.scenario or (before.scenarios if before else ())
    driver = open_driver(context, infrastructure)
    results = list(_results(context, driver, kept, scenarios, command.minutes * 60))
    results.sort(key=lambda each: each.outcome)
    bad = [each for each in results if each.outcome == "failed"]
    status = TestingStatus(
        project=kept.project,
        deployment=kept.name,
        outcome="failed" if bad or not results else "passed",
        content=kept.settings.content,
        number=kept.pushed or 0,
        scenarios=scenarios,
        results=tuple(results),
        created=now(),
        created_by=context.identity.name,
    )
    with context.begin() as db:
        repository.keep(db, status)
    if not results:
        raise errors.Failed(f"{kept.name} has no test: no package that answers has a test query")
    if bad:
        told = "; ".join(f"{each.place}: {each.test}: {each.problem}" for each in bad[:MOST_NAMED])
        raise errors.Failed(
            f"{len(bad)} of {len(results)} tests of {kept.name} failed: {told}",
            failed=[f"{each.place}: {each.test}" for each in bad],
        )
    return status


@handles(ListDeployedRuns)
def list_runs(command: ListDeployedRuns, context: Context) -> DeployedRuns:
    """Of all places, in one order."""
    with context.read() as db:
        kept = brought_about(context, db, command.project, command.name, "view")
        infrastructure = require(context, db, kept.infrastructure, "view")
    driver = open_driver(context, infrastructure)
    if not isinstance(driver, TellsRuns):
        raise errors.Unsupported(
            f"{command.name} is a deployment of packages, which have no scenarios"
        )
    return runs_at(driver, kept.target, command.limit, command.seconds)


@handles(ShowTesting)
def show_testing(command: ShowTesting, context: Context) -> TestingStatus:
    """As it was, and whether it is about what is deployed now."""
    with context.read() as db:
        kept = deployments.get(db, command.project, command.name)
        require(context, db, kept.infrastructure, "view")
        found = repository.find(db, command.project, command.name)
    if found is None:
        raise errors.NotFound(
            f"{command.name} was never tested; run its tests by: deployments test {command.name}"
        )
    return found.model_copy(update={"current": found.content == kept.settings.content})


def _results(
    context: Context, driver: Driver, kept: Kept, scenarios: Sequence[str], seconds: float
) -> Iterator[TestResult]:
    if kept.kind == "project":
        if not scenarios:
            raise errors.Invalid(
                f"say which scenarios are the tests of {kept.name}: give scenario", field="scenario"
            )
        if isinstance(driver, TestsProjects):
            return outcomes_of_scenarios(context, driver, kept.target, scenarios, seconds)
    elif scenarios:
        raise errors.Invalid(
            f"{kept.name} is a deployment of packages, whose tests are test queries",
            field="scenario",
        )
    elif isinstance(driver, TestsServices):
        return outcomes_of_queries(context, driver, kept.target, kept.settings.content)
    raise errors.Unsupported(f"the driver of {kept.infrastructure} runs no tests at its places")
