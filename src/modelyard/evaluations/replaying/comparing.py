"""Carrying out a replay: draw the rows, ask both versions, compare their answers."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import JsonValue

from modelyard import errors
from modelyard.analysis.arrays import Floats, Ints, absent
from modelyard.analysis.grouping import grouped
from modelyard.analysis.labels import coded
from modelyard.analysis.moves.flips import flips
from modelyard.analysis.moves.shift import shift
from modelyard.analysis.moves.sides import side_of_errors, side_of_flips
from modelyard.analysis.moves.slices import What, moved_slices
from modelyard.analysis.moves.types import Flips, MovedSlices, Shift, TruthSide
from modelyard.analysis.moves.verdict import Figures, verdict
from modelyard.analysis.worst import Search
from modelyard.data.json_cells import json_rows
from modelyard.evaluations.drawing import drawn
from modelyard.evaluations.replaying.answers import Answered, read_refusals
from modelyard.evaluations.replaying.moving import Moves, moves_of
from modelyard.evaluations.replaying.planning import Plan
from modelyard.evaluations.replaying.types import (
    Mover,
    Refusals,
    RefusedRow,
    Replay,
    Replayed,
    Replaying,
)
from modelyard.evaluations.scored import numbers
from modelyard.kernel import paths
from modelyard.kernel.context import Context
from modelyard.kernel.values import FILES, named_by, now
from modelyard.models.types import ModelVersion
from modelyard.runtime.types import Row
from modelyard.scoring.types import ScoringRun

SLICE_ROWS = 100_000
"""Rows that slices are searched in, at most; others are drawn from."""
MOST_COLUMNS = 60
"""Columns that are kept of a row, and that slices are made of, where none are named."""
MOST_REFUSED = 20
LONGEST = 200
"""Letters of a text that are kept of a row."""


@dataclass(frozen=True)
class Asked:
    """A version that was asked."""

    version: ModelVersion
    run: ScoringRun
    answered: Answered

    def told(self) -> Replayed:
        """What a replay says of it."""
        version, run = self.version, self.run
        rule = version.probe.interpretation and version.probe.interpretation.rule
        threshold = None
        if version.prediction_type == "binary_classification" and rule != "labels":
            threshold = 0.5 if version.core.threshold is None else version.core.threshold
        return Replayed(
            version=version.version,
            digest=version.digest,
            classes=version.core.classes,
            threshold=threshold,
            env=version.env.id,
            refused=run.rejected,
            rows_per_second=run.rows_per_second,
            seconds=run.seconds,
            host=run.host,
            scoring_run=run.id,
        )


def replay(plan: Plan, context: Context) -> Replay:
    """Ask both versions with the same rows, and compare what they answer.

    Raises:
        Invalid: there are no rows, or data are damaged.
        Failed: a version does not run.
    """
    with _transit(context, plan) as folder:
        source = drawn(context, plan.command.project, plan.source, plan.sampling, plan.rows)
        rows = source.count() or 0
        if not rows:
            raise errors.Invalid(f"{plan.source.name} has no rows to replay", field="rows")
        before, after = (
            _ask(plan, version, rows, folder, context) for version in (plan.before, plan.after)
        )
        context.progress("comparing the answers")
        return _Comparison(plan, folder / "rows.parquet", before, after, context).told()


def _ask(plan: Plan, version: ModelVersion, rows: int, folder: Path, context: Context) -> Asked:
    context.progress(f"asking {version.version}")
    scoring = plan.scoring(version)
    try:
        run = context.caller.run(scoring)
    except errors.Failed as exc:
        told = f"version {version.version} could not be asked: {exc.detail}"
        raise errors.Failed(told, **exc.context) from exc
    refused: dict[int, str] = {}
    if run.rejects is not None:
        refused = read_refusals(paths.find(context, plan.command.project, run.rejects))
    file = folder / scoring.output.rpartition("/")[2]
    return Asked(version, run, Answered(file, rows, version.core.classes, refused))


@contextmanager
def _transit(context: Context, plan: Plan) -> Iterator[Path]:
    """Where rows and answers are meanwhile; what a killed process left is found there."""
    folder = paths.find(context, plan.command.project, f"{FILES}{plan.folder}")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class _Comparison:
    """The answers of two versions to the same rows."""

    def __init__(
        self, plan: Plan, rows: Path, before: Asked, after: Asked, context: Context
    ) -> None:
        self._plan, self._rows, self._before, self._after = plan, rows, before, after
        self._context = context
        self._schema = pq.read_schema(rows)
        self._warnings: list[str] = []

    def told(self) -> Replay:
        """Everything that the answers tell."""
        plan, began = self._plan, time.perf_counter()
        command, before, after = plan.command, self._before, self._after
        moves = moves_of(after.version.prediction_type, before.answered, after.answered)
        self._warn_of_differences()
        flipped = self._flips(moves)
        shifted = self._shift(moves)
        refusals = self._refusals(moves)
        truth = self._truth(moves)
        self._context.progress("searching slices that move")
        slices = self._slices(moves)
        figures = Figures(
            before=before.version.version,
            after=after.version.version,
            rows=before.answered.rows,
            refused=(refusals.only_before, refusals.only_after),
            flips=flipped,
            shift=shifted,
            slices=slices,
            truth=truth,
            confidence=command.confidence,
        )
        created = now()
        return Replay(
            id=named_by(created),
            project=command.project,
            model=command.model,
            version=after.version.version,
            against=before.version.version,
            prediction_type=after.version.prediction_type,
            verdict=verdict(figures),
            dataset=command.rows,
            fingerprint=plan.source.fingerprint,
            rows=before.answered.rows,
            compared=len(moves.rows),
            before=before.told(),
            after=after.told(),
            flips=flipped,
            shift=shifted,
            truth=truth,
            movers=self._movers(moves),
            slices=slices,
            refusals=refusals,
            warnings=tuple(self._warnings),
            settings=Replaying.model_validate(
                command.model_dump(include=set(Replaying.model_fields))
            ),
            created=created,
            created_by=self._context.identity.name,
            seconds=round(time.perf_counter() - began, 3),
        )

    def _warn_of_differences(self) -> None:
        before, after = self._before.told(), self._after.told()
        if before.threshold != after.threshold:
            self._warnings.append(
                f"{before.version} answers {before.classes[1]} from {before.threshold} on, "
                f"{after.version} from {after.threshold}"
            )
        names = [set(map(str, each.classes)) for each in (before, after)]
        for one, gone, other in (
            (before, names[0] - names[1], after),
            (after, names[1] - names[0], before),
        ):
            if gone:
                listed = ", ".join(sorted(gone)[:10])
                self._warnings.append(
                    f"{one.version} has classes that {other.version} does not know: {listed}"
                )
        if names[0] == names[1] and list(map(str, before.classes)) != list(map(str, after.classes)):
            self._warnings.append(
                f"{before.version} and {after.version} have their classes in another order; "
                "probabilities are compared by class"
            )

    def _flips(self, moves: Moves) -> Flips | None:
        if not moves.labels:
            return None
        names = [str(label) for label in moves.labels]
        confidence = self._plan.command.confidence
        return flips(moves.before, moves.after, names, moves.chances, confidence)

    def _shift(self, moves: Moves) -> Shift:
        scores, command = moves.scores, self._plan.command
        if isinstance(scores, str):
            return Shift(score="no score", difference=absent("shift", scores), reason=scores)
        return shift(
            scores.called,
            scores.before,
            scores.after,
            distance=scores.distance,
            probabilities=bool(moves.labels),
            tolerance=command.tolerance,
            confidence=command.confidence,
        )

    def _truth(self, moves: Moves) -> TruthSide | None:
        column = self._plan.target
        if column is None:
            return None
        values = self._column(column, moves.rows)
        confidence = self._plan.command.confidence
        if moves.labels:
            codes = coded(values, moves.labels).codes
            known = codes >= 0
            answers = (codes[known], moves.before[known], moves.after[known])
            side = side_of_flips(column, *answers, confidence)
        elif isinstance(moves.scores, str) or not _is_number(values.type):
            self._warnings.append(f"the truth in {column!r} is no number, and is left out")
            return None
        else:
            truth = numbers(values)
            known = np.isfinite(truth)
            scores = (moves.scores.before[known], moves.scores.after[known])
            side = side_of_errors(column, truth[known], *scores, confidence)
        return side if side.rows else None

    def _refusals(self, moves: Moves) -> Refusals:
        refused = [each.answered.refusals for each in (self._before, self._after)]
        both = set(refused[0]) & set(refused[1])
        either = set(refused[0]) | set(refused[1])
        examples = [
            RefusedRow(row=row, version=asked.version.version, reason=reason)
            for asked in (self._before, self._after)
            for row, reason in list(asked.answered.refusals.items())[:MOST_REFUSED]
        ]
        return Refusals(
            both=len(both),
            only_before=len(refused[0]) - len(both),
            only_after=len(refused[1]) - len(both),
            unanswered=self._before.answered.rows - len(either) - len(moves.rows),
            examples=tuple(sorted(examples, key=lambda each: each.row)[:MOST_REFUSED]),
        )

    def _movers(self, moves: Moves) -> tuple[Mover, ...]:
        distance, flipped = moves.distance, moves.flipped
        order = np.lexsort((~flipped, -distance))[: self._plan.command.movers]
        chosen = order[(distance[order] > 0) | flipped[order]]
        rows = json_rows(self._taken(moves.rows[chosen]))
        return tuple(
            Mover(
                row=int(moves.rows[at]),
                before=moves.answers(at)[0],
                after=moves.answers(at)[1],
                score_before=moves.scores_of(at)[0],
                score_after=moves.scores_of(at)[1],
                distance=float(distance[at]),
                flipped=bool(flipped[at]),
                values=Row({name: _cut(value) for name, value in row.items()}),
            )
            for at, row in zip(chosen.tolist(), rows, strict=True)
        )

    def _slices(self, moves: Moves) -> MovedSlices:
        command, count = self._plan.command, len(moves.rows)
        part: Ints = np.arange(count)
        if count > SLICE_ROWS:
            part = np.sort(np.random.default_rng(command.seed).permutation(count)[:SLICE_ROWS])
        ways: dict[What, Floats] = {}
        if moves.labels:
            ways["flips"] = moves.flipped[part].astype(np.float64)
        if not isinstance(moves.scores, str):
            difference = (moves.scores.after - moves.scores.before)[part]
            ways |= {"up": np.maximum(difference, 0), "down": np.maximum(-difference, 0)}
        names = command.columns or tuple(
            name for name in self._first_columns() if name != self._plan.target
        )
        names = tuple(name for name in names if not self._schema.field(name).type.num_fields)
        places = moves.rows[part]
        columns = {name: grouped(self._column(name, places)) for name in names}
        search = Search(
            least=command.least, confidence=command.confidence, pairs=command.combined > 1
        )
        return moved_slices(ways, columns, search)

    def _first_columns(self) -> tuple[str, ...]:
        """What the versions take, then the other columns; not more than are told of a row."""
        taken = [
            each.name
            for asked in (self._after, self._before)
            for each in asked.version.core.features
            if each.name in self._schema.names
        ]
        every = tuple(dict.fromkeys((*taken, *self._schema.names)))
        return every[:MOST_COLUMNS]

    def _column(self, name: str, places: Ints) -> pa.ChunkedArray:
        column = pq.read_table(self._rows, columns=[name])[name]
        return column if len(places) == len(column) else column.take(pa.array(places))

    def _taken(self, places: Ints) -> pa.Table:
        """Rows at some places, with the columns that are told; read in pieces."""
        names = list(self._first_columns())
        if self._plan.target is not None:
            names = list(dict.fromkeys((*names, self._plan.target)))
        wanted, found, start = np.sort(places), [], 0
        for batch in pq.ParquetFile(self._rows).iter_batches(columns=names):
            first, last = np.searchsorted(wanted, (start, start + batch.num_rows))
            if last > first:
                found.append(batch.take(pa.array(wanted[first:last] - start)))
            start += batch.num_rows
        schema = pa.schema([self._schema.field(name) for name in names])
        table = pa.Table.from_batches(found, schema) if found else schema.empty_table()
        return table.select(names).take(pa.array(np.searchsorted(wanted, places)))


def _is_number(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_decimal(kind)
        or pa.types.is_boolean(kind)
    )


def _cut(value: JsonValue) -> JsonValue:
    """A value without the end of a long text."""
    return value[:LONGEST] + "…" if isinstance(value, str) and len(value) > LONGEST else value
