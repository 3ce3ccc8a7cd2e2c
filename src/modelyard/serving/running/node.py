"""A running node: the services of a folder, loaded and answering, in one event loop."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from modelyard import errors
from modelyard.kernel.progress import Progress, silence
from modelyard.serving.asking import PoolStatus
from modelyard.serving.databases.opening import NodeDatabases
from modelyard.serving.folder import NodeFolder
from modelyard.serving.generations.loaded import Loaded
from modelyard.serving.generations.loading import EndpointLoader, load_generation
from modelyard.serving.keys import KeyRing
from modelyard.serving.running.control import ControlSocket
from modelyard.serving.running.inbox import Inbox
from modelyard.serving.running.routing import Routing
from modelyard.serving.running.service import RunningService
from modelyard.serving.settings import NodeSettings
from modelyard.serving.types import FallBack, ServiceState

LOG = logging.getLogger("modelyard.node")

WentBack = Callable[[NodeFolder, str, int, FallBack], None]


class RunningNode:
    """What a process of a node has loaded.

    `start` loads what is active and begins to listen at the control socket; a service that does not
    load says so to whoever asks it, and keeps no other from starting.
    """

    def __init__(
        self,
        folder: NodeFolder,
        settings: NodeSettings,
        *,
        load: EndpointLoader,
        went_back: WentBack,
        take: Callable[[], None],
    ) -> None:
        """`went_back` keeps that a guard went back, `take` looks into the inbox; both may block."""
        self.folder = folder
        self.settings = settings
        self.keys = KeyRing(folder.keys)
        self.services: dict[str, RunningService] = {}
        self._load_endpoint = load
        self._databases = NodeDatabases(folder.connections)
        self._went_back = went_back
        self._control = ControlSocket(folder.run, self)
        self._inbox = Inbox(settings.packages.inbox_seconds, take)
        self._started = time.time()
        self._loading = asyncio.Event()
        self._errands: set[asyncio.Task[None]] = set()

    async def start(self, progress: Progress = silence) -> None:
        """Load what is active."""
        await self._control.open()  # before the disk is read: no change is missed
        await asyncio.gather(*(self._begin(name, progress) for name in self.folder.service_names()))
        self._loading.set()
        self._inbox.start()

    async def stop(self) -> None:
        """Answer what is under way, and end all workers."""
        await self._inbox.stop()
        await asyncio.gather(*self._errands, return_exceptions=True)  # told by _ended
        await self._control.close()
        await asyncio.gather(*(service.close() for service in self.services.values()))
        self._databases.close()

    # What control sockets ask for

    async def prepare(self, service: str, state: ServiceState, progress: Progress, /) -> None:
        """Load what a state of a service needs, and answer as before."""
        await self._loading.wait()
        await self._service(service).prepare(state, progress)

    async def follow(self, service: str, progress: Progress, /) -> None:
        """Answer as the disk says."""
        await self._loading.wait()
        await self._follow(service, progress)

    async def preload(self, service: str, generation: str, progress: Progress, /) -> None:
        """Load a generation, which then stays until the next switch."""
        await self._loading.wait()
        await self._service(service).preload(generation, progress)

    async def forget(self, service: str, generation: str, /) -> None:
        """Let go of a generation that is about to be removed."""
        await self._loading.wait()
        await self._service(service).forget(generation)

    async def try_query(
        self, service: str, endpoint: str, query: dict[str, Any], generation: str | None, /
    ) -> dict[str, Any]:
        """What an endpoint answers to a query, which is neither logged nor counted."""
        routing = self.routing(service)
        loaded = routing.choose(None, generation)
        began = time.perf_counter()
        with loaded.answering():
            (answer,) = (await loaded.endpoint(endpoint).ask([query])).rows
        if answer.problem:
            raise errors.Failed(f"the model refused it: {answer.problem}")
        return {
            "generation": loaded.name,
            "answer": answer.output or {},
            "ignored": answer.ignored,
            "ms": round(1000 * (time.perf_counter() - began), 3),
        }

    def routing(self, service: str) -> Routing:
        """What a service answers with now.

        Raises:
            NotFound: there is no such service.
            Unavailable: it is disabled, has nothing active, or does not load.
        """
        found = self.services.get(service)
        if found is None or (found.state is None and not found.problem):
            raise errors.NotFound.among("service", service, self.services)
        if found.routing is not None:
            return found.routing
        if found.problem:
            raise errors.Unavailable(f"{service} does not answer: {found.problem}")
        if found.state and not found.state.enabled:
            raise errors.Unavailable(f"{service} is disabled")
        raise errors.Unavailable(f"no generation of {service} is active")

    def status(self) -> dict[str, Any]:
        """What is loaded, and how its workers are."""
        return {
            "pid": os.getpid(),
            "started": self._started,
            "starting": not self._loading.is_set(),
            "services": {
                name: {
                    "revision": service.routing.revision if service.routing else None,
                    "problem": service.problem,
                    "generations": {
                        generation: {
                            "under_way": loaded.under_way,
                            "endpoints": {
                                endpoint: asdict(each.status())
                                for endpoint, each in loaded.endpoints.items()
                            },
                        }
                        for generation, loaded in service.loaded.items()
                    },
                }
                for name, service in self.services.items()
            },
        }

    def pools(self) -> dict[tuple[str, ...], PoolStatus]:
        """How the workers are, by service, endpoint and generation; from any thread."""
        return {
            (name, endpoint, generation): each.status()
            for name, service in list(self.services.items())
            for generation, loaded in service.loaded.items()
            for endpoint, each in loaded.endpoints.items()
        }

    async def _begin(self, name: str, progress: Progress) -> None:
        try:
            await self._follow(name, progress)
        except errors.ModelyardError as exc:
            LOG.error("%s does not answer: %s", name, exc.detail)  # noqa: TRY400

    async def _follow(self, name: str, progress: Progress) -> None:
        service = self._service(name)
        try:
            state = await asyncio.to_thread(self.folder.state, name)
        except errors.NotFound:
            await service.follow(None, progress)
            self.services.pop(name, None)
            return
        await service.follow(state, progress)

    def _service(self, name: str) -> RunningService:
        found = self.services.get(name)
        if found is None:
            found = self.services[name] = RunningService(
                name, self._load, self._guarded, self.folder.guards / name
            )
        return found

    async def _load(self, service: str, generation: str, progress: Progress) -> Loaded:
        return await load_generation(
            self.folder,
            self.settings,
            service,
            generation,
            load=self._load_endpoint,
            databases=self._databases,
            starting=not self._loading.is_set(),
            progress=progress,
        )

    def _guarded(self, service: str, revision: int, fell: FallBack) -> None:
        """Keep on the disk that a guard went back; the other processes learn of it by that."""
        work = asyncio.to_thread(self._went_back, self.folder, service, revision, fell)
        errand = asyncio.ensure_future(work)
        self._errands.add(errand)
        errand.add_done_callback(self._ended)

    def _ended(self, errand: asyncio.Task[None]) -> None:
        self._errands.discard(errand)
        if not errand.cancelled() and (failure := errand.exception()):
            LOG.error("that a guard went back could not be kept", exc_info=failure)
