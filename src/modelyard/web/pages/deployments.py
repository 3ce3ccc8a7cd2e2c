"""The pages of deployments: the board of all by stage, one with its health, its updates."""

from __future__ import annotations

from modelyard import errors
from modelyard.deployments.asking.commands import ListDeployedRuns
from modelyard.deployments.asking.types import DeployedRuns, TestingStatus
from modelyard.deployments.canaries.commands import ListCanaries
from modelyard.deployments.canaries.types import Canary
from modelyard.deployments.deploying.commands import (
    ListDeployments,
    ListUpdates,
    ShowDeployment,
    ShowUpdate,
)
from modelyard.deployments.deploying.types import (
    Deployment,
    DeploymentSummary,
    DeploymentUpdate,
    Health,
    ServiceSettings,
)
from modelyard.deployments.drivers.types import Message
from modelyard.deployments.infrastructures.commands import ListInfrastructures
from modelyard.deployments.infrastructures.types import Kind
from modelyard.deployments.watching.commands import ListDeployedProjects, ListWatchedEndpoints
from modelyard.deployments.watching.types import DeployedProject, WatchedEndpoint
from modelyard.kernel.values import Value
from modelyard.web.pages.deployment_endpoints import ASKS, Asking, asking, testing_of
from modelyard.web.pages.deployment_promoting import Promotion, promotions, stages
from modelyard.web.pages.governed_badge import GovernedView, governed
from modelyard.web.pages.page import Crumb, ListView, Nav, Page, View, Visit, address, place_in_list

ALL = "/deployments"
ONE = "/projects/{project}/deployments/{name}"
UPDATES = f"{ONE}/updates"
UPDATE = f"{UPDATES}/{{number}}"
MOST, FEW, PART = 200, 8, 50
ABOVE = Crumb(label="Deployments", href=ALL)
VERDICTS: dict[Health, tuple[str, str]] = {
    "HEALTHY": ("ok", "All places answer as they should"),
    "WARNING": ("warn", "It answers, and there is something to know"),
    "UNHEALTHY": ("err", "Not all places answer as they should"),
    "ERROR": ("err", "It does not run as it should"),
    "OUT_OF_SYNC": ("warn", "What runs is not what is set: update it"),
    "UNKNOWN": ("acc", "Nobody has looked at it yet"),
}
KINDS: tuple[Kind, ...] = ("api", "project")


class BoardLine(Value):
    """A deployment as the board shows it."""

    deployment: DeploymentSummary
    href: str
    promotions: tuple[Promotion, ...]


class Stage(Value):
    """A column of the board."""

    name: str
    lines: tuple[BoardLine, ...]


class BoardView(View):
    """All deployments that one may see, by stage."""

    stages: tuple[Stage, ...]
    total: int
    troubled: int
    kind: str
    """Of what is shown; empty: all."""
    more: bool
    """Whether there are further ones."""


class DeploymentView(GovernedView):
    """A deployment: what it is to be, what was found, what came of its updates."""

    deployment: Deployment
    verdict: tuple[str, str]
    messages: tuple[Message, ...]
    updates: tuple[DeploymentUpdate, ...]
    promotions: tuple[Promotion, ...]
    endpoints: tuple[WatchedEndpoint, ...]
    """As monitoring knows them."""
    deployed: DeployedProject | None
    """How the project is there; None: a service is deployed."""
    package: str
    """What answers most; empty: it is a project's."""
    testing: TestingStatus | None
    """What came of its tests; None: they were never run."""
    asks: bool
    """Whether whoever asks may put queries to it, and test it."""
    asking: Asking | None
    """How it is asked; None: it is of a bundle."""
    canary: Canary | None
    """The newest one; None: there was none."""
    may_write: bool


class RunsView(View):
    """When scenarios of a deployed project ran on its nodes."""

    found: DeployedRuns


class UpdatesView(ListView):
    """A part of the updates of a deployment."""

    deployment: Deployment
    updates: tuple[DeploymentUpdate, ...]


class UpdateView(View):
    """An update with its log."""

    update: DeploymentUpdate
    href: str


def href(project: str, name: str) -> str:
    """The address of a deployment."""
    return address(ONE, project=project, name=name)


def board(visit: Visit) -> BoardView:
    """Every deployment in the column of its stage."""
    kind = visit.one_of("kind", KINDS)
    found = visit.part(ListDeployments(kind=kind, limit=MOST))
    infrastructures = visit.part(ListInfrastructures(limit=MOST))
    known = stages(visit)
    columns = [*known, *sorted({each.stage for each in found} - set(known))]
    lines = {name: [each for each in found if each.stage == name] for name in columns}
    return BoardView(
        title="Deployments",
        stages=tuple(
            Stage(
                name=name,
                lines=tuple(
                    BoardLine(
                        deployment=each,
                        href=href(each.project, each.name),
                        promotions=promotions(visit, each, infrastructures, found),
                    )
                    for each in inside
                ),
            )
            for name, inside in lines.items()
        ),
        total=len(found),
        troubled=sum(each.health in ("ERROR", "UNHEALTHY", "OUT_OF_SYNC") for each in found),
        kind=kind or "",
        more=found.next is not None,
    )


def deployment(visit: Visit) -> DeploymentView:
    """As it was when it was last looked at."""
    found = visit.run(ShowDeployment(project=visit.path["project"], name=visit.path["name"]))
    named = {"project": found.project, "name": found.name}
    project, name = found.project, found.name
    endpoints = visit.run(ListWatchedEndpoints(project=project, deployment=name))
    deployed = visit.run(ListDeployedProjects(project=project, deployment=name))
    updates = visit.part(ListUpdates(**named, limit=FEW))
    infrastructures = visit.part(ListInfrastructures(kind=found.kind, limit=MOST))
    others = visit.part(ListDeployments(project=project, kind=found.kind, limit=MOST))
    settings = found.settings
    packages = settings.packages if isinstance(settings, ServiceSettings) else {}
    order = {"error": 0, "warning": 1, "info": 2}
    return DeploymentView(
        title=found.name,
        crumbs=(ABOVE,),
        deployment=found,
        governed=governed(visit, "deployment", project, name),
        verdict=VERDICTS[found.health],
        messages=tuple(sorted(found.messages, key=lambda each: order[each.severity])),
        updates=tuple(updates),
        promotions=promotions(visit, found, infrastructures, others),
        endpoints=tuple(endpoints),
        deployed=deployed[0] if deployed else None,
        testing=testing_of(visit, project, name),
        asks=visit.may(ASKS),
        asking=asking(visit, found),
        package=max(packages, key=lambda name: packages[name], default=""),
        canary=next(iter(visit.part(ListCanaries(**named, limit=1))), None),
        may_write=visit.may("deployments:write"),
    )


def runs(visit: Visit) -> RunsView:
    """Ask its nodes; those that do not tell in time are named."""
    asked = ListDeployedRuns(project=visit.path["project"], name=visit.path["name"])
    return RunsView(title="Scenarios", crumbs=crumbs(visit), found=visit.run(asked))


def crumbs(visit: Visit) -> tuple[Crumb, ...]:
    """The deployment of the address above a page."""
    project, name = visit.path["project"], visit.path["name"]
    return (ABOVE, Crumb(label=name, href=href(project, name)))


def updates(visit: Visit) -> UpdatesView:
    """A part of the list."""
    named = {"project": visit.path["project"], "name": visit.path["name"]}
    found = visit.part(ListUpdates(**named, limit=PART, after=visit.asked("after") or None))
    return UpdatesView(
        title="Updates",
        crumbs=crumbs(visit),
        deployment=visit.run(ShowDeployment(**named)),
        updates=tuple(found),
        **place_in_list(found),
    )


def update(visit: Visit) -> UpdateView:
    """Look it up."""
    project, name, number = (visit.path[part] for part in ("project", "name", "number"))
    if not number.isdecimal():
        raise errors.NotFound(f"{name} has no update {number!r}")
    found = visit.run(ShowUpdate(project=project, name=name, number=int(number)))
    return UpdateView(
        title=f"Update {number}",
        crumbs=crumbs(visit),
        update=found,
        href=href(project, name),
    )


PAGES: tuple[Page, ...] = (
    Page(ALL, board, "deployments.html", Nav("Deployments", "rocket", "Production")),
    Page(ONE, deployment, "deployment.html"),
    Page(f"{ONE}/runs", runs, "deployment_runs.html"),
    Page(UPDATES, updates, "deployment_updates.html"),
    Page(UPDATE, update, "deployment_update.html"),
)
