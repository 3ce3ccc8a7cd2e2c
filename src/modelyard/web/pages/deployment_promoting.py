"""Where a deployment could go next: the forms that bring what it has to later stages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import urlencode

from modelyard.deployments.deploying.types import Deployment, DeploymentSummary
from modelyard.deployments.infrastructures.types import Infrastructure
from modelyard.kernel.values import Value
from modelyard.web.pages.page import Visit, address

NEW = "/projects/{project}/new-deployment"
NEW_OF_BUNDLE = "/projects/{project}/new-bundle-deployment"
UPDATE = "/projects/{project}/deployments/{name}/update"
UPDATE_OF_BUNDLE = "/projects/{project}/deployments/{name}/bundle"


class Promotion(Value):
    """Where a deployment could go next, with the form for that."""

    infrastructure: str
    stage: str
    there: str
    """The deployment that is there already, and is updated; empty: a new one is made."""
    href: str


def stages(visit: Visit) -> tuple[str, ...]:
    """The stages that there are, the earliest first."""
    known: tuple[str, ...] = visit.yard.open().settings.deployments.stages
    return known


def promotions(
    visit: Visit,
    each: DeploymentSummary | Deployment,
    infrastructures: Iterable[Infrastructure],
    others: Sequence[DeploymentSummary],
) -> tuple[Promotion, ...]:
    """The infrastructures of later stages that take the same, the next stage first."""
    known = stages(visit)
    if each.stage not in known or not visit.may("deployments:write", each.project):
        return ()
    later = known[known.index(each.stage) + 1 :]
    fitting = [one for one in infrastructures if one.kind == each.kind and one.stage in later]
    return tuple(
        _promotion(each, one, others)
        for one in sorted(fitting, key=lambda one: later.index(one.stage))
    )


def _promotion(
    each: DeploymentSummary | Deployment, to: Infrastructure, others: Iterable[DeploymentSummary]
) -> Promotion:
    there = next((one.name for one in others if _is_the_same(each, one, to)), "")
    words = {"from": each.name}
    if there:
        form = UPDATE if each.kind == "api" else UPDATE_OF_BUNDLE
        base = address(form, project=each.project, name=there)
    else:
        words["infrastructure"] = to.name
        base = address(NEW if each.kind == "api" else NEW_OF_BUNDLE, project=each.project)
    return Promotion(
        infrastructure=to.name, stage=to.stage, there=there, href=f"{base}?{urlencode(words)}"
    )


def _is_the_same(
    each: DeploymentSummary | Deployment, other: DeploymentSummary, to: Infrastructure
) -> bool:
    """Whether another deployment is of the same service or project, on an infrastructure."""
    same = (other.project, other.kind, other.infrastructure) == (each.project, each.kind, to.name)
    return same and (each.kind == "project" or other.target == each.target)
