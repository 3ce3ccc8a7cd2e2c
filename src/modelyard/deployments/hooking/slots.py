"""Slots of an infrastructure: so many of its hooks are called at a time, by whatever process."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from modelyard import errors
from modelyard.deployments.hooking import repository
from modelyard.deployments.hooking.types import When
from modelyard.kernel.context import Context

SLOTS = 3
"""Hooks of an infrastructure that are called at a time."""
WAITS: dict[When, float] = {"pre": 10.0, "post": 60.0}
"""Seconds that a hook waits for a slot at most."""
LEASE, BEATS_EVERY = 8.0, 2.0
"""Seconds without a sign of life after which a slot is free, and between two of them."""
LOOKS_EVERY = 0.25


@contextmanager
def slot(context: Context, infrastructure: str, when: When) -> Iterator[None]:
    """Hold a slot for as long as the block takes.

    Raises:
        Unavailable: none became free in time.
    """
    holder = secrets.token_hex(16)
    _wait(context, infrastructure, when, holder)
    ended = threading.Event()
    thread = threading.Thread(target=_beat, args=(context, holder, ended), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        with context.begin_aside() as db:
            repository.free_slot(db, holder)


def _wait(context: Context, infrastructure: str, when: When, holder: str) -> None:
    until = time.monotonic() + WAITS[when]
    while True:
        with context.begin_aside() as db:
            if repository.take_slot(db, infrastructure, holder, SLOTS, LEASE):
                return
        if time.monotonic() > until:
            raise errors.Unavailable(
                f"{SLOTS} hooks of {infrastructure} are called at a time, and none of them ended "
                f"within {WAITS[when]:g} s"
            )
        time.sleep(LOOKS_EVERY)


def _beat(context: Context, holder: str, ended: threading.Event) -> None:
    while not ended.wait(BEATS_EVERY):
        try:
            with context.begin_aside() as db:
                repository.beat_slot(db, holder)
        except errors.Unavailable:
            continue  # the database is away; the lease says for how long that is borne
