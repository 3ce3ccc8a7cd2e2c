"""`GET /metrics`: what the processes of the node counted, as Prometheus asks for it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from modelyard.serving.http.desk import Desk
from modelyard.serving.http.paths import Paths
from modelyard.serving.http.replies import Reply
from modelyard.serving.http.requests import Request
from modelyard.serving.metrics.counting import Metrics
from modelyard.serving.metrics.telling import PROMETHEUS, prometheus_text


class NumbersApi:
    """Tells them to whoever has an admin key, or to everybody where the settings say so."""

    def __init__(self, desk: Desk, metrics: Metrics, *, is_open: bool) -> None:
        self._desk = desk
        self._metrics = metrics
        self._is_open = is_open

    def add_to(self, paths: Paths) -> None:
        """Take the route."""
        paths.add("GET /metrics", self.tell)

    async def tell(self, request: Request, _path: Mapping[str, str]) -> Reply:
        """All numbers."""
        if not self._is_open:
            self._desk.administrator(request)
        text = await asyncio.to_thread(lambda: prometheus_text(self._metrics.gather()))
        return Reply(text, media_type=PROMETHEUS)
