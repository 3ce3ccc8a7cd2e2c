"""Rules: what becomes of items about which nobody decided. A model's comes before its project's."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from modelyard import errors
from modelyard.governance.hooks.calling import hooks_on
from modelyard.governance.items.deciding import WITH
from modelyard.governance.items.ids import LENGTHS, OWN, Kind, parsed
from modelyard.governance.items.types import Item, Rule, State
from modelyard.governance.templates import access as templates
from modelyard.governance.templates.repository import every as every_template
from modelyard.store.tables import govern_rules

OF = govern_rules.c
HOOKED = "somebody has to govern it, who is told what the hooks say"
"""Why a rule does not: what stands before the name of the template."""
OPEN: tuple[State, ...] = ("new", "suggested")
"""The states in which nobody decided about an item."""


@dataclass(frozen=True)
class Rules:
    """All rules that there are."""

    by_place: dict[tuple[str, str, Kind], Rule]

    @cached_property
    def scripts(self) -> tuple[Rule, ...]:
        """Those that are scripts."""
        return tuple(each for each in self.by_place.values() if each.code is not None)

    def of(self, item: str) -> Rule | None:
        """The rule that holds for an item; None: there is none."""
        kind, path = parsed(item)
        model = path[1] if kind == "version" else ""
        project = path[0] if len(path) > 1 else ""
        for place in ((project, model), (project, ""), ("", "")):
            if found := self.by_place.get((*place, kind)):
                return found
        return None


def every(db: Connection) -> Rules:
    """Look all of them up: there are few."""
    found = (_rule(row) for row in db.execute(select(govern_rules)))
    return Rules({(each.project or "", each.model or "", each.kind): each for each in found})


class Decided(Rule):
    """What a rule comes to for one item: what its script says, or what hooks leave of it."""

    origin: str = ""
    """What it is called, unless as the rule."""
    reason: str = ""
    """Why nothing is decided, or why it is only suggested, if that is so."""
    fields: dict[str, Any] = {}
    under: str | None = None

    @property
    def called(self) -> str:
        """In a few words."""
        return self.origin or super().called


def unhooked(db: Connection, found: Mapping[str, Rule | None]) -> dict[str, Rule | None]:
    """The same rules of items, but that those only suggest whose templates ask hooks first."""
    asking = {
        kept.name
        for kept in every_template(db)
        if kept.state == "active" and hooks_on(kept.template, "create")
    }
    return {item: _unhooked(rule, asking) for item, rule in found.items()}


def _unhooked(rule: Rule | None, asking: Collection[str]) -> Rule | None:
    if rule is None or rule.action != "govern":
        return rule
    template = rule.template or f"standard-{rule.kind}"
    if template not in asking:
        return rule
    told = {"action": "suggest", "reason": f"{HOOKED} of {template}"}
    return Decided.model_validate({**rule.model_dump(), "origin": rule.called, **told})


def put(db: Connection, rule: Rule) -> None:
    """Set a rule, in place of the one that there was.

    Raises:
        Invalid: there are no such items there, or its template is for others.
        NotFound, Conflict: there is no such template, or nothing may begin by it.
    """
    require_fit(rule)
    if rule.template is not None:
        templates.require(db, rule.template, rule.kind)
    remove(db, rule.project, rule.model, rule.kind)
    row = rule.model_dump() | {"project": rule.project or "", "model": rule.model or ""}
    db.execute(insert(govern_rules).values(row))


def require_fit(rule: Rule) -> None:
    """Refuse a rule that holds for nothing."""
    if rule.kind in OWN:
        raise errors.Invalid(
            f"items of the kind {rule.kind} are made by people, and governed from their beginning",
            field="kind",
        )
    if rule.project is not None and LENGTHS[rule.kind] == 1:
        raise errors.Invalid(
            f"no {rule.kind} is in a project; leave the project out", field="project"
        )
    if rule.model is not None and (rule.project is None or rule.kind != "version"):
        raise errors.Invalid(
            "a rule of a model is for its versions: name the project, and the kind version",
            field="model",
        )
    if rule.template is not None and rule.action not in ("suggest", "govern"):
        raise errors.Invalid("only what is to be governed has a template", field="template")


def remove(db: Connection, project: str | None, model: str | None, kind: Kind) -> bool:
    """Unset a rule; says whether there was one."""
    mine = (OF.project == (project or ""), OF.model == (model or ""), OF.kind == kind)
    return bool(db.execute(delete(govern_rules).where(*mine)).rowcount)


def forget_project(db: Connection, project: str) -> None:
    """Forget the rules of a project."""
    db.execute(delete(govern_rules).where(OF.project == project))


def wanted(
    parent: tuple[str, State, str] | None, *, belongs: bool, rule: Rule | None
) -> tuple[State, str]:
    """The state that an item is to be in about which nobody decided, and whence.

    Args:
        parent: id, state and origin of the state of what it belongs to, if that is there.
        belongs: whether it belongs to something.
        rule: that holds for it.
    """
    if parent is not None and parent[1] == "hidden":
        origin = parent[2] if parent[2].startswith(WITH) else f"{WITH}{parent[0]}"
        return "hidden", origin
    if rule is None or rule.action == "nothing":
        reason = rule.reason if isinstance(rule, Decided) else ""
        return "new", reason
    if rule.action == "hide":
        return "hidden", rule.called
    is_free = not belongs or (parent is not None and parent[1] == "governed")
    if rule.action == "govern" and is_free:
        return "governed", rule.called
    reason = rule.reason if isinstance(rule, Decided) else ""
    return "suggested", f"{rule.called}: {reason}" if reason else rule.called


def settled(db: Connection, item: Item, parent: Item | None, rule: Rule | None) -> Item:
    """An item as it is to be where nobody decided about it.

    One that cannot begin to be governed, since its template is gone, is suggested with the reason.
    """
    told = None if parent is None else (parent.id, parent.state, parent.state_from)
    state, origin = wanted(told, belongs=item.parent is not None, rule=rule)
    told_of: dict[str, Any] = {"state": state, "state_from": origin}
    if state == "governed" and rule is not None:
        try:
            layer = templates.begin(db, rule.template or f"standard-{item.kind}", item.kind)
        except errors.ModelyardError as exc:
            told_of |= {"state": "suggested", "state_from": f"{origin}: {exc.detail}"}
        else:
            told_of |= {"template": layer.template, "template_version": layer.version}
            told_of["steps"] = dict(layer.steps)
            if isinstance(rule, Decided):
                told_of |= {"fields": rule.fields}
                told_of |= {"parent": rule.under} if rule.under else {}
    return item.model_copy(update=told_of)


def within(rules: Rules, projects: Iterable[str] | None) -> list[Rule]:
    """Those of the instance, and those of some projects; None: of all."""
    seen = None if projects is None else set(projects)
    found = rules.by_place.values()
    shown = [each for each in found if seen is None or each.project is None or each.project in seen]
    return sorted(shown, key=lambda each: (each.project or "", each.model or "", each.kind))


def _rule(row: Row[Any]) -> Rule:
    return Rule(
        project=row.project or None,
        model=row.model or None,
        kind=row.kind,
        action=row.action,
        template=row.template,
        code=row.code,
        env=row.env,
        seconds=row.seconds,
        set=row.set,
        set_by=row.set_by,
    )
