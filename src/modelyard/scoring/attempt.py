"""One attempt at a run: take it up or begin it, score, checkpoint, make the output appear."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from functools import partial
from itertools import chain

import pyarrow as pa

from modelyard import errors
from modelyard.data.access import open_target
from modelyard.kernel.context import Context
from modelyard.kernel.paths import shown
from modelyard.kernel.values import named_by, now
from modelyard.models.access import fate, noticing
from modelyard.models.running import open_pool
from modelyard.runtime.golden import DIRECT, RESTRUCTURED, read_arrow
from modelyard.runtime.pool import WorkerPool
from modelyard.scoring import repository
from modelyard.scoring.checkpoint import RunFolder, Scored
from modelyard.scoring.chunks import AHEAD, Chunk, read_chunks, workers_needed
from modelyard.scoring.engine import score_in_order
from modelyard.scoring.output import Output
from modelyard.scoring.pace import Pace
from modelyard.scoring.plan import Plan, stamps
from modelyard.scoring.rejects import RejectsFile
from modelyard.scoring.repository import FinishedChunk
from modelyard.scoring.rows import OutputRows
from modelyard.scoring.types import ScoringRun

MOST_NOTES = 50


def carry_out(plan: Plan, folder: RunFolder, context: Context) -> ScoringRun:
    """Bring a planned scoring to its end, from where an interrupted attempt left it.

    Raises:
        ModelyardError: it failed; what it left is removed, and the run says why.
        Unavailable: the database is away; what is scored stays, and can be taken up again.
        KeyboardInterrupt: it was interrupted, and can be taken up again.
    """
    attempt = Attempt(plan, folder, context)
    try:
        with noticing(context, plan.version):
            return attempt.finish()
    except errors.Unavailable:
        with suppress(errors.Unavailable):
            attempt.record(state="interrupted")
        raise
    except Exception as exc:
        folder.clear()
        with suppress(errors.Unavailable):  # a full disk takes the database along
            attempt.record(state="failed", problem=str(exc))
        raise
    except BaseException:
        with suppress(errors.Unavailable):
            attempt.record(state="interrupted")
        raise


class Attempt:
    """One attempt at a run, in the process that holds its folder."""

    def __init__(self, plan: Plan, folder: RunFolder, context: Context) -> None:
        self._plan = plan
        self._folder = folder
        self._context = context
        self._finished: dict[int, FinishedChunk] = {}
        self._total = plan.source.count()
        self._run = self._take_up() or self._begin()
        self._pace = Pace(
            context.progress, total=self._total, resumed_from=self._run.resumed_from or 0
        )

    def _take_up(self) -> ScoringRun | None:
        plan = self._plan
        with self._context.begin() as db:
            run = repository.unfinished_run(db, plan.project, plan.identity)
            if run is None or run.host != platform.node():
                return None
            chunks = repository.chunks_of(db, run.id)
            resumed_from = sum(chunk.rows for chunk in chunks)
            run = run.model_copy(update={"state": "running", "resumed_from": resumed_from})
            repository.save_run(db, run)
        self._finished = {chunk.number: chunk for chunk in chunks}
        return run

    def _begin(self) -> ScoringRun:
        plan, started = self._plan, now()
        run = ScoringRun(
            id=named_by(started),
            project=plan.project,
            model=plan.scoring.model,
            version=plan.version.version,
            input=plan.scoring.input,
            input_rows=self._total,
            output=plan.scoring.output,
            mode=plan.mode,
            state="running",
            started=started,
            host=platform.node(),
            batch_rows=plan.scoring.batch_rows,
        )
        with self._context.begin() as db:
            repository.add_run(db, run, plan.identity)
        return run

    def finish(self) -> ScoringRun:
        """Score what is not scored yet, write everything, and give back the finished run."""
        plan, run = self._plan, self._run
        rows = OutputRows(
            plan.columns.kept,
            probabilities=plan.scoring.probabilities,
            percentile=plan.scoring.percentile,
            stamps=stamps(plan, run.started),
        )
        token = run.id.replace("-", "")
        rejects = RejectsFile(plan.rejects_file(self._context, run.id), token=token)
        target = partial(open_target, self._context, plan.project, plan.scoring.output, token=token)
        spool = self._folder.path / "spool.arrow" if plan.scoring.percentile else None
        notes: dict[str, None] = {}
        with Output(target, rows, rejects, spool=spool) as output, self._scoring() as stream:
            for chunk, scored in stream:
                if not scored.saved:
                    self._keep(chunk, scored)
                output.add(chunk, scored)
                notes.update(dict.fromkeys(scored.notes))
                self._pace.advance(chunk.table.num_rows)
            if not output.is_settled:
                output.settle(self._no_rows(), self._no_predictions())
            output.commit()
            self._pace.end()
        self.record(
            state="finished",
            rejects=shown(self._context, plan.project, rejects.path) if rejects.count else None,
            rejected=rejects.count,
            warnings=(*_told(rows.renamed), *self._told_fate(), *list(notes)[:MOST_NOTES]),
        )
        self._folder.clear()
        return self._run

    def _told_fate(self) -> tuple[str, ...]:
        version = self._plan.version
        with self._context.read() as db:
            how = fate(db, version)
        told = f"version {version.version!r} of {version.model!r} was {how} while it scored"
        return () if how is None else (f"{told}; all rows were scored with it as it was",)

    def record(self, **changes: object) -> None:
        """Write down how far the run is; once it has ended, its chunks are forgotten."""
        pace = self._pace
        self._run = self._run.model_copy(
            update={
                "rows": pace.rows,
                "seconds": round(pace.seconds, 3),
                "rows_per_second": round(pace.rows_per_second, 1),
                **changes,
            }
        )
        with self._context.begin() as db:
            repository.save_run(db, self._run)
            if self._run.state in {"finished", "failed"}:
                repository.forget_chunks(db, self._run.id)

    @contextmanager
    def _scoring(self) -> Iterator[Iterator[tuple[Chunk, Scored]]]:
        """The chunks with what came out of them, in order; workers end when the block is left."""
        plan, rows = self._plan, self._run.batch_rows
        workers = workers_needed(self._total, rows, plan.workers)
        chunks = read_chunks(plan.source, plan.columns.read, rows=rows, workers=workers)
        # Threads wait for workers, so the pool is closed, and ends them, before the threads are.
        with (
            closing(chunks),
            ThreadPoolExecutor(workers) as threads,
            open_pool(self._context, plan.runnable.folder, size=workers) as pool,
        ):
            head = next(chunks, None)
            if head is None:
                yield iter(())
                return
            self._context.progress("loading the model")
            for loading in [threads.submit(pool.load) for _ in range(workers)]:
                loading.result()
            self._pace.begin()
            stream = score_in_order(
                chain([head], chunks),
                partial(self._score, pool),
                threads=threads,
                ahead=AHEAD * workers,
            )
            with closing(stream):
                yield stream

    def _score(self, pool: WorkerPool, chunk: Chunk) -> Scored:
        known = self._finished.get(chunk.number)
        if known is not None and known.rows == chunk.table.num_rows:
            saved = self._folder.load(chunk.number, known.sha256)
            if saved is not None:
                return saved
        plan = self._plan
        try:
            reply = pool.predict(chunk.table.select(plan.columns.sent), plan.options)
        except errors.ModelyardError as exc:
            raise _placed(exc, chunk.first, plan.source.name) from exc
        return Scored(reply.table, reply.rejects, tuple(reply.meta.get("notes", ())))

    def _keep(self, chunk: Chunk, scored: Scored) -> None:
        digest = self._folder.save(chunk.number, scored)
        rows = chunk.table.num_rows
        finished = FinishedChunk(chunk.number, rows, len(scored.rejects), digest)
        with self._context.begin() as db:
            if self._run.batch_rows is None:
                self._run = self._run.model_copy(update={"batch_rows": rows})
                repository.save_run(db, self._run)
            repository.add_chunk(db, self._run.id, finished)

    def _no_rows(self) -> pa.Table:
        schema = self._plan.source.schema
        return pa.schema([schema.field(name) for name in self._plan.columns.read]).empty_table()

    def _no_predictions(self) -> pa.Table:
        """An empty table of the columns that the version's golden predictions have."""
        plan, golden = self._plan, self._plan.version.golden
        if golden is None:
            with open_pool(self._context, plan.runnable.folder) as pool:
                reply = pool.predict(self._no_rows().select(plan.columns.sent), plan.options)
            return pa.table({}) if reply.table is None else reply.table
        with self._context.artifacts.open(golden.outputs) as file:
            outputs = read_arrow(file)
        prefix = DIRECT if plan.mode == "direct" else RESTRUCTURED
        columns = {
            name.removeprefix(prefix): outputs[name]
            for name in outputs.column_names
            if name.startswith(prefix)
        }
        return pa.table(columns).slice(0, 0)


def _told(renamed: dict[str, str]) -> tuple[str, ...]:
    return tuple(
        f"the input's column {name!r} is written as {new!r}, because the predictions have a column "
        "of that name"
        for name, new in renamed.items()
    )


def _placed(exc: errors.ModelyardError, first: int, dataset: str) -> errors.ModelyardError:
    """The error with its row counted in the whole input, where it names one."""
    row = exc.context.get("row")
    if not isinstance(row, int):
        return exc
    what = exc.detail.removeprefix(f"row {row}: ")
    placed = type(exc)(f"row {first + row} of {dataset} (counted from 0): {what}")
    placed.context = {**exc.context, "row": first + row}
    return placed
