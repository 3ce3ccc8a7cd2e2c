"""Looks at monitoring scopes, keeps what was found, and tells how their endpoints are."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from sqlalchemy import Connection

from modelyard import errors
from modelyard.kernel.context import Context
from modelyard.kernel.values import now
from modelyard.monitoring.scopes import repository
from modelyard.monitoring.scopes.probing import probe
from modelyard.monitoring.scopes.types import ExternalEndpoint, Scope
from modelyard.monitoring.watching.types import Status, ThingStatus

LOG = logging.getLogger("modelyard.monitoring")
AT_ONCE = 5
LONGEST_PAUSE = 60.0


def look(context: Context, project: str, name: str) -> Scope:
    """Ask what is at a scope now, and keep it.

    Raises:
        NotFound: there is no such scope.
    """
    with context.read() as db:
        scope, token = repository.get(db, project, name), repository.token(db, project, name)
    moment, problem = now(), ""
    try:
        found = probe(scope, token, context.settings.monitoring)
    except errors.ModelyardError as exc:
        found, problem = (), exc.detail
    with context.begin_aside() as db:
        current = repository.get(db, project, name, lock=True)
        endpoints = current.endpoints if problem else _merged(current.endpoints, found, moment)
        changes = {"endpoints": endpoints, "problem": problem, "checked": moment}
        if (current.address, current.kind) != (scope.address, scope.kind):
            return current  # it leads elsewhere by now
        changed = current.model_copy(update=changes)
        repository.save(db, changed)
    return changed


def look_at_due(context: Context, is_stopping: Callable[[], bool]) -> float:
    """Ask the scopes that nobody asked for a while; gives the seconds until there may be more."""
    pause = context.settings.monitoring.refresh_minutes * 60
    before = now() - timedelta(seconds=pause)
    with context.read() as db:
        due = repository.due(db, before, AT_ONCE)
    for project, name in due:
        if is_stopping():
            break
        with context.begin_aside() as db:
            mine = repository.claim(db, project, name, before)
        if mine:
            try:
                look(context, project, name)
            except errors.NotFound:
                LOG.debug("the monitoring scope %s was deleted meanwhile", name)
    return 0.0 if len(due) == AT_ONCE else min(pause, LONGEST_PAUSE)


def statuses(db: Connection, projects: frozenset[str] | None) -> Iterator[ThingStatus]:
    """How each endpoint of a scope is, and a scope of which nothing else is known."""
    for scope in repository.of_projects(db, projects):
        for each in told(scope):
            yield ThingStatus(
                project=scope.project,
                kind="external",
                name=name_of(scope, each),
                status=each.status,
                why=each.why,
            )


def told(scope: Scope) -> tuple[ExternalEndpoint, ...]:
    """The endpoints of a scope as they are judged: where nothing could be found out, as errors."""
    if not scope.problem:
        return scope.endpoints
    known = scope.endpoints or (ExternalEndpoint(name=scope.name, status="error", why=""),)
    bad: dict[str, Status | str] = {"status": "error", "why": scope.problem}
    return tuple(each if each.vanished else each.model_copy(update=bad) for each in known)


def name_of(scope: Scope, endpoint: ExternalEndpoint) -> str:
    """What monitoring calls an endpoint."""
    return scope.name if endpoint.name == scope.name else f"{scope.name}/{endpoint.name}"


def _merged(
    before: tuple[ExternalEndpoint, ...], found: tuple[ExternalEndpoint, ...], moment: datetime
) -> tuple[ExternalEndpoint, ...]:
    """What is there now, and what was there before and is no longer."""
    known = {each.name: each for each in before}
    names = {each.name for each in found}
    seen = [
        each.model_copy(
            update={
                "seen": (known[each.name].seen if each.name in known else None)
                if each.vanished
                else moment
            }
        )
        for each in found
    ]
    lost = [
        each.model_copy(
            update={"status": "error", "vanished": True, "why": "it is no longer there", "ms": None}
        )
        for each in before
        if each.name not in names
    ]
    return tuple(sorted([*seen, *lost], key=lambda each: each.name))
