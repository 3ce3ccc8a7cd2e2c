"""Who did what: an entry for every command that changes something, and for every refusal."""

from __future__ import annotations

import json
import logging
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, bindparam, delete, insert, select
from sqlalchemy.exc import SQLAlchemyError

from modelyard import errors
from modelyard.governance.audit_chain import AUDIT
from modelyard.governance.audit_words import arguments_of, cut, one_line, shortened
from modelyard.governance.chains import append, canonical
from modelyard.governance.process import is_gone, this_process
from modelyard.governance.refusals import Refusals
from modelyard.kernel.command import Command
from modelyard.kernel.context import Context
from modelyard.kernel.identity import Identity
from modelyard.kernel.secrets import hidden
from modelyard.kernel.values import now
from modelyard.store.tables import audit_entries, audit_head, audit_pending

LOOKED_EVERY = 60.0
"""Seconds after which a process looks again for commands whose process is gone."""
LOST = "the process ended before the command did; what it had done by then stays"
UNDER_WAY = "a backup was taken while it ran; what came of it is not in there"
RESTORED = "restore"
LOG = logging.getLogger("modelyard.audit")
PENDING = ("id", "process", "started", "body")
BEGIN = (
    insert(audit_pending)
    .from_select(
        PENDING,
        select(
            *(bindparam(name, type_=audit_pending.c[name].type) for name in PENDING)
        ).select_from(audit_head),
    )
    .execution_options(preserve_rowcount=True)
)
TAKE_OUT = delete(audit_pending).where(audit_pending.c.id == bindparam("entry"))
Entry = dict[str, Any]


class Keeper:
    """What this process remembers of a database's log."""

    def __init__(self) -> None:
        self.looked = -LOOKED_EVERY
        self.refusals = Refusals()
        self.unkept: dict[str, Entry] = {}
        """Entries that could not be written when their command ended, by their id."""


_KEEPERS: WeakKeyDictionary[Engine, Keeper] = WeakKeyDictionary()


@contextmanager
def recorded(context: Context, command: Command[Any]) -> Iterator[None]:
    """Authorize a command, and keep an entry of what came of the block that carries it out.

    What only reads leaves an entry where it is refused. An entry is begun before the block, so that
    it is there also when this process dies in it.

    Raises:
        ModelyardError: the command is refused; or the log cannot be written, and nothing was done.
    """
    started = time.perf_counter()
    require_right(context, command)
    if command.only_reads():
        try:
            yield
        except (errors.Forbidden, errors.Unauthenticated) as refused:
            _refuse(context, command, refused, started)
            raise
        return
    entry = _entry_of(context, command)
    close_lost(context)
    _begin(context, entry)
    try:
        yield
    except BaseException as exc:
        _end(context, _finished(entry, started, *_outcome(exc)))
        raise
    _end(context, _finished(entry, started))


def require_right(context: Context, command: Command[Any]) -> None:
    """Authorize a command; an entry is kept where it is refused.

    Raises:
        ModelyardError: the command is refused.
    """
    started = time.perf_counter()
    try:
        context.authorize(command)
    except errors.ModelyardError as refused:
        _refuse(context, command, refused, started)
        raise


def note(
    context: Context,
    action: str,
    *,
    actor: str = "",
    outcome: str = "ok",
    detail: str = "",
    **told: Any,
) -> None:
    """Keep an entry of something that is no command, such as signing in."""
    entry = _entry(context.identity, action, "", shortened(told))
    if actor:
        entry["actor"] = one_line(actor)
    if outcome != "ok" and _too_many(context, entry):
        return
    with context.begin_aside() as db:
        append(db, AUDIT, [_finished(entry, time.perf_counter(), outcome, detail)])


def close_lost(context: Context, *, at_once: bool = False) -> None:
    """Close the entries of commands whose process is gone; looks only once in a while."""
    keeper = _keeper(context)
    at = time.monotonic()
    if not at_once and at - keeper.looked < LOOKED_EVERY:
        return
    keeper.looked = at
    with context.read() as db:
        left = db.execute(select(audit_pending)).all()
    for row in left:
        if row.id in keeper.unkept:
            _end(context, keeper.unkept[row.id])
        elif row.process != this_process() and is_gone(row.process, row.started):
            _end(context, {**json.loads(row.body), "outcome": "lost", "detail": LOST, "ms": None})


def note_restored(db: Connection, who: Identity, **told: Any) -> None:
    """Close what was under way when a backup was taken, and note that it was restored."""
    for row in db.execute(select(audit_pending).order_by(audit_pending.c.id)).all():
        entry = {**json.loads(row.body), "outcome": "lost", "detail": UNDER_WAY, "ms": None}
        append(db, AUDIT, [entry])
    db.execute(delete(audit_pending))
    append(db, AUDIT, [_finished(_entry(who, RESTORED, "", told), time.perf_counter())])


def last_restored(db: Connection) -> dict[str, Any]:
    """What was noted of the restoring of a backup, the last time; nothing if there was none."""
    newest = audit_entries.c.number.desc()
    query = select(audit_entries.c.body).where(audit_entries.c.action == RESTORED)
    body = db.scalar(query.order_by(newest).limit(1))
    return {} if body is None else dict(json.loads(body)["arguments"])


def _keeper(context: Context) -> Keeper:
    return _KEEPERS.setdefault(context.engine, Keeper())


def _begin(context: Context, entry: Entry) -> None:
    with context.begin_aside() as db:
        row = {"id": entry["id"], "process": this_process(), "started": now()}
        if not db.execute(BEGIN, {**row, "body": canonical(entry)}).rowcount:
            raise errors.Unavailable(
                "the head of the audit log is gone, so nothing is done that would not be recorded; "
                "see: audit verify, and restore a backup"
            )


def _end(context: Context, entry: Entry) -> None:
    """Move an entry from those that are pending to the end of the log.

    Where it cannot be written it stays pending, and this process tries again: the command has ended
    as it has ended, and its caller is told that.
    """
    keeper = _keeper(context)
    try:
        with context.begin_aside() as db:
            gone = db.execute(TAKE_OUT, {"entry": entry["id"]})
            if gone.rowcount or entry["outcome"] != "lost":  # else somebody else has closed it
                append(db, AUDIT, [entry])
    except (errors.Unavailable, SQLAlchemyError) as exc:
        keeper.unkept[entry["id"]] = entry
        keeper.looked = -LOOKED_EVERY
        LOG.warning("audit entry of %s is kept for later: %s", entry["action"], exc)
    else:
        keeper.unkept.pop(entry["id"], None)


def _refuse(
    context: Context, command: Command[Any], refused: errors.ModelyardError, started: float
) -> None:
    entry = _entry_of(context, command)
    if _too_many(context, entry):
        return
    with context.begin_aside() as db:
        append(db, AUDIT, [_finished(entry, started, *_outcome(refused))])


def _too_many(context: Context, entry: Entry) -> bool:
    most = context.settings.security.refusals_each_minute
    return _keeper(context).refusals.too_many(entry, most)


def _entry_of(context: Context, command: Command[Any]) -> Entry:
    action = context.commands.name_of(type(command))
    told = arguments_of(command, context.commands.secrets)
    return _entry(context.identity, action, command.in_project() or "", told)


def _entry(me: Identity, action: str, project: str, arguments: Any) -> Entry:
    return {
        "id": secrets.token_hex(8),
        "started": now().isoformat(),
        "actor": one_line(me.name),
        "kind": me.kind,
        "key": me.key,
        "address": one_line(me.address, 64),
        "action": action,
        "project": project,
        "arguments": arguments,
    }


def _finished(entry: Entry, started: float, outcome: str = "ok", detail: str = "") -> Entry:
    took = round((time.perf_counter() - started) * 1000, 3)
    return {**entry, "outcome": outcome, "detail": detail, "ms": took}


def _outcome(exc: BaseException) -> tuple[str, str]:
    """What came of a command that raised, and in which words."""
    if isinstance(exc, errors.ModelyardError):
        return exc.code, cut(hidden(exc.detail, None), 500)
    if isinstance(exc, Exception):
        return "crashed", type(exc).__name__
    return "interrupted", ""
