"""What this workspace has to tell its govern node: by marks, and in parts that fit a request."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import TypeVar

from pydantic import JsonValue
from sqlalchemy import Connection

from modelyard.governance.items.collecting import told_by_rooms
from modelyard.governance.items.facts import Asked
from modelyard.governance.items.ids import id_of, parsed, placed
from modelyard.governance.items.merging import gathered
from modelyard.governance.policies.evidence import Evidence, Parts
from modelyard.governance.policies.gathering import ever_deployed, parts_of
from modelyard.governance.workspaces.commands import ReceiveItems
from modelyard.governance.workspaces.telling import as_told, mark_of_all, told_update
from modelyard.governance.workspaces.types import Marks, ToldItem, ToldUpdate, is_update, update_id
from modelyard.kernel.context import Context
from modelyard.kernel.values import Value, now

V = TypeVar("V", bound=Value)
READ_AT_ONCE = 250
"""Items whose bodies are in memory at a time."""
SENT_AT_ONCE = 1 << 20
"""Letters of JSON in a request, about."""
LARGEST = 3 << 20
"""Letters of an item that is still told."""


@dataclass(frozen=True)
class Here:
    """What there is to tell at a moment."""

    marks: Marks
    """Of items and of updates of deployments."""
    updates: Mapping[str, ToldUpdate]
    deployed: Collection[str]
    """The versions that these brought: policies are tried on them at any time."""


def look(context: Context, db: Connection, workspace: str) -> Here:
    """Look at all there is; names that are too long to be told are left out.

    Args:
        context: of the workspace, whoever asks.
        db: an open transaction.
        workspace: what it is called on the govern node.
    """
    items = gathered(told_by_rooms(context, db, Asked(skims=True)))
    updates = {
        update_id(past): told_update(past)
        for past in ever_deployed(context, db)
        if _fits(workspace, id_of("deployment", past.project, past.deployment))
    }
    deployed = items.keys() & {item for each in updates.values() for item in each.past.versions}
    evidence = _evidence(context, db, sorted(deployed))
    marks = {
        item: mark_of_all(facts, evidence.get(item))
        for item, facts in items.items()
        if _fits(workspace, item)
    }
    return Here(marks | {name: each.mark for name, each in updates.items()}, updates, deployed)


def parts_to_tell(
    context: Context, here: Here, new: Iterable[str], gone: Iterable[str]
) -> Iterator[ReceiveItems]:
    """Items and updates by their names, those that are new and those that are gone, in parts."""
    lost = sorted(gone)
    of_items = sorted(set(new) - here.updates.keys())
    parts = zip_longest(
        _filled(_told(context, of_items, here.deployed)),
        _chunks([name for name in lost if not is_update(name)]),
        _filled(here.updates[name] for name in sorted(here.updates.keys() & set(new))),
        _chunks([name for name in lost if is_update(name)]),
        fillvalue=(),
    )
    part = next(parts, None)
    while part is not None:
        items, gone_items, updates, gone_updates = part
        part = next(parts, None)
        yield ReceiveItems(
            items=items,
            gone=gone_items,
            updates=updates,
            gone_updates=gone_updates,
            more=part is not None,
        )


def told_items(
    context: Context, db: Connection, about: Collection[str], deployed: Collection[str]
) -> Iterator[ToldItem]:
    """Items with all that rooms tell of them at this moment; those that are gone are left out.

    Args:
        context: the workspace.
        db: an open transaction.
        about: the ids of some hundred items.
        deployed: versions whose marks are of their evidence, too.
    """
    found = gathered(told_by_rooms(context, db, Asked(frozenset(about))))
    evidence = _evidence(context, db, [item for item in found if parsed(item)[0] == "version"])
    for item, facts in found.items():
        yield as_told(item, facts, evidence.get(item, {}), marked=item in deployed)


def _told(context: Context, items: Sequence[str], deployed: Collection[str]) -> Iterator[ToldItem]:
    for chunk in _chunks(items):
        with context.read() as db:
            found = list(told_items(context, db, chunk, deployed))
        yield from found


def _evidence(
    context: Context, db: Connection, versions: Sequence[str]
) -> dict[str, dict[str, JsonValue]]:
    """What rooms tell of versions for policies."""
    return {
        item: _as_json(item, parts)
        for chunk in _chunks(versions)
        for item, parts in parts_of(context, db, chunk).items()
    }


def _as_json(item: str, parts: Parts) -> dict[str, JsonValue]:
    whole = Evidence(item=item, digest="", gathered=now(), governed=False, **parts)
    return whole.model_dump(mode="json", include=set(parts))


def _filled(told: Iterable[V]) -> Iterator[tuple[V, ...]]:
    """Parts that fit a request; what is too large for any is left out."""
    part: list[V] = []
    size = 0
    for each in told:
        length = len(each.model_dump_json())
        if length > LARGEST:
            continue
        if part and (size + length > SENT_AT_ONCE or len(part) >= READ_AT_ONCE):
            yield tuple(part)
            part, size = [], 0
        part.append(each)
        size += length
    if part:
        yield tuple(part)


def _chunks(names: Sequence[str]) -> Iterator[tuple[str, ...]]:
    for start in range(0, len(names), READ_AT_ONCE):
        yield tuple(names[start : start + READ_AT_ONCE])


def _fits(workspace: str, item: str) -> bool:
    """Whether the name of an item is short enough to be governed elsewhere."""
    try:
        placed(workspace, item)
    except ValueError:
        return False
    return True
