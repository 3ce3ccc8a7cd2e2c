"""Keras models in HDF5: their layers are a JSON text somewhere in the file."""

from __future__ import annotations

import json
from collections.abc import Iterator

from modelyard.models.scan.items import Desk, Item
from modelyard.models.scan.limits import MIB
from modelyard.models.scan.schemas import inspect_config
from modelyard.models.types import Finding

MAGIC = b"\x89HDF\r\n\x1a\n"
_CONFIG = b"model_config"
_START = b'{"class_name"'
LONGEST_CONFIG = 32 * MIB


def inspect_hdf5(item: Item, head: bytes, desk: Desk) -> Iterator[Finding] | None:
    """Look into an HDF5 file; None if it is none.

    The file is searched as bytes: parsing a hostile HDF5 file takes a C library that has had many
    memory errors. A search proves nothing, so a whole Keras model always needs review; files of
    weights alone hold no configuration and are data.
    """
    if MAGIC not in (head[:8], head[512:520], head[1024:1032], head[2048:2056]):
        return None
    return _search_model(item, desk)


def _search_model(item: Item, desk: Desk) -> Iterator[Finding]:
    yield from search_layers(item, desk)
    with item.open() as file:
        tail = b""
        while data := file.read(4 * MIB):
            if _CONFIG in tail + data:
                why = "Keras loads code in this format without asking"
                yield item.finding("needs_review", "Keras model in HDF5", why)
                return
            tail = data[-len(_CONFIG) :]


def search_layers(item: Item, desk: Desk) -> Iterator[Finding]:
    """Judge Keras configurations written as JSON anywhere in a file."""
    with item.open() as file:
        kept, texts = b"", 0
        while data := file.read(4 * MIB):
            desk.budget.check_time()
            window = kept + data
            at = window.find(_START)
            if at >= 0 and texts < 100:
                texts += 1
                window = window[at:] + file.read(LONGEST_CONFIG)
                yield from _layers(item, window)
                window = window[len(_START) :]
            kept = window[-64:]


def _layers(item: Item, text: bytes) -> Iterator[Finding]:
    try:
        tree, _ = json.JSONDecoder().raw_decode(text.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return
    yield from inspect_config(item, tree)
