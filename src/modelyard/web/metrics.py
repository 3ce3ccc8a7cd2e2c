"""`GET /metrics`: how everything is, as Prometheus asks for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response

from modelyard.deployments.watching.commands import ListWatchedEndpoints
from modelyard.deployments.watching.types import WatchedEndpoint
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


class Statuses(Collector):
    """Things as gauges."""

    def __init__(self, things: list[ThingStatus], endpoints: list[WatchedEndpoint]) -> None:
        self._things = things
        self._endpoints = endpoints

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """A value for each thing, for each part of it, and figures of endpoints."""
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
        registry.register(Statuses(yard.run(ShowMonitoring()), yard.run(ListWatchedEndpoints())))
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
