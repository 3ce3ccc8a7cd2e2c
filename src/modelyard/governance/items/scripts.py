"""Rules that are scripts: Python that says of each new item what is to become of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

from pydantic import ValidationError
from sqlalchemy import Connection, delete, insert, select

from modelyard import errors
from modelyard.governance.access import is_admin
from modelyard.governance.items import repository, ruling
from modelyard.governance.items.deciding import PLACES
from modelyard.governance.items.ids import EXAMPLES, ItemId, Kind, parent_of, parsed
from modelyard.governance.items.ruling import Decided, Rules
from modelyard.governance.items.types import Item, Rule
from modelyard.governance.templates import access as templates
from modelyard.governance.templates.fields import Unfit
from modelyard.kernel.context import Context
from modelyard.kernel.values import Json, Name, Value
from modelyard.runtime.functions import (
    call_function,
    python_in,
    require_code_allowed,
    require_function,
)
from modelyard.store.tables import governed_items, rule_answers

FUNCTION, GIVEN = "decide", ("item",)
TASK, LOG = "govern", "governance-rules.log"
HOLDING: tuple[Kind, ...] = ("project", "model")
"""Kinds of items to which others belong by what they are."""
Said = dict[str, tuple[str, dict[str, Any]]]
"""Of items the digest of the script that was asked, and its answer."""
AT_ONCE = 250
"""Items that one process is asked about."""
OF = rule_answers.c


class OfChildren(Value):
    """What a script says of items of a kind that belong to another one."""

    action: Literal["nothing", "suggest", "govern", "hide"]
    template: Name | None = None


class Answer(Value):
    """What a script says of an item."""

    action: Literal["nothing", "suggest", "govern", "hide"]
    status: Literal["AUTO", "SUGGESTED"] = "AUTO"
    template: Name | None = None
    fields: dict[str, Json] = {}
    under: ItemId | None = None
    children: dict[Kind, OfChildren] = {}


def require_allowed(context: Context, db: Connection, rule: Rule) -> None:
    """Refuse a script that may not run here; nothing of it is run.

    Raises:
        Forbidden: whoever sets it is no instance admin.
        Blocked: the settings let in no code that nobody has looked at.
        Invalid: it is no Python, or has no function `decide` that takes an item.
        NotFound: there is no such code env.
    """
    if rule.code is None:
        return
    if not is_admin(db, context.identity):
        raise errors.Forbidden(
            "a script runs on the server, so a rule that is one takes an instance admin"
        )
    require_code_allowed(context, f"the {rule.called}")
    require_function(rule.code, FUNCTION, GIVEN)
    python_in(context, rule.env)


def ask_scripts(context: Context) -> None:
    """Ask scripts about items of which they said nothing yet, many at a time, and keep it.

    No transaction is open meanwhile. What fails is kept, too: the item stays new with the reason
    until the script is another one.
    """
    with context.read() as db:
        rules = ruling.every(db)
        waiting = _waiting(db, rules) if rules.scripts else {}
    for rule in rules.scripts:
        mine = waiting.get(rule.called, [])
        for start in range(0, len(mine), AT_ONCE):
            _ask(context, rule, mine[start : start + AT_ONCE])


def with_answers(db: Connection, rules: Rules, items: Iterable[str]) -> Mapping[str, Rule | None]:
    """What rules come to for each of some items, with what scripts say of it or what it belongs to.

    A rule for just what it belongs to comes first, then what a script says of the children of that.
    """
    found = {item: rules.of(item) for item in items}
    if found and rules.scripts:
        said = _said(db)
        found = {item: _decided(rules, item, rule, said) for item, rule in found.items()}
    return ruling.unhooked(db, found)


def _decided(rules: Rules, item: str, rule: Rule | None, said: Said) -> Rule | None:
    above = parent_of(item)
    if above is not None and not (rule is not None and is_for_children(rule, above)):
        ruled = rules.of(above)
        kind = parsed(item)[0]
        told = _answer_of(ruled, said.get(above)).get("children", {}).get(kind)
        if ruled is not None and told is not None:
            return Decided(
                **ruled.model_dump(include={"project", "model", "set", "set_by"}),
                kind=kind,
                origin=f"{ruled.called}, which says it of what belongs to {above}",
                **told,
            )
    if rule is None or rule.code is None:
        return rule
    answer = {"action": "nothing", **_answer_of(rule, said.get(item))}
    answer.pop("children", None)
    return Decided.model_validate({**rule.model_dump(), **answer})


def is_for_children(rule: Rule, above: str) -> bool:
    """Whether a rule holds for just what belongs to an item."""
    kind, path = parsed(above)
    return rule.project == path[0] and (kind == "project" or rule.model == path[-1])


def _answer_of(rule: Rule | None, said: tuple[str, dict[str, Any]] | None) -> dict[str, Any]:
    """What the script of a rule says of an item; empty: it has none, or said it as another one."""
    if rule is None or rule.code is None or said is None or said[0] != _digest(rule):
        return {}
    return said[1]


def _waiting(db: Connection, rules: Rules) -> dict[str, list[str]]:
    """Of which items a script said nothing yet, by what its rule is called.

    It is asked about what can have children, too, whatever became of that.
    """
    said = _said(db)
    found: dict[str, list[str]] = {}
    holding = [kind for kind in HOLDING if any(each.kind == kind for each in rules.scripts)]
    open_ones = [item for item, *_ in repository.undecided(db, ruling.OPEN)]
    for item in dict.fromkeys([*open_ones, *repository.holders(db, holding)]):
        rule = rules.of(item)
        if rule is None or rule.code is None or said.get(item, ("",))[0] == _digest(rule):
            continue
        found.setdefault(rule.called, []).append(item)
    return found


def _said(db: Connection) -> Said:
    of = governed_items.c
    query = select(OF.item, OF.code, OF.body).join(
        governed_items, (of.id == OF.item) & (of.created == OF.created)
    )
    return {row.item: (row.code, json.loads(row.body)) for row in db.execute(query)}


def _ask(context: Context, rule: Rule, about: list[str]) -> None:
    with context.read() as db:
        items = [each.item for each in repository.kept(db, about).values()]
    results = _results(context, rule, items)
    with context.begin_aside() as db:
        answers = [_answer(db, rule, *pair) for pair in zip(items, results, strict=True)]
        db.execute(delete(rule_answers).where(OF.item.in_([each.id for each in items])))
        rows = [
            {
                "item": item.id,
                "created": item.created,
                "code": _digest(rule),
                "body": json.dumps(answer),
            }
            for item, answer in zip(items, answers, strict=True)
        ]
        if rows:
            db.execute(insert(rule_answers), rows)


def _results(context: Context, rule: Rule, items: list[Item]) -> list[dict[str, Any]]:
    calls = [{"item": item.model_dump(mode="json")} for item in items]
    try:
        require_code_allowed(context, f"the {rule.called}")
        told = call_function(
            context,
            TASK,
            {"code": rule.code, "name": rule.called, "function": FUNCTION, "calls": calls},
            {},
            seconds=rule.seconds,
            log=LOG,
            python=python_in(context, rule.env),
        )
    except errors.ModelyardError as exc:
        return [{"problem": exc.detail} for _ in items]
    return list(told["results"])


def _answer(db: Connection, rule: Rule, item: Item, result: dict[str, Any]) -> dict[str, Any]:
    """What is kept of an answer; of what cannot be understood the reason."""
    problems = [result["problem"]] if "problem" in result else []
    if not problems:
        try:
            found = Answer.model_validate(result["value"])
        except ValidationError:
            told = json.dumps(result["value"])[:100]
            problems = [f"it returned {told}; it has to return a dict with an action"]
        else:
            problems = list(_problems(db, item, found))
    if problems:
        return {"action": "nothing", "reason": f"{rule.called}: {problems[0]}"}
    is_only_advice = found.action == "govern" and found.status == "SUGGESTED"
    told_of: dict[str, Any] = {"action": "suggest" if is_only_advice else found.action}
    children = {kind: each.model_dump() for kind, each in found.children.items()}
    told_of |= {"template": found.template, "fields": found.fields, "under": found.under}
    return told_of | ({"children": children} if children else {})


def _problems(db: Connection, item: Item, found: Answer) -> Iterator[str]:
    """Why an answer cannot be followed."""
    if found.under is not None:
        above = repository.find(db, found.under)
        if above is None or above.gone is not None:
            yield f"it says under {found.under}, and there is none"
        elif above.kind not in PLACES.get(item.kind, ()):
            yield f"it says under {found.under}, and a {item.kind} is not placed there"
    yield from _child_problems(db, item, found)
    if found.action not in ("govern", "suggest"):
        return
    try:
        template = templates.require(db, found.template or f"standard-{item.kind}", item.kind)
    except errors.ModelyardError as exc:
        yield exc.detail
        return
    for name, value in found.fields.items():
        field = template.template.field(name)
        if field is None or field.type in ("file", "reference"):
            yield f"it sets {name}, which is no field of {template.name} that a script sets"
            continue
        try:
            found.fields[name] = field.checked(value)
        except Unfit as exc:
            yield f"it sets {name}, which {exc}"


def _child_problems(db: Connection, item: Item, found: Answer) -> Iterator[str]:
    for kind, child in found.children.items():
        example = EXAMPLES[kind]
        if (parsed(parent_of(example) or example)[0]) != item.kind or kind == item.kind:
            yield f"it says something of children of the kind {kind}, and a {item.kind} has none"
        elif child.action in ("govern", "suggest"):
            try:
                templates.require(db, child.template or f"standard-{kind}", kind)
            except errors.ModelyardError as exc:
                yield exc.detail


def _digest(rule: Rule) -> str:
    text = json.dumps([rule.called, rule.code, rule.env, rule.set.isoformat()])
    return hashlib.sha256(text.encode()).hexdigest()
