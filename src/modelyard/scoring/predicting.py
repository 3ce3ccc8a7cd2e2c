"""A few rows through a version that stays loaded."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pyarrow as pa

from modelyard import errors
from modelyard.data.json_cells import json_rows
from modelyard.kernel.context import Context
from modelyard.models.access import find_version
from modelyard.models.example_rows import rows_table
from modelyard.models.loaded import loaded
from modelyard.models.types import ModelVersion
from modelyard.runtime.pool import Reply
from modelyard.runtime.types import Row
from modelyard.scoring.asking import how_to_ask
from modelyard.scoring.columns import choose_columns
from modelyard.scoring.types import Asking, PredictedRow, Predictions


def predict_rows(
    context: Context, project: str, asking: Asking, rows: Sequence[Row]
) -> Predictions:
    """Predict rows with a version that is loaded, unless it is, and stays so for a while.

    Raises:
        ModelyardError: as scoring a dataset of these rows does.
        Unavailable: as many models as may stay loaded are busy.
    """
    version = find_version(context, project, asking.model, asking.version)
    mode, options = how_to_ask(version, asking)
    table = _sent(version, rows)
    with loaded(context, version) as pool:
        began = time.perf_counter()
        reply = pool.predict(table, options)
        took = time.perf_counter() - began
    return Predictions(
        model=version.model,
        version=version.version,
        mode=mode,
        rows=_answers(reply, len(rows)),
        milliseconds=round(took * 1000, 3),
    )


def _sent(version: ModelVersion, rows: Sequence[Row]) -> pa.Table:
    """The rows as a table of the columns that the version takes."""
    if not any(row.root for row in rows):
        raise errors.Invalid("the rows name no column; each needs its values by column name")
    inputs = version.signature.inputs
    try:
        table = rows_table([row.root for row in rows], inputs)
    except ValueError as exc:
        raise errors.Invalid(f"the rows cannot be read: {exc}") from exc
    features = [feature.name for feature in version.core.features]
    chosen = choose_columns(table.schema, inputs, features=features, keep=("none",), dataset="rows")
    return table.select(list(chosen.sent))


def _answers(reply: Reply, count: int) -> tuple[PredictedRow, ...]:
    """An answer a row; those that the model refused are not in its table.

    Raises:
        Failed: the model returned more or fewer rows.
    """
    refused = {reject.row: reject.reason for reject in reply.rejects}
    outputs = json_rows(reply.table) if reply.table is not None else []
    asked = count - len(refused)
    if len(outputs) != asked:
        raise errors.Failed(f"the model returned {len(outputs)} rows for {asked}")
    left = iter(outputs)
    return tuple(
        PredictedRow(problem=refused[at]) if at in refused else PredictedRow(output=next(left))
        for at in range(count)
    )
