"""Models that stay loaded between questions, so that a few rows are answered at once."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from weakref import WeakKeyDictionary

from sqlalchemy import Engine

from modelyard import errors
from modelyard.kernel.context import Context
from modelyard.kernel.settings import RuntimeSettings
from modelyard.runtime.pool import WorkerPool

Open = Callable[[], AbstractContextManager[WorkerPool]]


class Ready:
    """A place for one model: the pool once it is open, and who uses it."""

    def __init__(self) -> None:
        self.opening = threading.Lock()
        self.stack = ExitStack()
        self.pool: WorkerPool | None = None
        self.users = 0
        self.left = 0.0

    def opened(self, open_pool: Open) -> WorkerPool:
        """The pool; whoever comes first opens it."""
        with self.opening:
            if self.pool is None:
                self.pool = self.stack.enter_context(open_pool())
            return self.pool


class ReadyPools:
    """Pools by key, of which the one that was not used for longest gives way to another.

    Args:
        settings: how many there may be, for how long, and how long one waits for a place.
    """

    def __init__(self, settings: RuntimeSettings) -> None:
        self._settings = settings
        self._places: OrderedDict[Hashable, Ready] = OrderedDict()
        self._changed = threading.Condition()
        self._closed = False
        threading.Thread(target=self._sweep, name="ready-models", daemon=True).start()

    @contextmanager
    def use(self, key: Hashable, open_pool: Open) -> Iterator[WorkerPool]:
        """The pool of a key, opened if it is not; it stays open when the block is left.

        Raises:
            Unavailable: as many models as may be are busy.
            ModelyardError: as opening it raises.
        """
        place = self._take(key)
        try:
            yield place.opened(open_pool)
        finally:
            self._leave(place)

    def close(self) -> None:
        """End all that are open; questions under way fail with Unavailable."""
        with self._changed:
            self._closed = True
            places = list(self._places.values())
            self._places.clear()
            self._changed.notify_all()
        for place in places:
            place.stack.close()

    def _take(self, key: Hashable) -> Ready:
        gone: Ready | None = None
        with self._changed:
            if not self._changed.wait_for(
                lambda: self._has_room(key), self._settings.answer_timeout
            ):
                raise errors.Unavailable(
                    f"{self._settings.ready_models} models answer at the moment, and no more may "
                    "be loaded (setting runtime.ready_models); try again in a moment"
                )
            if self._closed:
                raise errors.Unavailable("the workspace is being closed")
            place = self._places.get(key)
            if place is None:
                if len(self._places) >= self._settings.ready_models:
                    gone = self._places.pop(next(self._idle()))
                place = self._places[key] = Ready()
            place.users += 1
            self._places.move_to_end(key)
        if gone is not None:
            gone.stack.close()
        return place

    def _has_room(self, key: Hashable) -> bool:
        full = len(self._places) >= self._settings.ready_models
        return key in self._places or not full or any(True for _ in self._idle())

    def _idle(self) -> Iterator[Hashable]:
        return (key for key, place in self._places.items() if not place.users)

    def _leave(self, place: Ready) -> None:
        with self._changed:
            place.users -= 1
            place.left = time.monotonic()
            self._changed.notify_all()

    def _sweep(self) -> None:
        """End pools that nobody used for a while."""
        while True:
            with self._changed:
                if self._closed:
                    return
                oldest = time.monotonic() - self._settings.ready_seconds
                outdated = [key for key in self._idle() if self._places[key].left <= oldest]
                places = [self._places.pop(key) for key in outdated]
                if not places:
                    self._changed.wait(self._until_next())
            for place in places:
                place.stack.close()

    def _until_next(self) -> float:
        left = [self._places[key].left for key in self._idle()]
        wait = self._settings.ready_seconds
        return wait if not left else max(0.01, min(left) + wait - time.monotonic())


_POOLS: WeakKeyDictionary[Engine, ReadyPools] = WeakKeyDictionary()
_MAKING = threading.Lock()


def ready_pools(context: Context) -> ReadyPools:
    """Those of an open workspace."""
    with _MAKING:
        if context.engine not in _POOLS:
            _POOLS[context.engine] = ReadyPools(context.settings.runtime)
        return _POOLS[context.engine]


def close_ready_pools(engine: Engine) -> None:
    """End the models that stay loaded for a workspace that is closed."""
    with _MAKING:
        pools = _POOLS.pop(engine, None)
    if pools is not None:
        pools.close()
