"""YAML of strangers as plain JSON values, without its traps."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import yaml

LARGEST = 16 * 2**20
MOST_VALUES = 2_000_000
DEEPEST = 100

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class NotPlain(ValueError):
    """It is no YAML, or no honest YAML; the text says why."""


def load_plain(data: bytes) -> Any:
    """Parse one YAML document into what JSON can hold; dates become ISO text.

    Raises:
        NotPlain: it is not YAML, asks for Python objects, or is absurdly large or deep, also after
            its aliases are written out.
    """
    if len(data) > LARGEST:
        raise NotPlain(f"it has {len(data):,} bytes; {LARGEST:,} is the limit")
    try:
        _check_depth(data)
        loader = _Loader(data)
        try:
            node = loader.get_single_node()
            if node is None:
                return None
            _check_size(node)
            return _plain(loader.construct_document(node))
        finally:
            loader.dispose()
    except yaml.YAMLError as exc:
        raise NotPlain(" ".join(str(exc).split())) from exc
    except NotPlain:
        raise
    except (ValueError, TypeError, OverflowError) as exc:
        raise NotPlain(str(exc)) from exc


def _check_depth(data: bytes) -> None:
    """Follow the nesting step by step; composing it recurses in C and would end the process."""
    loader = _Loader(data)
    depth = 0
    try:
        while loader.check_event():
            event = loader.get_event()
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if depth > DEEPEST:
                raise NotPlain("it is nested too deeply")
    finally:
        loader.dispose()


def _check_size(root: yaml.Node) -> None:
    """Count values with aliases written out, so that a small text cannot stand for billions."""
    sizes: dict[int, int] = {}
    waiting: list[tuple[yaml.Node, bool]] = [(root, False)]
    open_nodes: set[int] = set()
    while waiting:
        node, done = waiting.pop()
        key = id(node)
        if done:
            open_nodes.discard(key)
            sizes[key] = 1 + sum(sizes[id(child)] for child in _children(node))
            if sizes[key] > MOST_VALUES:
                raise NotPlain("its aliases stand for too many values")
        elif key in open_nodes:
            raise NotPlain("it contains itself")
        elif key not in sizes:
            open_nodes.add(key)
            waiting.append((node, True))
            waiting.extend((child, False) for child in _children(node))


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            key if isinstance(key, str) else str(_plain(key)): _plain(v) for key, v in value.items()
        }
    if isinstance(value, list | tuple | set):
        return [_plain(item) for item in value]
    if isinstance(value, datetime | date):
        return value.isoformat(" ") if isinstance(value, datetime) else value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
