"""How other rooms ask about jobs."""

from __future__ import annotations

import json

from sqlalchemy import Connection, delete, select

from modelyard import errors
from modelyard.store.tables import jobs, scenario_runs, scenarios


def is_named(db: Connection, text: str) -> bool:
    """Whether a job that waits or runs has a text in its arguments."""
    open_jobs = select(jobs.c.id).where(jobs.c.state.in_(("queued", "running")))
    named = jobs.c.arguments.contains(json.dumps(text)[1:-1], autoescape=True)
    return db.scalar(open_jobs.where(named).limit(1)) is not None


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
