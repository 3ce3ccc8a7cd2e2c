"""One service of a running node: it follows what is kept on the disk, without losing a query."""

from __future__ import annotations

import asyncio
import logging
import shutil
import time
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

from modelyard import errors
from modelyard.kernel.progress import Progress, silence
from modelyard.kernel.values import now
from modelyard.serving.generations.loaded import Loaded
from modelyard.serving.running.routing import Routing
from modelyard.serving.types import FallBack, ServiceState

LOG = logging.getLogger("modelyard.node")

Load = Callable[[str, str, Progress], Awaitable[Loaded]]


class RunningService:
    """What a service has loaded; `routing` is read by queries, and replaced as a whole."""

    def __init__(
        self,
        name: str,
        load: Load,
        guarded: Callable[[str, int, FallBack], None],
        notes: Path | None = None,
    ) -> None:
        """`load` loads a generation; `guarded` keeps on the disk that the guard went back.

        Below `notes` the processes of a node write down what the guard sees.
        """
        self.name = name
        self.state: ServiceState | None = None
        self.routing: Routing | None = None
        self.problem = ""
        """Why it does not answer as it should, if it does not."""
        self._load = load
        self._guarded = guarded
        self._notes = notes
        self._loaded: dict[str, Loaded] = {}
        self._preloaded: set[str] = set()
        self._fallen: int | None = None
        self._one_at_a_time = asyncio.Lock()
        self._retiring: set[asyncio.Task[None]] = set()
        self._end_of_guard: asyncio.TimerHandle | None = None

    @property
    def loaded(self) -> dict[str, Loaded]:
        """All generations in memory, by name."""
        return dict(self._loaded)

    async def preload(self, generation: str, progress: Progress = silence) -> None:
        """Load a generation, which then stays until the next switch.

        Raises:
            NotFound, Failed, Unavailable: it cannot be loaded.
        """
        async with self._one_at_a_time:
            await self._ensure([generation], progress)
            self._preloaded.add(generation)
            self._refresh()

    async def prepare(self, state: ServiceState, progress: Progress = silence) -> None:
        """Load what a state needs; queries are answered as before. Errors as in `preload`."""
        async with self._one_at_a_time:
            await self._ensure(state.needs(time.time()), progress)

    async def follow(self, state: ServiceState | None, progress: Progress = silence) -> None:
        """Answer as a state says from now on, and let go of what it does not need.

        None: the service is gone. What does not load leaves the routing as it was; errors as in
        `preload`. Shadows, and generations that are only held ready, may be missing.
        """
        async with self._one_at_a_time:
            if state is not None and state.revision == self._fallen:
                return  # the guard has gone back, and is about to write that down
            before = self.state
            self.state = state
            needed = state.needs(time.time()) if state else ()
            answering = state.mapping.entries if state and state.mapping else ()
            self.problem = ""
            for name in needed:
                try:
                    await self._ensure([name], progress)
                except errors.ModelyardError as exc:
                    self.problem = exc.detail
                    if name in answering:
                        self.state = before
                        self._keep_only(before.needs(time.time()) if before else ())
                        raise
                    LOG.warning("%s answers, but: %s", self.name, exc.detail)
            if state is None or before is None or state.revision != before.revision:
                self._preloaded.clear()
                self._fallen = None
            self._keep_only(needed)
            self._refresh()

    async def forget(self, generation: str) -> None:
        """Let go of a generation that nothing needs and that is about to be removed."""
        async with self._one_at_a_time:
            self._preloaded.discard(generation)
            self._keep_only(self.state.needs(time.time()) if self.state else ())
            self._refresh()

    def fall_back(self, routing: Routing, generation: str, reason: str) -> None:
        """Go back to the mapping before, at once."""
        back = routing.back
        revision = self.routing.revision if self.routing else None
        if back is None or self.state is None or revision != routing.revision or self._fallen:
            return  # somebody was quicker
        LOG.error("%s %s: going back: %s", self.name, generation, reason)
        self._fallen = routing.revision
        self.routing = Routing.of(
            self.name,
            routing.revision,
            back,
            self._loaded,
            state=self.state,
        )
        fell = FallBack(generation=generation, reason=reason, at=now())
        self._guarded(self.name, routing.revision, fell)

    async def close(self) -> None:
        """Answer what is under way, and end."""
        async with self._one_at_a_time:
            self._look_until(None)
            self.routing = None
            self._let_go(self._loaded)
            await asyncio.gather(*self._retiring, return_exceptions=True)  # told by _retired

    async def _ensure(self, generations: Iterable[str], progress: Progress) -> None:
        for name in generations:
            if name not in self._loaded:
                self._loaded[name] = await self._load(self.name, name, progress)

    def _refresh(self) -> None:
        """Make the routing anew: nothing waits here, so a query sees the old one or the new one."""
        state = self.state
        if state is None or state.mapping is None or not state.enabled:
            self.routing = None
        elif self._fallen is None:
            until = state.guarded_until()
            held = (
                state.previous is not None and state.previous.entries.keys() <= self._loaded.keys()
            )
            looks = until is not None and time.time() < until and held
            self._look_until(until if looks else None)
            if looks:
                self._forget_notes(state.revision)
            self.routing = Routing.of(
                self.name,
                state.revision,
                state.mapping,
                self._loaded,
                state=state,
                back=state.previous if looks else None,
                before=self.routing,
                notes=self._notes,
            )

    def _forget_notes(self, revision: int) -> None:
        """Remove what guards of earlier mappings saw; what is still open stays readable."""
        if self._notes is not None and self._notes.is_dir():
            for each in self._notes.iterdir():
                if each.name.isdigit() and int(each.name) < revision:
                    shutil.rmtree(each, ignore_errors=True)

    def _look_until(self, moment: float | None) -> None:
        if self._end_of_guard is not None:
            self._end_of_guard.cancel()
            self._end_of_guard = None
        if moment is not None:
            loop = asyncio.get_running_loop()
            self._end_of_guard = loop.call_later(moment - time.time(), self._guard_ends)

    def _guard_ends(self) -> None:
        """Let go of the generations before; a change that is under way does that itself."""
        if self.state is not None and not self._one_at_a_time.locked():
            self._keep_only(self.state.needs(time.time()))
            self._refresh()

    def _keep_only(self, needed: Iterable[str]) -> None:
        """Let go of the others; those of a routing that is being left answer what they have."""
        self._let_go(set(self._loaded) - set(needed) - self._preloaded)

    def _let_go(self, names: Iterable[str]) -> None:
        for name in list(names):
            task = asyncio.ensure_future(self._loaded.pop(name).retire())
            self._retiring.add(task)
            task.add_done_callback(self._retired)

    def _retired(self, task: asyncio.Task[None]) -> None:
        self._retiring.discard(task)
        if not task.cancelled() and (failure := task.exception()):
            LOG.error("%s: a generation could not be ended", self.name, exc_info=failure)
