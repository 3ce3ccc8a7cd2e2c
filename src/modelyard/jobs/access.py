"""How other rooms ask about jobs."""

from __future__ import annotations

import json
from contextlib import suppress

from sqlalchemy import ColumnElement, Connection, Table, delete, func, or_, select, update

from modelyard import errors
from modelyard.jobs import endings
from modelyard.jobs.scenarios import repository
from modelyard.kernel.context import Context
from modelyard.store.tables import canaries, jobs, pipelines, promotions, scenario_runs, scenarios


def is_named(db: Connection, text: str) -> bool:
    """Whether a job that waits or runs has a text in its arguments."""
    open_jobs = select(jobs.c.id).where(jobs.c.state.in_(("queued", "running")))
    named = jobs.c.arguments.contains(json.dumps(text)[1:-1], autoescape=True)
    return db.scalar(open_jobs.where(named).limit(1)) is not None


def forget_user(context: Context, db: Connection, name: str) -> None:
    """Cancel the jobs of a user who is deleted, and let their scenarios rest.

    Nothing of it is later anybody's who gets the name.
    """
    waiting = select(jobs.c.id).where(_is_of(jobs, name), jobs.c.state.in_(("queued", "running")))
    for job in db.scalars(waiting).all():
        endings.cancel(db, job, context)
    gone = f"{name} (deleted)"
    for row in db.execute(select(scenarios).where(_is_of(scenarios, name))).all():
        with suppress(errors.Failed):  # it is damaged, and so is not run
            scenario = repository.as_scenario(row)
            rests = scenario.model_copy(update={"owner": gone, "disabled": True})
            repository.save(db, rests, due=None)
    for table in (jobs, scenarios, scenario_runs, pipelines, promotions, canaries):
        renamed = func.replace(
            table.c.identity, *(f'"name": {json.dumps(n)}' for n in (name, gone))
        )
        changes = {"identity": renamed} | ({"actor": gone} if table is jobs else {})
        db.execute(update(table).where(_is_of(table, name)).values(changes))


def _is_of(table: Table, name: str) -> ColumnElement[bool]:
    """Whether a row runs as a user: by their session or a key of theirs, not as a local caller."""
    beginnings = (json.dumps({"name": name, "kind": kind})[:-1] for kind in ("user", "key"))
    return or_(*(table.c.identity.startswith(text, autoescape=True) for text in beginnings))


def forget_project(db: Connection, project: str) -> None:
    """Forget the scenarios and jobs of a project, also those that wait.

    Raises:
        Conflict: a job of the project is running.
    """
    of_it = jobs.c.project == project
    running = select(jobs.c.id).where(of_it, jobs.c.state == "running").limit(1)
    job = db.scalar(running.with_for_update())
    if job is not None:
        raise errors.Conflict(
            f"job {job} of project {project!r} is running; cancel it or wait for it"
        )
    db.execute(delete(jobs).where(of_it))
    db.execute(delete(scenario_runs).where(scenario_runs.c.project == project))
    db.execute(delete(scenarios).where(scenarios.c.project == project))
