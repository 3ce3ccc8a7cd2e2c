"""The forms of deployments: a new one, updating, rolling back, disabling, deleting."""

from __future__ import annotations

from collections.abc import Mapping

from modelyard import errors
from modelyard.deployments.deploying.commands import (
    CheckDeployment,
    CreateDeployment,
    DeleteDeployment,
    DisableDeployment,
    EnableDeployment,
    RollBackDeployment,
    ShowDeployment,
    UpdateDeployment,
)
from modelyard.deployments.deploying.types import Deployment, ServiceSettings
from modelyard.deployments.infrastructures.commands import ListInfrastructures
from modelyard.services.commands import ListServices
from modelyard.services.packaging.commands import ListPackages
from modelyard.web.pages.deployment_promoting import NEW
from modelyard.web.pages.deployments import ABOVE, ALL, MOST, ONE, crumbs, href
from modelyard.web.pages.form import Choices, Draft, Form, Words
from modelyard.web.pages.infrastructures import named
from modelyard.web.pages.jobs import MADE
from modelyard.web.pages.page import Visit
from modelyard.web.pages.policy_saying import Brought, about, require_let_pass

MADE |= dict.fromkeys(
    (f"deployments.{verb}" for verb in ("create", "update", "rollback", "disable", "enable")), ONE
)
ACCESS: Choices = [
    ("package", "As the package says"),
    ("public", "Whoever reaches it"),
    ("keys", "Whoever has a key of it"),
]
ABOUT_UPDATES = (
    "The nodes are updated one after another. At the first that does not answer as it should, "
    "those that were changed go back. No query is lost."
)
ACCEPT = Words(
    label="Deploy it although policies warn", help="The history keeps that", kind="tick", later=True
)
WORDS = {
    "name": Words(label="Name", help="Unique in the project", placeholder="churn-test", mono=True),
    "infrastructure": Words(label="Where to", help="", kind="choice"),
    "service": Words(label="API service", help="", kind="choice", renews="package"),
    "package": Words(label="Package", help="", kind="choice"),
    "share": Words(
        label="Or several, by share",
        help="PACKAGE=SHARE, one a line; together 1",
        placeholder="p1=0.9",
        kind="pairs",
        mono=True,
        later=True,
    ),
    "shadow": Words(
        label="Shadows",
        help="Packages that get the same queries, and answer nobody; one a line",
        mono=True,
        later=True,
    ),
    "access": Words(label="Who may ask", help="", kind="choice", later=True),
    "error_rate": Words(
        label="Fall back at this share of failed queries", placeholder="0.01", later=True
    ),
    "p99_ms": Words(label="Fall back at this p99, in milliseconds", later=True),
    "pass_over": Words(
        label="Pass over nodes that are away",
        help="As long as one can be reached",
        kind="tick",
        later=True,
    ),
    "accept": ACCEPT,
    "to": Words(label="Update", help="Its number; left blank: the one before"),
    "force": Words(label="Even if nodes cannot be reached", help="They keep it then", kind="tick"),
}
GIVEN = ("package", "share", "shadow", "access", "error_rate", "p99_ms", "pass_over", "accept")


def _packages(visit: Visit, project: str, service: str) -> Choices:
    found = visit.part(ListPackages(project=project, service=service, limit=MOST))
    return [(each.package, each.package) for each in found]


def _new(visit: Visit) -> Draft:
    """As somebody came to it: from a package, or from a deployment that goes to a later stage."""
    key = visit.path["project"]
    services = [each.name for each in visit.part(ListServices(project=key, limit=MOST))]
    proposed = {
        name: word
        for name in ("name", "service", "package", "infrastructure")
        if (word := visit.asked(name))
    }
    title = ""
    if before := visit.asked("from"):
        seen = visit.run(ShowDeployment(project=key, name=before))
        proposed |= {"service": seen.target, "package": _main(seen)}
        title = f"Promote {before}"
    service = proposed.get("service") or next(iter(services), "")
    where = visit.part(ListInfrastructures(kind="api", limit=MOST))
    if before:
        stage = {each.name: each.stage for each in where}.get(proposed.get("infrastructure", ""))
        proposed.setdefault("name", f"{service}-{stage}" if stage else "")
    return Draft(
        crumbs=(ABOVE,),
        proposed={"service": service, **proposed},
        choices={
            "infrastructure": named(where),
            "service": [(each, each) for each in services],
            "package": _packages(visit, key, service) if service else (),
            "access": ACCESS,
        },
        title=title,
    )


def _depending(visit: Visit, draft: Draft, given: Mapping[str, str]) -> Mapping[str, Choices]:
    """The packages of the chosen service."""
    service = given.get("service") or draft.proposed.get("service", "")
    if service not in dict(draft.choices["service"]):
        return {"package": ()}
    return {"package": _packages(visit, visit.path["project"], service)}


def _updated(visit: Visit) -> Draft:
    key, name = visit.path["project"], visit.path["name"]
    seen = visit.run(ShowDeployment(project=key, name=name))
    settings = _settings(seen)
    shares = settings.packages
    only = next(iter(shares)) if len(shares) == 1 else ""
    title = f"Update {name}"
    package = visit.asked("package") or only
    if before := visit.asked("from"):
        package = _main(visit.run(ShowDeployment(project=key, name=before)))
        title = f"Promote {before} to {name}"
    packages = tuple(filter(None, (package or "", *(() if package else shares))))
    brought = Brought(infrastructure=seen.infrastructure, service=seen.target, packages=packages)
    said, links = about(visit, key, brought)
    return Draft(
        crumbs=crumbs(visit),
        proposed={
            "package": package,
            "share": {} if package else {each: f"{share:g}" for each, share in shares.items()},
            "shadow": settings.shadows,
            "access": settings.access,
        },
        choices={"package": _packages(visit, key, seen.target), "access": ACCESS},
        title=title,
        intro=f"{ABOUT_UPDATES} {said}" if said else "",
        links=links,
    )


def _main(seen: Deployment) -> str:
    """The package that answers most."""
    shares = _settings(seen).packages
    return max(shares, key=lambda name: shares[name])


def _settings(seen: Deployment) -> ServiceSettings:
    """The settings of a deployment of packages."""
    if isinstance(seen.settings, ServiceSettings):
        return seen.settings
    raise errors.NotFound(f"{seen.name} is a deployment of a bundle, and has no packages")


def _asked(visit: Visit) -> Draft:
    return Draft(crumbs=crumbs(visit))


def _back(visit: Visit) -> Draft:
    return Draft(crumbs=crumbs(visit), proposed={"to": visit.asked("to")})


def _one(visit: Visit, _made: object = None) -> str:
    return href(visit.path["project"], visit.path["name"])


PAGES: tuple[Form, ...] = (
    Form(
        NEW,
        CreateDeployment,
        "New deployment",
        "Deploy",
        lambda _visit, made: href(made.project, made.name),
        intro="The nodes get the package one after another; each has to answer before the next one "
        "does. If one cannot, what was done is undone.",
        fields=("name", "infrastructure", "service", *GIVEN),
        words=WORDS,
        prepare=_new,
        depending=_depending,
        check=require_let_pass,
    ),
    Form(
        f"{ONE}/check",
        CheckDeployment,
        "Check deployment",
        "Check now",
        _one,
        intro="Its nodes are looked at now.",
        said="Its nodes were looked at.",
        prepare=_asked,
    ),
    Form(
        f"{ONE}/update",
        UpdateDeployment,
        "Update deployment",
        "Update",
        _one,
        intro=ABOUT_UPDATES,
        fields=GIVEN,
        words=WORDS,
        prepare=_updated,
        check=require_let_pass,
    ),
    Form(
        f"{ONE}/rollback",
        RollBackDeployment,
        "Roll back",
        "Roll back",
        _one,
        intro="Brings back what was deployed before the last change.",
        fields=("to", "pass_over"),
        words=WORDS,
        prepare=_back,
    ),
    Form(
        f"{ONE}/disable",
        DisableDeployment,
        "Disable deployment",
        "Disable",
        _one,
        intro="It answers no more. Its nodes keep what they have.",
        prepare=_asked,
        dangerous=True,
    ),
    Form(
        f"{ONE}/enable",
        EnableDeployment,
        "Enable deployment",
        "Enable",
        _one,
        intro="It answers again, as it did before.",
        prepare=_asked,
    ),
    Form(
        f"{ONE}/delete",
        DeleteDeployment,
        "Delete deployment",
        "Delete deployment",
        lambda _visit, _made: ALL,
        intro="It is taken from its nodes. It has to be disabled before.",
        fields=("force",),
        words=WORDS,
        prepare=_asked,
        dangerous=True,
    ),
)
