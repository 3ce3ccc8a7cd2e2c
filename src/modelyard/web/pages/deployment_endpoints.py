"""How a deployment of packages is asked, as its page shows it: where, in code, and what came in."""

from __future__ import annotations

from typing import get_args

from modelyard import errors
from modelyard.deployments.asking.commands import ListDeployedEndpoints, ShowTesting
from modelyard.deployments.asking.types import DeployedEndpoint, TestingStatus
from modelyard.deployments.deploying.types import Deployment
from modelyard.deployments.watching.types import Range
from modelyard.kernel.values import Value
from modelyard.web.pages.formats import sentence
from modelyard.web.pages.page import Visit
from modelyard.web.pages.sample_code import NODE, Sample, samples

ASKS = "deployments:run"
RANGES: tuple[Range, ...] = get_args(Range)
USUAL: Range = "day"


class Asking(Value):
    """How a deployment of packages is asked, seen by one of its endpoints."""

    endpoints: tuple[DeployedEndpoint, ...] = ()
    endpoint: str = ""
    """That is looked at; empty: none is known."""
    problem: str = ""
    """Why none is."""
    samples: tuple[Sample, ...] = ()
    may_ask: bool = False
    range: Range = USUAL
    """How far the charts look back."""


def asking(visit: Visit, found: Deployment) -> Asking | None:
    """How it is asked; None: it is of a bundle."""
    if found.kind != "api":
        return None
    endpoints: list[DeployedEndpoint] = []
    problem = ""
    try:
        endpoints = visit.run(ListDeployedEndpoints(project=found.project, name=found.name))
    except (errors.NotFound, errors.Unsupported, errors.Conflict, errors.Invalid) as exc:
        problem = sentence(exc.detail)
    names = tuple(each.name for each in endpoints)
    name = visit.one_of("endpoint", names) or next(iter(names), "")
    return Asking(
        endpoints=tuple(endpoints),
        endpoint=name,
        problem=problem,
        samples=next((_samples(found, each) for each in endpoints if each.name == name), ()),
        may_ask=visit.may(ASKS, found.project),
        range=visit.one_of("range", RANGES) or USUAL,
    )


def testing_of(visit: Visit, project: str, name: str) -> TestingStatus | None:
    """What came of the tests of a deployment; None: they were never run."""
    try:
        return visit.run(ShowTesting(project=project, name=name))
    except errors.NotFound:
        return None


def _samples(found: Deployment, endpoint: DeployedEndpoint) -> tuple[Sample, ...]:
    url = next((each.url for each in endpoint.places if each.url), NODE)
    return samples(found.target, endpoint, url, with_key=endpoint.with_key)
