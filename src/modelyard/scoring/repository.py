"""Rows of scoring runs and their finished chunks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, literal, select, update
from sqlalchemy.exc import IntegrityError

from modelyard import errors
from modelyard.kernel.paging import Page, Paged
from modelyard.scoring.types import RunState, RunSummary, ScoringRun
from modelyard.store.bodies import text_in
from modelyard.store.paging import page
from modelyard.store.tables import run_chunks, runs


@dataclass(frozen=True)
class FinishedChunk:
    """A chunk whose predictions are on disk; `sha256` is the digest of their file."""

    number: int
    rows: int
    rejected: int
    sha256: str


def add_run(db: Connection, run: ScoringRun, identity: str) -> None:
    """Insert a run; runs of the same identity write the same output from the same input.

    Raises:
        Conflict: its project was deleted meanwhile.
    """
    row = insert(runs).values(
        id=run.id,
        project=run.project,
        model=run.model,
        identity=identity,
        state=run.state,
        started=run.started,
        body=run.model_dump_json(),
    )
    try:
        db.execute(row)
    except IntegrityError as exc:
        raise errors.Conflict(f"the project {run.project!r} was deleted meanwhile") from exc


def save_run(db: Connection, run: ScoringRun) -> None:
    """Write down what is now known of a run."""
    db.execute(
        update(runs).where(runs.c.id == run.id).values(state=run.state, body=run.model_dump_json())
    )


def get_run(db: Connection, project: str, run_id: str) -> ScoringRun:
    """Look a run up; NotFound if there is none."""
    body = db.scalar(select(runs.c.body).where(runs.c.project == project, runs.c.id == run_id))
    if body is None:
        raise errors.NotFound(
            f"there is no scoring run {run_id!r} in project {project!r}; "
            "`modelyard scoring list` shows them"
        )
    return ScoringRun.model_validate_json(body)


def list_runs(
    db: Connection, project: str, asked: Paged, *, model: str | None, dataset: str | None
) -> Page[RunSummary]:
    """The runs of a project that fit, newest first."""
    query = select(runs.c.body).where(runs.c.project == project)
    if model is not None:
        query = query.where(runs.c.model == model)
    if dataset is not None:
        ends = (text_in(db, runs.c.body, end) for end in ("input", "output"))
        query = query.where(literal(dataset).in_(ends))

    def summary(row: Row[Any]) -> RunSummary:
        run = ScoringRun.model_validate_json(row.body)
        return RunSummary(**run.model_dump(include=set(RunSummary.model_fields)))

    return page(db, query, [runs.c.started, runs.c.id], asked, summary, descending=True)


def unfinished_run(db: Connection, project: str, identity: str) -> ScoringRun | None:
    """The newest run of this identity that neither finished nor failed."""
    body = db.scalar(
        select(runs.c.body)
        .where(
            runs.c.project == project,
            runs.c.identity == identity,
            runs.c.state.in_(("running", "interrupted")),
        )
        .order_by(runs.c.started.desc())
        .limit(1)
    )
    return None if body is None else ScoringRun.model_validate_json(body)


def runs_in_state(db: Connection, *states: RunState) -> list[tuple[ScoringRun, str]]:
    """Every run in one of these states, with its identity, whatever its project."""
    found = db.execute(select(runs.c.body, runs.c.identity).where(runs.c.state.in_(states)))
    return [(ScoringRun.model_validate_json(body), identity) for body, identity in found]


def runs_of_project(db: Connection, project: str) -> list[tuple[str, str]]:
    """The id and the identity of every run of a project."""
    found = db.execute(select(runs.c.id, runs.c.identity).where(runs.c.project == project))
    return [(row.id, row.identity) for row in found]


def forget_project(db: Connection, project: str) -> None:
    """Delete the runs of a project with their chunks."""
    db.execute(delete(runs).where(runs.c.project == project))


def add_chunk(db: Connection, run_id: str, chunk: FinishedChunk) -> None:
    """Note that a chunk is finished, in place of what was noted of it before.

    Raises:
        Conflict: the run was deleted meanwhile, with its project.
    """
    db.execute(
        delete(run_chunks).where(run_chunks.c.run == run_id, run_chunks.c.chunk == chunk.number)
    )
    row = insert(run_chunks).values(
        run=run_id,
        chunk=chunk.number,
        rows=chunk.rows,
        rejected=chunk.rejected,
        sha256=chunk.sha256,
    )
    try:
        db.execute(row)
    except IntegrityError as exc:
        raise errors.Conflict(f"the run {run_id} was deleted meanwhile, with its project") from exc


def chunks_of(db: Connection, run_id: str) -> list[FinishedChunk]:
    """The finished chunks of a run, in order."""
    query = select(run_chunks).where(run_chunks.c.run == run_id).order_by(run_chunks.c.chunk)
    return [
        FinishedChunk(row.chunk, row.rows, row.rejected, row.sha256) for row in db.execute(query)
    ]


def forget_chunks(db: Connection, run_id: str) -> None:
    """Forget the finished chunks of a run."""
    db.execute(delete(run_chunks).where(run_chunks.c.run == run_id))
