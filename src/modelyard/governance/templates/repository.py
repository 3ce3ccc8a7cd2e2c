"""Rows of templates, beside those that came with Modelyard."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from modelyard import errors
from modelyard.governance.templates.hooks import code_of
from modelyard.governance.templates.reading import digest_of
from modelyard.governance.templates.shipped import shipped
from modelyard.governance.templates.types import KeptTemplate, Template
from modelyard.governance.templates.words import TemplateState
from modelyard.kernel.values import now
from modelyard.store.tables import templates

OF = templates.c


def every(db: Connection) -> list[KeptTemplate]:
    """All versions of all templates, by name and version."""
    kept = {(each.name, each.version): each for each in map(_built, db.execute(select(templates)))}
    return [each for _, each in sorted({**shipped(), **kept}.items())]


def versions_of(db: Connection, name: str, *, lock: bool = False) -> list[KeptTemplate]:
    """The versions of a template from the first on; NotFound if there is none."""
    query = select(templates).where(OF.name == name)
    rows = db.execute(query.with_for_update() if lock else query)
    kept = {each.version: each for each in map(_built, rows)}
    brought = {version: each for (of, version), each in shipped().items() if of == name}
    if not kept and not brought:
        known = {*db.scalars(select(OF.name)), *(name for name, _ in shipped())}
        raise errors.NotFound.among("template", name, known)
    return [each for _, each in sorted({**brought, **kept}.items())]


def get(db: Connection, name: str, version: int | None, *, lock: bool = False) -> KeptTemplate:
    """A version of a template, or the newest that is active, else the newest.

    Raises:
        NotFound: there is none.
    """
    found = versions_of(db, name, lock=lock)
    if version is None:
        return next((each for each in reversed(found) if each.state == "active"), found[-1])
    there = {each.version: each for each in found}
    if version not in there:
        raise errors.NotFound(
            f"the template {name} has no version {version}; there are: {', '.join(map(str, there))}"
        )
    return there[version]


def keep(db: Connection, template: Template, who: str, state: TemplateState) -> None:
    """Write a new version down, or a draft anew; Conflict if somebody else just did."""
    moment = now()
    row: dict[str, Any] = {
        "kind": template.kind,
        "state": state,
        "sha256": digest_of(template),
        "body": template.model_dump_json(exclude_unset=True),
        "created": moment,
        "created_by": who,
        "published": moment if state == "active" else None,
    }
    mine = (OF.name == template.name, OF.version == template.version)
    anew = update(templates).where(*mine, OF.state == "draft").values(row)
    if db.execute(anew).rowcount:
        return
    named = {"name": template.name, "version": template.version}
    try:
        db.execute(insert(templates).values({**named, **row}))
    except IntegrityError as exc:
        raise errors.Conflict(
            f"somebody else just published {template.name} {template.version}; look at it, and "
            "take another version"
        ) from exc


def archive(db: Connection, found: KeptTemplate, who: str) -> None:
    """Have a version begin no item any more."""
    mine = (OF.name == found.name, OF.version == found.version)
    if not db.execute(update(templates).where(*mine).values(state="archived")).rowcount:
        keep(db, found.template, who, "archived")


def remove(db: Connection, found: KeptTemplate) -> None:
    """Delete a version."""
    db.execute(delete(templates).where(OF.name == found.name, OF.version == found.version))


def _built(row: Row[Any]) -> KeptTemplate:
    template = _read(row.body)
    return KeptTemplate(
        **{name: getattr(row, name) for name in ("name", "version", "kind", "state", "sha256")},
        title=template.title,
        shipped=(row.name, row.version) in shipped(),
        created=row.created,
        created_by=row.created_by,
        published=row.published,
        code=code_of(template.hooks),
        template=template,
    )


@lru_cache(maxsize=500)
def _read(body: str) -> Template:
    return Template.model_validate_json(body)
