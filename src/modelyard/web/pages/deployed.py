"""The pages of monitoring what is deployed: projects, endpoints, and what one was asked."""

from __future__ import annotations

from typing import get_args
from urllib.parse import urlencode

from modelyard import errors
from modelyard.analysis.activity_types import ActivityChart
from modelyard.deployments.watching.commands import (
    DrawKeptActivity,
    ListDeployedProjects,
    ListWatchedEndpoints,
    ShowKeptActivity,
)
from modelyard.deployments.watching.types import (
    ActivitySlot,
    DeployedProject,
    Range,
    WatchedEndpoint,
)
from modelyard.monitoring.watching.types import STATUSES
from modelyard.web.pages.charted import mode_of
from modelyard.web.pages.deployments import ONE, crumbs
from modelyard.web.pages.monitoring import ALL, MOST
from modelyard.web.pages.page import Crumb, Document, Page, View, Visit

PROJECTS, ENDPOINTS = f"{ALL}/projects", f"{ALL}/endpoints"
ACTIVITY = f"{ONE}/activity"
ABOVE = Crumb(label="Monitoring", href=ALL)
CHARTS: tuple[ActivityChart, ...] = get_args(ActivityChart)
RANGES: tuple[Range, ...] = get_args(Range)
RESOLUTIONS: dict[Range, tuple[int, ...]] = {
    "hour": (5, 15),
    "day": (5, 15, 60),
    "week": (60, 360, 1440),
    "month": (60, 360, 1440),
    "quarter": (360, 1440),
}
"""Minutes of a stretch that are offered."""
FITTING: dict[Range, int] = {"hour": 5, "day": 15, "week": 60, "month": 360, "quarter": 1440}
SHOWN = 50


class DeployedView(View):
    """What is deployed, and how it is, the worst first."""

    left_out: int
    status: str
    """Of what is shown; empty: all."""


class ProjectsView(DeployedView):
    """Deployed projects."""

    projects: tuple[DeployedProject, ...]


class EndpointsView(DeployedView):
    """Endpoints of deployments, and those elsewhere."""

    endpoints: tuple[WatchedEndpoint, ...]


class ActivityView(View):
    """What a deployment was asked."""

    project: str
    deployment: str
    endpoints: tuple[WatchedEndpoint, ...]
    endpoint: WatchedEndpoint | None
    """That is looked at; None: all together."""
    range: Range
    resolution: int
    """Minutes of a stretch."""
    resolutions: tuple[int, ...]
    slots: tuple[ActivitySlot, ...]
    """The newest first."""
    query: str
    """What charts are asked."""


def projects(visit: Visit) -> ProjectsView:
    """The worst first."""
    status = visit.one_of("status", STATUSES)
    found = visit.run(ListDeployedProjects(status=status))
    return ProjectsView(
        title="Deployed projects",
        crumbs=(ABOVE,),
        projects=tuple(found[:MOST]),
        left_out=max(0, len(found) - MOST),
        status=status or "",
    )


def endpoints(visit: Visit) -> EndpointsView:
    """The worst first."""
    status = visit.one_of("status", STATUSES)
    found = visit.run(ListWatchedEndpoints(status=status))
    return EndpointsView(
        title="Endpoints",
        crumbs=(ABOVE,),
        endpoints=tuple(found[:MOST]),
        left_out=max(0, len(found) - MOST),
        status=status or "",
    )


def activity(visit: Visit) -> ActivityView:
    """Of a deployment, or of one of its endpoints."""
    project, name = visit.path["project"], visit.path["name"]
    asked = _asked(visit)
    slots = visit.run(asked)
    found = visit.run(ListWatchedEndpoints(project=project, deployment=name))
    one = next((each for each in found if each.endpoint == asked.endpoint), None)
    if asked.endpoint and one is None:
        raise errors.NotFound(f"{name} has no endpoint {asked.endpoint!r} that monitoring knows")
    span: Range = asked.range
    resolution = asked.resolution or FITTING[span]
    words = {"endpoint": asked.endpoint or "", "range": span, "resolution": str(resolution)}
    return ActivityView(
        title=one.endpoint if one else "Activity",
        crumbs=crumbs(visit),
        project=project,
        deployment=name,
        endpoints=tuple(sorted(found, key=lambda each: each.endpoint)),
        endpoint=one,
        range=span,
        resolution=resolution,
        resolutions=RESOLUTIONS[span],
        slots=tuple(reversed(slots[-SHOWN:])),
        query=urlencode({name: word for name, word in words.items() if word}),
    )


def _asked(visit: Visit) -> ShowKeptActivity:
    span = visit.one_of("range", RANGES) or "day"
    resolution = visit.one_of("resolution", tuple(map(str, RESOLUTIONS[span])))
    return ShowKeptActivity(
        project=visit.path["project"],
        deployment=visit.path["name"],
        endpoint=visit.asked("endpoint") or None,
        range=span,
        resolution=int(resolution) if resolution else None,
    )


def _drawn(visit: Visit) -> DrawKeptActivity:
    asked = _asked(visit).model_dump(exclude={"by"})
    chart = visit.one_of("chart", CHARTS) or CHARTS[0]
    return DrawKeptActivity(**asked, chart=chart, mode=mode_of(visit))


PAGES: tuple[Page | Document, ...] = (
    Page(PROJECTS, projects, "monitored_projects.html"),
    Page(ENDPOINTS, endpoints, "monitored_endpoints.html"),
    Page(ACTIVITY, activity, "deployment_activity.html"),
    Document(f"{ACTIVITY}/chart", _drawn, changes=True),
)
