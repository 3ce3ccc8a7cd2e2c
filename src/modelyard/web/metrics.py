"""`GET /metrics`: how everything is, as Prometheus asks for it."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response

from modelyard.kernel.identity import Identity, login_name
from modelyard.monitoring.watching.commands import ShowMonitoring
from modelyard.monitoring.watching.types import STATUSES, ThingStatus
from modelyard.web.auth import identify
from modelyard.web.problems import answer_to
from modelyard.web.threads import Threads
from modelyard.workspace import Workspace

NAME = "modelyard_status"
ABOUT = "How a thing is: -1 nothing is known, 0 healthy, 1 warning, 2 error."
LABELS = ("project", "kind", "name")


class Statuses(Collector):
    """Things as gauges."""

    def __init__(self, things: list[ThingStatus]) -> None:
        self._things = things

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """One gauge, with a value for each thing."""
        gauge = GaugeMetricFamily(NAME, ABOUT, labels=LABELS)
        for each in self._things:
            value = STATUSES.index(each.status) - 1
            gauge.add_metric((each.project, each.kind, each.name), value)
        yield gauge


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
        registry.register(Statuses(self._workspace.acting(identity).run(ShowMonitoring())))
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
