"""Values of fields as they are said: of the right kind, by who may, of things that are there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, select

from modelyard import errors
from modelyard.governance.items import repository as items
from modelyard.governance.signoffs.desk import Desk
from modelyard.governance.signoffs.rights import Actor, require_settable
from modelyard.governance.templates.fields import AnyField, FileField, ReferenceField, Unfit
from modelyard.store.tables import governed_items, item_files


def filled(
    db: Connection,
    desk: Desk,
    actor: Actor,
    values: Mapping[str, Any],
    seen: ColumnElement[bool],
) -> dict[str, Any]:
    """The fields of an item with other values; what has none is left out.

    Those that refer to others take items that meet `seen`, and what they say already.

    Raises:
        NotFound: there is no such field, or no item that one refers to.
        Invalid: a field does not take its value; `faults` tell each.
        Forbidden: a field may be set by others only.
    """
    fields = dict(desk.item.fields)
    faults: list[dict[str, str]] = []
    for name, value in values.items():
        field = desk.template.field(name)
        if field is None:
            raise errors.NotFound.among("field", name, (each.id for each in desk.template.fields))
        require_settable(actor, desk, field)
        try:
            kept = field.checked(value)
            if kept != desk.item.fields.get(name) or name not in actor.holder.reads:
                require_there(db, desk.item.id, field, kept, seen)
        except Unfit as exc:
            faults.append({"field": f"values.{name}", "problem": str(exc)})
            continue
        if kept is None:
            fields.pop(name, None)
        else:
            fields[name] = kept
    if faults:
        said = (f"{each['field'].partition('.')[2]} {each['problem']}" for each in faults)
        raise errors.Invalid("; ".join(said), faults=faults)
    return fields


def require_there(
    db: Connection, of: str, field: AnyField, value: Any, seen: ColumnElement[bool]
) -> None:
    """Refuse files that are not attached to an item, and items that nobody sees, by Unfit."""
    values = value if isinstance(value, list) else [] if value is None else [value]
    if isinstance(field, FileField):
        _require_attached(db, of, values)
    if not isinstance(field, ReferenceField):
        return
    for item in values:
        found = items.find(db, item)
        there = governed_items.c.id == item
        is_seen = db.scalar(select(governed_items.c.id).where(there, seen)) is not None
        if found is None or found.gone is not None or not is_seen:
            raise Unfit(f"takes an item, and there is no {item}")
        if field.templates and found.template not in field.templates:
            raise Unfit(
                f"takes an item that is governed by {' or '.join(field.templates)}, and {item} is "
                f"{f'by {found.template}' if found.template else 'not governed'}"
            )


def _require_attached(db: Connection, item: str, files: list[Any]) -> None:
    of = item_files.c
    for file in files:
        mine = (of.item == item, of.sha256 == file["sha256"], of.size == file["size"])
        if db.scalar(select(of.item).where(*mine)) is None:
            raise Unfit(f"takes a file that is attached to {item}, and {file['name']} is not")
