"""`GET /metrics`: how everything is, as Prometheus asks for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response

from modelyard import errors
from modelyard.deployments.watching.commands import ListWatchedEndpoints
from modelyard.deployments.watching.types import WatchedEndpoint
from modelyard.governance.connection.commands import ShowGovernStatus
from modelyard.governance.workspaces.commands import ListWorkspaces
from modelyard.kernel.identity import Identity, login_name
from modelyard.monitoring.watching.commands import ShowMonitoring
from modelyard.monitoring.watching.types import STATUSES, Status, ThingStatus
from modelyard.web.auth import identify
from modelyard.web.problems import answer_to
from modelyard.web.threads import Threads
from modelyard.workspace import Workspace

NAME = "modelyard_status"
ABOUT = "How a thing is: -1 nothing is known, 0 healthy, 1 warning, 2 error."
ABOUT_PARTS = "How a part of what is deployed is, with the same values."
LABELS = ("project", "kind", "name")
OF_ENDPOINTS = ("project", "name", "infrastructure")
IN_TOUCH = "modelyard_workspace_in_touch_timestamp_seconds"
ABOUT_IN_TOUCH = "When a workspace and its govern node were last in touch, in seconds since 1970."
LATE = "modelyard_workspace_late"
ABOUT_LATE = "1: that is three times as long ago as it should be, or longer; 0: it is not."
FIGURES: dict[str, tuple[str, Callable[[WatchedEndpoint], float | None]]] = {
    "modelyard_endpoint_queries": (
        "Queries of an endpoint in 24 hours, on all nodes together.",
        lambda each: each.queries,
    ),
    "modelyard_endpoint_error_rate": (
        "Share of them that failed: 500 and above, not 503.",
        lambda each: each.error_rate,
    ),
    "modelyard_endpoint_p95_seconds": (
        "Time within which 95 of 100 of them were answered, refused ones left out.",
        lambda each: None if each.p95 is None else each.p95 / 1000,
    ),
}


@dataclass(frozen=True)
class InTouch:
    """When a workspace and its govern node were last in touch."""

    workspace: str
    at: datetime | None
    """None: never."""
    late: bool


class Statuses(Collector):
    """Things as gauges."""

    def __init__(
        self,
        things: list[ThingStatus],
        endpoints: list[WatchedEndpoint],
        workspaces: list[InTouch],
    ) -> None:
        self._things = things
        self._endpoints = endpoints
        self._workspaces = workspaces

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """A value for each thing, for each part of it, figures of endpoints, and of workspaces."""
        whole = GaugeMetricFamily(NAME, ABOUT, labels=LABELS)
        parts = GaugeMetricFamily(f"{NAME}_of_part", ABOUT_PARTS, labels=(*LABELS, "part"))
        for each in self._things:
            key = (each.project, each.kind, each.name)
            whole.add_metric(key, _value(each.status))
            for part in each.parts:
                parts.add_metric((*key, part.part), _value(part.status))
        yield whole
        yield parts
        for name, (about, value_of) in FIGURES.items():
            gauge = GaugeMetricFamily(name, about, labels=OF_ENDPOINTS)
            for one in self._endpoints:
                if (value := value_of(one)) is not None:
                    gauge.add_metric((one.project, one.name, one.infrastructure), value)
            yield gauge
        in_touch = GaugeMetricFamily(IN_TOUCH, ABOUT_IN_TOUCH, labels=("workspace",))
        late = GaugeMetricFamily(LATE, ABOUT_LATE, labels=("workspace",))
        for found in self._workspaces:
            if found.at is not None:
                in_touch.add_metric((found.workspace,), found.at.timestamp())
            late.add_metric((found.workspace,), int(found.late))
        yield in_touch
        yield late


def _in_touch(yard: Workspace) -> Iterator[InTouch]:
    """The workspaces of this govern node, or this one with its own, as far as one may know."""
    with suppress(errors.Forbidden):
        if yard.open().settings.role == "govern":
            for each in yard.run(ListWorkspaces()):
                yield InTouch(each.name, each.seen, each.late)
        elif (node := yard.run(ShowGovernStatus()).node) is not None:
            yield InTouch(node.workspace, node.synced, node.late)


def _value(status: Status) -> int:
    return STATUSES.index(status) - 1


class Metrics:
    """Tells what an API key may see; the setting `metrics.open` lets everybody in."""

    def __init__(self, workspace: Workspace, threads: Threads) -> None:
        self._workspace = workspace
        self._threads = threads
        self._open = workspace.open().settings.metrics.open

    async def answer(self, request: Request) -> Response:
        """Tell every status, or why not."""
        try:
            return await self._threads.run(self._told, request)
        except Exception as exc:  # noqa: BLE001  whatever it is becomes an answer
            return answer_to(exc).response()

    def _told(self, request: Request) -> Response:
        identity = Identity(login_name()) if self._open else identify(request)
        registry = CollectorRegistry()
        yard = self._workspace.acting(identity)
        things, endpoints = yard.run(ShowMonitoring()), yard.run(ListWatchedEndpoints())
        registry.register(Statuses(things, endpoints, list(_in_touch(yard))))
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
