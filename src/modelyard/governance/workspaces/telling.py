"""What is told of an item to a govern node, and by which mark both sides know it again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import JsonValue

from modelyard.governance.items.facts import Fact, digest_of
from modelyard.governance.items.ids import id_of, parsed, placed
from modelyard.governance.policies.types import PastDeployment
from modelyard.governance.workspaces.types import ToldItem, ToldSection, ToldUpdate
from modelyard.kernel.version import __version__


def mark_of_all(facts: Mapping[str, Fact], evidence: Mapping[str, JsonValue] | None = None) -> str:
    """A mark of all that is told of an item.

    It says what version tells it, so that all is told anew after an upgrade.

    Args:
        facts: its sections.
        evidence: what policies are told of it, where they may be tried on it at any time; None:
            they are told when they are asked before it is deployed.
    """
    parts = [
        [name, fact.mark or digest_of(fact.body or {}), list(fact.bound), _listed(fact.readers)]
        for name, fact in sorted(facts.items())
    ]
    text = json.dumps([__version__, parts, evidence], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def as_told(
    item: str, facts: Mapping[str, Fact], evidence: dict[str, JsonValue], *, marked: bool
) -> ToldItem:
    """An item with all its bodies; `marked` says whether its mark is of the evidence, too."""
    sections = {
        name: ToldSection(body=fact.body or {}, bound=fact.bound, readers=fact.readers)
        for name, fact in facts.items()
    }
    mark = mark_of_all(facts, evidence if marked else None)
    return ToldItem(item=item, mark=mark, sections=sections, evidence=evidence)


def told_update(past: PastDeployment) -> ToldUpdate:
    """An update of a deployment with its mark."""
    mark = digest_of({"version": __version__, "past": past.model_dump(mode="json")})[:32]
    return ToldUpdate(mark=mark, past=past)


def placed_past(workspace: str, past: PastDeployment) -> PastDeployment:
    """An update of a deployment in which all is called as it is here.

    Raises:
        ValueError: a name is too long for that, or is none.
    """
    _, (project, _) = parsed(placed(workspace, id_of("deployment", past.project, past.deployment)))
    _, (infrastructure,) = parsed(placed(workspace, id_of("infrastructure", past.infrastructure)))
    versions = {placed(workspace, item): files for item, files in past.versions.items()}
    told = {"project": project, "infrastructure": infrastructure, "versions": versions}
    return past.model_copy(update=told)


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
