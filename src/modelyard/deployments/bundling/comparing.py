"""In what two bundles differ: rows by their keys and fields, metrics, data and files."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from modelyard.archives.types import ArchivedFile
from modelyard.deployments.bundling.content import BUNDLED
from modelyard.deployments.bundling.reading import OpenBundle
from modelyard.deployments.bundling.rows import key_of, table_of
from modelyard.deployments.bundling.types import (
    FILES,
    BundleChange,
    BundledModel,
    BundleManifest,
    ChangeKind,
)

Told = dict[str, Any]

REPEATED = frozenset({"searched", "summary", "sha256"})
"""Columns that say again what others do."""
NOT_THERE = object()


def differences(before: OpenBundle, after: OpenBundle) -> Iterator[BundleChange]:
    """What changed from one bundle to the other: rows by table, then what the manifests tell."""
    came_or_went: dict[str, set[str]] = defaultdict(set)
    for table, declared in BUNDLED.items():
        if declared.is_part:
            continue
        told_with = came_or_went[declared.about]
        for key, change in _between_rows(table, before, after):
            if change.change != "changed":
                came_or_went[table].add("/".join(key))
            if not (declared.about and key[0] in told_with):
                yield change
    one, other = before.manifest, after.manifest
    yield from _metrics(one, other)
    for kind, told in (("data", _data), ("file", _files), ("connection", _connections)):
        yield from _between(kind, told(one), told(other))


def _between_rows(
    table: str, before: OpenBundle, after: OpenBundle
) -> Iterator[tuple[tuple[str, ...], BundleChange]]:
    """The changes of rows, with their keys."""
    kind = BUNDLED[table].kind
    for key, was, now in _paired(table, before.rows(table), after.rows(table)):
        name = "/".join(key)
        if was is None or now is None:
            change: ChangeKind = "added" if was is None else "removed"
            yield key, BundleChange(kind=kind, name=name, change=change)
        elif was != now:
            for each in _fields(kind, name, was, now):
                yield key, each


def _paired(
    table: str, before: Iterator[Told], after: Iterator[Told]
) -> Iterator[tuple[tuple[str, ...], Told | None, Told | None]]:
    """Rows by their keys, in whose order both are."""
    described = table_of(table)
    was, now = next(before, None), next(after, None)
    while was is not None or now is not None:
        first = None if was is None else key_of(described, was)
        second = None if now is None else key_of(described, now)
        key = min(each for each in (first, second) if each is not None)
        yield key, was if first == key else None, now if second == key else None
        if first == key:
            was = next(before, None)
        if second == key:
            now = next(after, None)


def _fields(kind: str, name: str, was: Told, now: Told) -> Iterator[BundleChange]:
    one, other = dict(_flat(was)), dict(_flat(now))
    for field in dict.fromkeys((*one, *other)):
        before, after = one.get(field, NOT_THERE), other.get(field, NOT_THERE)
        if before != after:
            yield BundleChange(
                kind=kind,
                name=name,
                change="changed",
                field=field,
                before=None if before is NOT_THERE else before,
                after=None if after is NOT_THERE else after,
            )


def _flat(row: Told) -> Iterator[tuple[str, Any]]:
    """The fields of a row; those inside of a body by their paths in it."""
    for name, value in row.items():
        if name == "body" and isinstance(value, dict):
            yield from _inside("", value)
        elif name not in REPEATED:
            yield from _inside(name, value)


def _inside(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if not isinstance(value, dict) or not value:
        yield path, value
        return
    for name, part in value.items():
        yield from _inside(f"{path}.{name}" if path else name, part)


def _metrics(before: BundleManifest, after: BundleManifest) -> Iterator[BundleChange]:
    """By what the active version of each saved model is better or worse."""
    one = {model.model: _active(model) for model in before.models}
    other = {model.model: _active(model) for model in after.models}
    for model in sorted(one.keys() & other.keys()):
        was, now = one[model], other[model]
        for code in sorted(was.keys() & now.keys()):
            if was[code] != now[code]:
                yield BundleChange(
                    kind="metric",
                    name=model,
                    change="changed",
                    field=code,
                    before=was[code],
                    after=now[code],
                )


def _active(model: BundledModel) -> Mapping[str, float]:
    return next((each.metrics for each in model.versions if each.active), {})


def _between(
    kind: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[BundleChange]:
    for name in sorted(before.keys() | after.keys()):
        was, now = before.get(name), after.get(name)
        if was != now:
            change: ChangeKind = "added" if was is None else "removed" if now is None else "changed"
            yield BundleChange(kind=kind, name=name, change=change, before=was, after=now)


def _data(manifest: BundleManifest) -> dict[str, str]:
    """By dataset, how much data it holds, and which."""
    files = {file.path: file for file in manifest.files}
    return {
        dataset.name: _sized([files[path] for path in dataset.files])
        for dataset in manifest.datasets
        if dataset.with_data
    }


def _sized(files: list[ArchivedFile]) -> str:
    told = "".join(f"{file.path} {file.sha256}\n" for file in files)
    digest = hashlib.sha256(told.encode()).hexdigest()
    return f"{sum(file.size for file in files):,} bytes ({digest[:12]})"


def _files(manifest: BundleManifest) -> dict[str, str]:
    return {
        file.path.removeprefix(FILES): f"{file.size:,} bytes ({file.sha256[:12]})"
        for file in manifest.files
        if file.path.startswith(FILES)
    }


def _connections(manifest: BundleManifest) -> dict[str, str]:
    return {each.name: str(each.kind) for each in manifest.connections}
