"""The forms of canaries: started, finished and stopped on the page of a deployment."""

from __future__ import annotations

from typing import Any

from modelyard.deployments.canaries.commands import (
    FinishCanary,
    StartCanary,
    StopCanary,
)
from modelyard.deployments.deploying.commands import ShowDeployment
from modelyard.services.packaging.commands import ListPackages
from modelyard.web.pages.deployments import MOST, ONE, crumbs, href
from modelyard.web.pages.form import Draft, Form, Words
from modelyard.web.pages.jobs import MADE
from modelyard.web.pages.page import Visit

MADE |= dict.fromkeys((f"canaries.{verb}" for verb in ("start", "look", "finish", "stop")), ONE)
WORDS = {
    "package": Words(label="Package", help="That is tried", kind="choice"),
    "steps": Words(
        label="Steps",
        help="Shares of the queries, one a line, each larger; then all",
        kind="lines",
        mono=True,
    ),
    "minutes": Words(label="Minutes of a step", help="At least"),
    "queries": Words(label="Queries of a step", help="That it answers at least"),
    "slower": Words(label="Times the old p99", help="That its own may reach; 0: any", later=True),
    "store": Words(label="Evaluation store", help="Whose checks have to hold", later=True),
    "error": Words(label="Probability to go back without a reason", help="", later=True),
    "hours": Words(label="Hours of a step", help="After which it goes back", later=True),
}


def _start(visit: Visit) -> Draft:
    key, name = visit.path["project"], visit.path["name"]
    seen = visit.run(ShowDeployment(project=key, name=name))
    found = visit.part(ListPackages(project=key, service=seen.target, limit=MOST))
    others = [each.package for each in found if each.package not in seen.settings.content]
    return Draft(
        crumbs=crumbs(visit),
        choices={"package": [(each, each) for each in others]},
        title=f"Try a package on {name}",
    )


def _asked(visit: Visit) -> Draft:
    return Draft(crumbs=crumbs(visit))


def _one(visit: Visit, _made: Any = None) -> str:
    return href(visit.path["project"], visit.path["name"])


PAGES: tuple[Form, ...] = (
    Form(
        f"{ONE}/canary/start",
        StartCanary,
        "Try a package",
        "Start",
        _one,
        intro="It answers a small share of the queries first, and goes back by itself where it "
        "does worse.",
        fields=("package", "steps", "minutes", "queries", "slower", "store", "error", "hours"),
        words=WORDS,
        prepare=_start,
    ),
    Form(
        f"{ONE}/canary/finish",
        FinishCanary,
        "Finish the canary",
        "Finish now",
        _one,
        intro="The new package answers all queries, whatever was found so far.",
        prepare=_asked,
    ),
    Form(
        f"{ONE}/canary/stop",
        StopCanary,
        "Stop the canary",
        "Stop",
        _one,
        intro="The old package answers all queries again.",
        prepare=_asked,
        dangerous=True,
    ),
)
