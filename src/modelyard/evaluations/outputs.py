"""What an evaluation writes besides: its scored rows, and a row of its metrics."""

from __future__ import annotations

import fcntl
import hashlib
import secrets
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from modelyard import errors
from modelyard.analysis.arrays import Ints
from modelyard.analysis.names import NAMES
from modelyard.data.access import Source, open_source, open_target
from modelyard.evaluations.asserting import Answers
from modelyard.evaluations.custom import CustomCode
from modelyard.evaluations.scored import PREDICTION, PROBABILITY, Scored
from modelyard.evaluations.shaping import array_of
from modelyard.evaluations.types import Evaluation
from modelyard.kernel.context import Context

CORRECT, ERROR = "prediction_correct", "error"
BATCH = 65_536
MARK = "evaluation"
"""The column by which a dataset is known as one of metrics."""


def check_metrics(codes: Collection[str], custom: CustomCode) -> None:
    """Refuse codes of metrics that no evaluation has.

    Raises:
        Invalid: there is no such metric.
    """
    known = {*NAMES, *(each.name for each in custom.every)}
    for code in codes:
        if code not in known:
            raise errors.Invalid(
                f"there is no metric {code!r}; there are: {', '.join(sorted(known))}",
                field="metrics",
            )


def write_scored(
    context: Context,
    project: str,
    place: str,
    file: Path,
    scored: Scored | None,
    answers: Answers | None,
    *,
    probabilities: bool,
) -> None:
    """Write the scored rows, and of each whether its prediction is right.

    That is `prediction_correct` of a class, empty where truth or prediction is missing, and `error`
    of a number: the prediction less the truth. Classes are those that are predicted from the
    evaluation's threshold on.

    Args:
        context: the workspace.
        project: key of the project.
        place: dataset or path; what was there is replaced.
        file: the scored rows.
        scored: what is known of them; none: their truth is not looked at.
        answers: what was predicted, in the same case.
        probabilities: whether the columns of probabilities are written, too.
    """
    parquet, start = pq.ParquetFile(file), 0
    names = [
        name
        for name in parquet.schema_arrow.names
        if probabilities or not name.startswith(PROBABILITY)
    ]
    told = None if scored is None or answers is None else _judged(scored, answers)
    schema = pa.schema([parquet.schema_arrow.field(name) for name in names])
    for name, column in (told or {}).items():
        at = schema.get_field_index(name)
        field = pa.field(name, column.type)
        schema = schema.append(field) if at < 0 else schema.set(at, field)
    token = secrets.token_hex(16)
    with open_target(context, project, place, schema, token=token) as target:
        for batch in parquet.iter_batches(batch_size=BATCH, columns=names):
            made = {name: batch.column(name) for name in names}
            for name, column in (told or {}).items():
                made[name] = column.slice(start, batch.num_rows)
            target.write(pa.RecordBatch.from_pydict(made, schema))
            start += batch.num_rows
        target.commit()


def _judged(scored: Scored, answers: Answers) -> dict[str, pa.Array]:
    if not answers.classes:
        gap = np.asarray(answers.values - scored.truth, np.float64)
        return {ERROR: pa.array(gap, mask=~np.isfinite(gap))}
    values: Ints = np.where(answers.known, answers.values, 0).astype(np.int64)
    right = values == scored.truth
    predicted = array_of(answers.classes).take(pa.array(values, mask=~answers.known))
    return {
        PREDICTION: predicted,
        CORRECT: pa.array(right, mask=~answers.known | (scored.truth < 0)),
    }


def append_metrics(
    context: Context, evaluation: Evaluation, place: str, codes: Sequence[str]
) -> None:
    """Add a row of an evaluation's metrics to a dataset, which is made where it is not there.

    Columns that it does not have yet are added, empty in the rows before.

    Raises:
        Invalid: what is there is no dataset of metrics.
    """
    row = metrics_row(evaluation, codes)
    project = evaluation.project
    with _alone(context, project, place):
        before = _there(context, project, place)
        schema = row.schema
        if before is not None:
            if MARK not in before.schema.names:
                raise errors.Invalid(
                    f"{place!r} is no dataset of metrics: it has no column {MARK!r}; name another "
                    "one by --metrics-output"
                )
            fields = [
                row.schema.field(each.name) if each.name in row.schema.names else each
                for each in before.schema
            ]
            there = set(before.schema.names)
            fields += [each for each in row.schema if each.name not in there]
            schema = pa.schema(fields)
        token = secrets.token_hex(16)
        with open_target(context, project, place, schema, token=token) as target:
            for batch in () if before is None else before.batches(rows=BATCH):
                target.write(_fitted(batch, schema))
            for batch in row.to_batches():
                target.write(_fitted(batch, schema))
            target.commit()


def metrics_row(evaluation: Evaluation, codes: Sequence[str]) -> pa.Table:
    """An evaluation's metrics as one row.

    Args:
        evaluation: whose they are.
        codes: of the metrics; none: all of them.
    """
    found = evaluation
    texts = {
        MARK: found.id,
        "name": found.name,
        "store": found.store,
        "model": found.model,
        "version": found.version,
        "dataset": found.dataset,
    }
    used = found.intake.used if found.intake else found.rows
    values = {
        code: found.metrics[code].value if code in found.metrics else None
        for code in codes or found.metrics
    }
    columns = {
        **{name: pa.array([text], pa.string()) for name, text in texts.items()},
        "created": pa.array([found.created], pa.timestamp("us", tz="UTC")),
        "rows": pa.array([used], pa.int64()),
        **{code: pa.array([value], pa.float64()) for code, value in values.items()},
    }
    return pa.table(columns)


def _there(context: Context, project: str, place: str) -> Source | None:
    try:
        return open_source(context, project, place)
    except errors.NotFound:
        return None


def _fitted(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """A batch with the columns of a schema; those that it has not are empty."""
    columns = [
        batch.column(field.name).cast(field.type)
        if field.name in batch.schema.names
        else pa.nulls(batch.num_rows, field.type)
        for field in schema
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


@contextmanager
def _alone(context: Context, project: str, place: str) -> Iterator[None]:
    """Let nobody else of this machine add a row meanwhile."""
    folder = context.folder / "appending"
    folder.mkdir(parents=True, exist_ok=True)
    name = hashlib.sha256(f"{project}\n{place}".encode()).hexdigest()[:32]
    with (folder / name).open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
