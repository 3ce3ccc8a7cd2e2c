"""Files that are attached to governed items, and stay kept when others take their place."""

from __future__ import annotations

import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, select

from modelyard import errors
from modelyard.governance.items import repository as items
from modelyard.governance.items.seeing import require_visible, visible
from modelyard.governance.signoffs.carrying import carried_out
from modelyard.governance.signoffs.commands import AttachFile, DownloadFile
from modelyard.governance.signoffs.desk import Desk, opened
from modelyard.governance.signoffs.rights import Actor, actor_of, require_legible, require_settable
from modelyard.governance.signoffs.types import Attachment
from modelyard.governance.templates.fields import FileField, Unfit
from modelyard.kernel import paths
from modelyard.kernel.context import Context
from modelyard.kernel.values import now
from modelyard.store.artifacts import digest_of
from modelyard.store.handing import appearing
from modelyard.store.keeping import collect
from modelyard.store.staging import stage
from modelyard.store.tables import item_files

OF = item_files.c


def attach(context: Context, command: AttachFile) -> Attachment:
    """Keep a file with the item and name it in a field: both or neither.

    Raises:
        NotFound: there is no such item, field or file.
        Invalid: the field takes no file, or none like this.
        Forbidden: the caller may not fill it in.
    """
    source = paths.transferred(context, command.file)
    with stage(context, partial(collect, context)) as place:
        file = _copied(source, place.folder / "file", command.name)
        attachment = Attachment(
            item=command.item,
            field=command.field,
            name=command.name,
            sha256=digest_of(file),
            size=file.stat().st_size,
        )

        def named(_db: Connection, desk: Desk, actor: Actor) -> Desk:
            field = _field(desk, command.field)
            require_settable(actor, desk, field)
            try:
                value = field.checked(_beside(desk, field, attachment))
            except Unfit as exc:
                raise errors.Invalid(f"{field.id} {exc}") from None
            fields = {**desk.item.fields, field.id: value}
            return replace(desk, item=desk.item.model_copy(update={"fields": fields}))

        def keep(db: Connection) -> None:
            _add(db, attachment)
            place.keep(context, [(file, attachment.sha256)])

        carried_out(context, command.item, "update", named, keep)
    return attachment


def _beside(desk: Desk, field: FileField, attachment: Attachment) -> Any:
    """The value of a field with one more file, or, where it takes but one, with another."""
    kept = attachment.model_dump(include={"name", "sha256", "size"})
    before = desk.item.fields.get(field.id)
    return [*(before if isinstance(before, list) else []), kept] if field.several else kept


def download(context: Context, command: DownloadFile) -> Attachment:
    """Give the caller a copy of a file that a field names.

    Raises:
        NotFound: there is no such item or field, or no file in it.
    """
    seen = visible(context)
    with context.read() as db:
        require_visible(db, command.item, seen)
        item = items.get(db, command.item)
        field = _field(opened(db, item, now()), command.field)
        require_legible(actor_of(context, db, item.id), field)
    value: Any = item.fields.get(field.id)
    files = value if isinstance(value, list) else [] if value is None else [value]
    if command.number > len(files):
        raise errors.NotFound(
            f"{field.called} of {item.id} has {len(files)} files, and no number {command.number}"
        )
    found = Attachment(item=item.id, field=field.id, **files[command.number - 1])
    with appearing(context, command.output, replace=command.replace) as target:
        context.artifacts.save(found.sha256, target)
    return found


def _copied(source: Path, target: Path, name: str) -> Path:
    try:
        shutil.copyfile(source, target)
    except FileNotFoundError:
        raise errors.NotFound(f"there is no file {name}") from None
    except OSError as exc:
        raise errors.Failed(f"{name} cannot be read: {exc.strerror or exc}") from exc
    return target


def _field(desk: Desk, name: str) -> FileField:
    known = [field for field in desk.template.fields if isinstance(field, FileField)]
    found = next((field for field in known if field.id == name), None)
    if found is None:
        raise errors.NotFound.among("field that takes files", name, (field.id for field in known))
    return found


def _add(db: Connection, attachment: Attachment) -> None:
    """Write down that an item has a file, once for each content."""
    mine = (OF.item == attachment.item, OF.sha256 == attachment.sha256)
    if db.scalar(select(OF.item).where(*mine)) is None:
        row = attachment.model_dump(include={"item", "sha256", "size"})
        db.execute(insert(item_files).values(row))
