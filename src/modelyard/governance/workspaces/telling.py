"""What is told of an item to a govern node, and by which mark both sides know it again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import JsonValue

from modelyard.governance.items.facts import Fact, digest_of
from modelyard.governance.items.ids import placed
from modelyard.governance.workspaces.types import ToldItem, ToldSection
from modelyard.kernel.version import __version__


def mark_of_all(facts: Mapping[str, Fact]) -> str:
    """A mark of all that is told of an item.

    It says what version tells it, so that all is told anew after an upgrade.
    """
    parts = [
        [name, fact.mark or digest_of(fact.body or {}), list(fact.bound), _listed(fact.readers)]
        for name, fact in sorted(facts.items())
    ]
    text = json.dumps([__version__, parts], separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def as_told(item: str, facts: Mapping[str, Fact], evidence: dict[str, JsonValue]) -> ToldItem:
    """An item with all its bodies."""
    sections = {
        name: ToldSection(body=fact.body or {}, bound=fact.bound, readers=fact.readers)
        for name, fact in facts.items()
    }
    return ToldItem(item=item, mark=mark_of_all(facts), sections=sections, evidence=evidence)


def placed_body(workspace: str, section: str, body: Any) -> Any:
    """A body in which items of a workspace are called as they are here."""
    found = _renamed(workspace, body)
    infrastructure = found.get("infrastructure") if section == "deployment" else None
    if isinstance(infrastructure, str):
        found["infrastructure"] = f"{workspace}.{infrastructure}"
    return found


def _renamed(workspace: str, body: Any) -> Any:
    if isinstance(body, dict):
        return {_name(workspace, name): _renamed(workspace, part) for name, part in body.items()}
    if isinstance(body, list):
        return [_renamed(workspace, part) for part in body]
    return body


def _name(workspace: str, name: str) -> str:
    try:
        return placed(workspace, name) if ":" in name else name
    except ValueError:
        return name


def _listed(readers: Iterable[str] | None) -> list[str] | None:
    return None if readers is None else sorted(readers)
