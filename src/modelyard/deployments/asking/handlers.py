"""How what is deployed is asked."""

from __future__ import annotations

from modelyard import errors
from modelyard.deployments.asking.commands import AskDeployment, ListDeployedEndpoints
from modelyard.deployments.asking.places import answering, open_answering
from modelyard.deployments.asking.types import DeployedAnswer, DeployedEndpoint, PlaceAddress
from modelyard.kernel.bus import handles
from modelyard.kernel.context import Context
from modelyard.services.access import find_package
from modelyard.services.types import VERBS
from modelyard.serving.administration.commands import TryQuery


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
