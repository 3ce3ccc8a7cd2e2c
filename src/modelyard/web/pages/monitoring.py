"""The pages of monitoring: how everything is and why, of the instance and of a project."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from modelyard.deployments.watching.commands import ShowOverview
from modelyard.deployments.watching.types import DeployedProject, StatusCount, WatchedEndpoint
from modelyard.evaluations.storing.commands import ListStores
from modelyard.governance.connection.commands import ShowGovernStatus
from modelyard.governance.connection.types import GovernNode
from modelyard.kernel.values import Value
from modelyard.models.commands import ListModels, ListVersions
from modelyard.monitoring.alerting.commands import ListAlerts, ListMessages
from modelyard.monitoring.alerting.types import Alert
from modelyard.monitoring.scopes.commands import ListScopes
from modelyard.monitoring.scopes.types import Scope
from modelyard.monitoring.watching.commands import FollowModel, ShowMonitoring, TrackEndpoint
from modelyard.monitoring.watching.types import Status, ThingKind, ThingStatus
from modelyard.web.pages.form import Choices, Draft, Form, Words
from modelyard.web.pages.formats import plural
from modelyard.web.pages.page import Crumb, Nav, Page, View, Visit, address
from modelyard.web.pages.projects import crumb as project_crumb

ALL = "/monitoring"
OF_PROJECT = "/projects/{project}/monitoring"
FOLLOW = "/projects/{project}/follow-model"
TRACK = "/projects/{project}/track-endpoint"
PERIODS = [("day", "Day"), ("week", "Week"), ("month", "Month")]
DEPLOYED = ("deployment", "endpoint", "external")
BAD: tuple[Status, ...] = ("warning", "error")
MOST, FEW = 200, 10
SOURCES = "Checks of evaluation stores, runs of scenarios and looks at deployments tell."
TRUTHS = "Truths that become known later"
PLACES = {
    "project": OF_PROJECT,
    "model": "/projects/{project}/models/{name}",
    "store": "/projects/{project}/stores/{name}",
    "scenario": "/projects/{project}/scenarios/{name}",
    "deployment": "/projects/{project}/deployments/{name}",
    "endpoint": "/projects/{project}/deployments/{name}/activity",
    "external": "/projects/{project}/scopes/{name}",
    "policy": "/governance/policies/{name}",
}


class Line(Value):
    """A thing as lists show it."""

    thing: ThingStatus
    href: str
    cause: str
    """The address of what decided; empty: of nothing in particular."""


class MonitoringView(View):
    """How everything is that one may see."""

    verdict: tuple[str, str, str]
    """Its kind, its title, and a sentence."""
    counts: tuple[StatusCount, ...]
    """Of what is deployed."""
    bad_projects: tuple[DeployedProject, ...]
    bad_endpoints: tuple[WatchedEndpoint, ...]
    troubled: tuple[Line, ...]
    projects: tuple[Line, ...]
    left_out: int
    node: GovernNode | None
    """Where things are governed; None: here."""


class ProjectMonitoringView(View):
    """How everything in a project is, and who is told."""

    project: str
    verdict: tuple[str, str, str]
    things: tuple[Line, ...]
    left_out: int
    alerts: tuple[Alert, ...]
    scopes: tuple[Scope, ...]
    failed: int
    """Messages that could not be sent, of the newest ones."""
    waiting: int
    may_write: bool


def monitoring(visit: Visit) -> MonitoringView:
    """The worst first."""
    found = visit.run(ShowMonitoring())
    deployed = visit.run(ShowOverview())
    parts = [each for each in found if each.kind != "project"]
    apart = [each for each in parts if each.kind not in ("endpoint", "external")]
    troubled = [each for each in apart if each.status in BAD]
    return MonitoringView(
        title="Monitoring",
        verdict=_verdict(parts),
        counts=deployed.counts,
        bad_projects=deployed.projects[:FEW],
        bad_endpoints=deployed.endpoints[:FEW],
        troubled=tuple(map(_line, troubled[:MOST])),
        projects=tuple(_line(each) for each in found if each.kind == "project"),
        left_out=max(0, len(troubled) - MOST),
        node=visit.run(ShowGovernStatus()).node,
    )


def of_project(visit: Visit) -> ProjectMonitoringView:
    """The worst first, and the alerts."""
    key = visit.path["project"]
    found = visit.run(ShowMonitoring(project=key))
    parts = [each for each in found if each.kind != "project"]
    messages = visit.part(ListMessages(project=key, limit=MOST))
    states = [each.state for each in messages]
    return ProjectMonitoringView(
        title="Monitoring",
        crumbs=(project_crumb(key),),
        project=key,
        verdict=_verdict(parts),
        things=tuple(map(_line, parts[:MOST])),
        left_out=max(0, len(parts) - MOST),
        alerts=tuple(visit.part(ListAlerts(project=key, limit=MOST))),
        scopes=tuple(visit.part(ListScopes(project=key, limit=MOST))),
        failed=states.count("failed"),
        waiting=states.count("waiting"),
        may_write=visit.may("alerts:write"),
    )


def crumbs(project: str) -> tuple[Crumb, ...]:
    """The monitoring of a project above a page."""
    above = Crumb(label="Monitoring", href=address(OF_PROJECT, project=project))
    return (project_crumb(project), above)


def _verdict(parts: Sequence[ThingStatus]) -> tuple[str, str, str]:
    counts = {status: sum(each.status == status for each in parts) for status in (*BAD, "healthy")}
    errors, warnings = counts["error"], counts["warning"]
    if errors or warnings:
        said = [plural(errors, "error")] if errors else []
        said += [plural(warnings, "warning")] if warnings else []
        worst = next(each for each in parts if each.status in BAD)
        kind = "err" if errors else "warn"
        why = worst.why.rstrip(".")
        return kind, " and ".join(said), f"First of all {worst.kind} {worst.name}: {why}."
    if counts["healthy"]:
        known = plural(counts["healthy"], "thing")
        return "ok", "All is well", f"So say checks, runs and looks at {known}."
    return "acc", "Nothing is known yet", SOURCES


def _line(thing: ThingStatus) -> Line:
    by, cause = thing.by, ""
    if by.evaluation:
        cause = address(
            "/projects/{project}/evaluations/{id}", project=thing.project, id=by.evaluation
        )
    elif by.run:
        name = by.name or thing.name
        cause = address(PLACES["scenario"], project=thing.project, name=name)
    elif by.kind in DEPLOYED:
        cause = place_of(by.kind, thing.project, by.name)
    return Line(thing=thing, href=place_of(thing.kind, thing.project, thing.name), cause=cause)


def place_of(kind: ThingKind, project: str, name: str) -> str:
    """Where the page of a thing is."""
    of, _, endpoint = name.partition("/")
    if kind == "endpoint":
        href = address(PLACES[kind], project=project, name=of)
        return f"{href}?{urlencode({'endpoint': endpoint})}"
    is_part = kind in ("external", "policy")
    return address(PLACES[kind], project=project, name=of if is_part else name)


def _named(visit: Visit) -> dict[str, Choices]:
    """The models, stores and alerts that there are, as choices."""
    key = visit.path["project"]
    names = {
        "model": [each.name for each in visit.part(ListModels(project=key, limit=MOST))],
        "store": [each.name for each in visit.part(ListStores(project=key, limit=MOST))],
        "alert": [each.name for each in visit.part(ListAlerts(project=key, limit=MOST))],
    }
    return {field: [(each, each) for each in known] for field, known in names.items()}


def _follow(visit: Visit) -> Draft:
    return Draft(
        crumbs=crumbs(visit.path["project"]),
        values={"model": visit.asked("model"), "store": visit.asked("store")},
        choices=_named(visit),
    )


def _track(visit: Visit) -> Draft:
    asked = {name: visit.asked(name) for name in ("name", "log", "model", "version", "generation")}
    return Draft(
        crumbs=crumbs(visit.path["project"]),
        proposed={name: word for name, word in asked.items() if word},
        choices={**_named(visit), "period": PERIODS},
    )


def _versions(visit: Visit, draft: Draft, given: Mapping[str, str]) -> Mapping[str, Choices]:
    """The versions of the chosen model."""
    model = given.get("model") or draft.proposed.get("model", "")
    if model not in dict(draft.choices["model"]):
        return {"version": ()}
    found = visit.part(ListVersions(project=visit.path["project"], model=model, limit=MOST))
    return {"version": [(each.version, each.version) for each in found]}


PAGES: tuple[Page | Form, ...] = (
    Page(OF_PROJECT, of_project, "project_monitoring.html", Nav("Monitoring", "heartbeat")),
    Form(
        FOLLOW,
        FollowModel,
        "Follow a model",
        "Follow model",
        lambda _visit, made: address(PLACES["scenario"], project=made.project, name=made.scenario),
        intro="On a schedule the active version is evaluated on newer data, the checks of the "
        "store are run on that, and the alert tells what got worse.",
        said=lambda made: f"{made.model} is followed by the scenario {made.scenario}.",
        fields=(
            *("model", "dataset", "where", "store", "cron", "timezone", "alert"),
            *("scenario", "target", "label", "parameters"),
        ),
        words={
            "model": Words(label="Saved model", needed=True),
            "dataset": Words(
                label="Newer data",
                help="A dataset, or the path of a file or table, with its truth",
                kind="text",
                placeholder="calls",
                mono=True,
                needed=True,
            ),
            "where": Words(
                label="Only rows where",
                help="An expression over columns; these are the rows of last week, where the "
                "column day holds days",
                placeholder="day >= '${last_week_start}' AND day < '${week_start}'",
                mono=True,
            ),
            "store": Words(label="Evaluation store", help="Its checks are run each time"),
            "cron": Words(label="When", help="Minute hour day month weekday", mono=True),
            "timezone": Words(label="Time zone", later=True),
            "alert": Words(help="", placeholder="Nobody is told"),
            "scenario": Words(label="Name of the scenario", later=True, mono=True),
            "target": Words(label="Column with the truth", later=True, mono=True),
            "label": Words(
                label="Labels of the evaluations",
                help="One a line, with dates of the run, too",
                kind="pairs",
                placeholder="week=${last_week}",
                mono=True,
                later=True,
            ),
            "parameters": Words(later=True),
        },
        prepare=_follow,
    ),
    Form(
        TRACK,
        TrackEndpoint,
        "Track an endpoint",
        "Track endpoint",
        lambda _visit, made: address(PLACES["scenario"], project=made.project, name=made.scenario),
        intro="On a schedule, what an endpoint of an API node answered is evaluated as its query "
        "log tells: by drift from what the version was tested on, and by metrics where truths are "
        "named. The checks of the store are run on that.",
        said=lambda made: f"{made.dataset} is tracked by the scenario {made.scenario}.",
        fields=(
            *("name", "log", "model", "version", "generation", "store", "period"),
            *("truth", "key", "truth_key", "target", "alert", "cron", "timezone"),
        ),
        words={
            "name": Words(
                help="What the dataset of the log is called; the scenario has track- before it",
                placeholder="churn-queries",
                mono=True,
            ),
            "log": Words(
                label="Query log",
                help="The folder of the endpoint's log, or a pattern of files of several nodes, "
                "where this server can read it",
                kind="text",
                placeholder="node/logs/queries/churn-api/churn",
                mono=True,
            ),
            "model": Words(
                label="Saved model that answers", help="", needed=True, renews="version"
            ),
            "version": Words(help="", placeholder="Whichever is active"),
            "generation": Words(
                label="Only of the generation",
                help="",
                placeholder="All of them",
                mono=True,
            ),
            "store": Words(
                label="Evaluation store",
                help="Its checks are run each time; it is made if there is none of this name",
                kind="text",
                placeholder="live",
                mono=True,
            ),
            "period": Words(label="Evaluate each", help="", kind="segments"),
            "truth": Words(
                label="Truths",
                help="A dataset, or the path of a file; those that become known later",
                kind="text",
                placeholder="truths",
                mono=True,
                group=TRUTHS,
            ),
            "key": Words(label="Found by", help="A column of the log", mono=True, group=TRUTHS),
            "truth_key": Words(
                label="Found there by", help="Left blank, the same", mono=True, group=TRUTHS
            ),
            "target": Words(
                label="Column with the truth",
                help="Left blank, the version's target",
                mono=True,
                group=TRUTHS,
            ),
            "alert": Words(help="", placeholder="Nobody is told"),
            "cron": Words(
                label="When", help="Minute hour day month weekday", mono=True, later=True
            ),
            "timezone": Words(label="Time zone", later=True),
        },
        prepare=_track,
        depending=_versions,
    ),
)

INSTANCE: tuple[Page, ...] = (
    Page(ALL, monitoring, "monitoring.html", Nav("Monitoring", "heartbeat", "")),
)
