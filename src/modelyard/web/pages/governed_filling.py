"""The form of a step of a governed item: a field for each that its template asks for."""

from __future__ import annotations

import json
from collections.abc import Container, Mapping
from typing import Any

from modelyard import errors
from modelyard.governance.items.commands import ShowItem
from modelyard.governance.items.types import Item
from modelyard.governance.listing.commands import ListItems
from modelyard.governance.signoffs.commands import SetFields
from modelyard.governance.signoffs.types import FieldState, Workflow
from modelyard.governance.templates.fields import AnyField
from modelyard.governance.templates.types import Step, Template
from modelyard.governance.templates.views import View
from modelyard.kernel.values import Value
from modelyard.web.pages.form import Also, Asked, Choice, Draft, FieldView, Form, Kind, Words
from modelyard.web.pages.governance_words import ONE, item_href, within
from modelyard.web.pages.governed_item import asked_of
from modelyard.web.pages.governed_steps import Filling, fillings_of
from modelyard.web.pages.page import Visit, address
from modelyard.web.pages.typed_values import text_of

STEP = f"{ONE}/steps/{{step}}"
SHORT = 200
"""Letters of a text that fits into one line."""
FEW = 30
"""Items that are offered as boxes to tick."""
MOST = 500
YES_NO = (Choice(value="true", label="Yes"), Choice(value="false", label="No"))
KINDS: dict[str, Kind] = {
    "number": "number",
    "boolean": "choice",
    "text": "area",
    "category": "choice",
    "date": "date",
    "reference": "text",
    "series": "pairs",
    "json": "json",
}
OF_SEVERAL: dict[str, Kind] = {**dict.fromkeys(KINDS, "lines"), "category": "ticks", "json": "json"}


class Beside(Value):
    """What stands beside the form of a step."""

    item: str
    step: str
    about: str
    steps: tuple[Filling, ...]
    layout: View | None
    """Of the fields that whoever asks may fill in, whether they are shown now or not."""
    files: tuple[FieldState, ...]
    """Fields of this step that take files."""
    locked: tuple[FieldState, ...]
    """Those that others fill in."""
    known: dict[str, Any]
    """What conditions are about, as it is."""
    onward: str = ""
    """The step after it."""


def _prepared(visit: Visit) -> Draft:
    item = visit.run(ShowItem(item=visit.path["item"]))
    workflow, template = asked_of(visit, item)
    if workflow is None or template is None:
        raise errors.Conflict(f"{item.id} is not governed, so nothing is asked of it")
    step = template.step(visit.path["step"])
    if step is None:
        known = (each.id for each in template.steps)
        raise errors.NotFound.among("step", visit.path["step"], known)
    states = {each.id: each for each in workflow.fields}
    fields = [template.field(name) for name in step.fields if name in states]
    open_to = [each for each in fields if each.type != "file" and not states[each.id].locked]
    held = {each.id: item.fields.get(each.id) for each in open_to}
    shapes = {f"values.{each.id}": _shape(visit, each, held[each.id]) for each in open_to}
    return Draft(
        crumbs=within(visit),
        values={"values": held},
        shapes=shapes,
        left_out=frozenset() if held else frozenset({"values"}),
        title=step.called,
        intro=step.help,
        beside=_beside(item, workflow, template, step, held),
    )


def _beside(
    item: Item, workflow: Workflow, template: Template, step: Step, open_to: Container[str]
) -> Beside:
    view = template.view_of(step)
    mine = [each for each in workflow.fields if each.step == step.id]
    steps = fillings_of(workflow, template)
    order = [each.step.id for each in steps]
    later = order[order.index(step.id) + 1 :] if step.id in order else []
    return Beside(
        item=item.id,
        step=step.id,
        about=step.help,
        steps=steps,
        layout=view and view.narrowed(lambda name: name in open_to, lambda _container: True),
        files=tuple(each for each in mine if each.type == "file"),
        locked=tuple(each for each in mine if each.locked and each.type != "file"),
        known={
            "fields": item.fields,
            "steps": {each.id: each.status for each in workflow.steps},
            "signoffs": {each.step: each.status for each in workflow.signoffs},
        },
        onward=next(iter(later), ""),
    )


def _shape(visit: Visit, field: AnyField, held: Any) -> FieldView:
    """A field as it is filled in."""
    choices = _choices(visit, field)
    kind = (OF_SEVERAL if field.several else KINDS)[field.type]
    if field.type == "text" and not field.several and field.longest <= SHORT:
        kind = "text"
    if field.type == "reference" and field.several and 0 < len(choices) <= FEW:
        kind = "ticks"
    shows = field.visible_if.model_dump_json(exclude_none=True) if field.visible_if else ""
    return FieldView(
        name=f"values.{field.id}",
        label=field.called,
        help=" ".join(filter(None, (field.help, _limits(field)))),
        kind=kind,
        value=_text(field, held, kind),
        choices=choices,
        needed=field.required,
        least=getattr(field, "least", None),
        most=getattr(field, "most", None),
        whole=getattr(field, "whole", False),
        longest=getattr(field, "longest", None) if not field.several else None,
        placeholder="2026-07-01=0.8" if field.type == "series" else "",
        shows=shows,
        mono=field.type in ("series", "reference"),
    )


def _text(field: AnyField, held: Any, kind: Kind) -> str:
    if held is None:
        return ""
    if field.type == "series":
        return text_of({each["at"]: each["value"] for each in held}, kind)
    if kind == "json":
        return json.dumps(held, indent=2, ensure_ascii=False)
    if kind == "lines":
        return "\n".join(text_of(each, "text") for each in held)
    return text_of(held, kind)


def _choices(visit: Visit, field: AnyField) -> tuple[Choice, ...]:
    if field.type == "boolean" and not field.several:
        return YES_NO
    if field.type == "category":
        return tuple(Choice(value=each, label=each) for each in field.options)
    if field.type != "reference":
        return ()
    found = [
        each
        for kind in field.kinds or (None,)
        for each in visit.part(ListItems(kind=kind, limit=MOST))
        if not field.templates or each.template in field.templates
    ]
    return tuple(Choice(value=each.id, label=each.id) for each in found[:MOST])


def _limits(field: AnyField) -> str:
    """What a field takes, so far as its input does not say so."""
    if field.type == "series":
        return "One moment a line, with its number: 2026-07-01=0.8."
    if field.type == "json":
        return "A JSON list." if field.several else "JSON."
    said = []
    if field.type == "date":
        said += [f"From {field.earliest}." if field.earliest else ""]
        said += [f"Up to {field.latest}." if field.latest else ""]
    if field.several and field.type != "category":
        said.append("One a line.")
    if field.several and field.at_least:
        said.append(f"At least {field.at_least}.")
    return " ".join(filter(None, said))


def _become(values: Mapping[str, Any]) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """Series as they are kept; all else is read by the fields themselves."""
    read = {
        name: [{"at": at, "value": each} for at, each in said.items()]
        if isinstance(said, dict)
        else said
        for name, said in values.get("values", {}).items()
    }
    return {"values": read}, []


def _onward(visit: Visit, _made: object) -> str:
    """To the step after it, or back to the item."""
    found: Any = _prepared(visit).beside
    if not found.onward:
        return item_href(visit.path["item"])
    return address(STEP, item=visit.path["item"], step=found.onward)


PAGES: tuple[Form, ...] = (
    Form(
        STEP,
        SetFields,
        "Fill in",
        "Save",
        lambda visit, _made: f"{item_href(visit.path['item'])}#step-{visit.path['step']}",
        said="What you filled in is saved.",
        fields=("values",),
        words={"values": Words(label="Fields", kind="named")},
        prepare=_prepared,
        template="governed_step.html",
        asked=Asked(SetFields, _become),
        also=Also("Save and go on", _onward, lambda _made: "What you filled in is saved."),
    ),
)
