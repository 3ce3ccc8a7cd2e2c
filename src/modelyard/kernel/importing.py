"""Imports that look for no garbage among what they make."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_garbage_collection() -> Iterator[None]:
    """Look for no garbage meanwhile, unless nobody does anyway.

    The objects of modules stay: passing through them again and again takes a fifth of the time of
    importing them. So they are old at once, unless whoever imports us has frozen others.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if not gc.get_freeze_count():
            gc.freeze()
            gc.unfreeze()
        if was_on:
            gc.enable()
