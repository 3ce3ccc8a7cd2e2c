"""Whether the node lives, whether its endpoints answer, and what it counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from modelyard import errors
from modelyard.kernel.version import __version__
from modelyard.serving.http.desk import Desk
from modelyard.serving.http.paths import Paths
from modelyard.serving.http.problems import problem
from modelyard.serving.http.replies import Reply, reply_of
from modelyard.serving.http.requests import Request

TEXT = "text/plain; charset=utf-8"


class Health:
    """Probes: of the process, and of each endpoint by a prediction."""

    def __init__(self, desk: Desk, not_alive: Path, *, is_stopping: Callable[[], bool]) -> None:
        """`not_alive`: a file; while it is there, the node says that it is not alive."""
        self._desk = desk
        self._not_alive = not_alive
        self._is_stopping = is_stopping

    def add_to(self, paths: Paths) -> None:
        """Take the routes."""
        for path in ("/isAlive", "/ping", "/health"):
            paths.add(f"GET {path}", self.is_alive)
        paths.add("GET /version", self.version)
        paths.add("GET /{service}/{endpoint}/ready", self.ready)

    def require_alive(self) -> None:
        """Raises Unavailable while the node is stopping, or somebody says that it is not alive."""
        if self._is_stopping():
            raise errors.Unavailable("the node is being stopped")
        if self._not_alive.exists():
            raise errors.Unavailable(f"{self._not_alive.name} says that this node is not alive")

    async def is_alive(self, request: Request, _path: Mapping[str, str]) -> Reply:
        """200, or 503: queries should be sent elsewhere, while those that come are answered."""
        try:
            self.require_alive()
        except errors.Unavailable as exc:
            return problem(exc, request=request.id)
        return reply_of({"alive": True})

    async def version(self, _request: Request, _path: Mapping[str, str]) -> Reply:
        """The version of the node."""
        return Reply(__version__.encode(), media_type=TEXT)

    async def ready(self, _request: Request, path: Mapping[str, str]) -> Reply:
        """Whether an endpoint answers one of its test queries."""
        self.require_alive()
        await self._desk.plane.ready(path["service"], path["endpoint"])
        return reply_of({"ready": True})
