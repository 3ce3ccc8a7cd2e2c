"""The rows of an evaluation that its version is asked about again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from modelyard import errors
from modelyard.analysis.arrays import Ints
from modelyard.analysis.intake import Kept
from modelyard.evaluations.binary import look
from modelyard.evaluations.multiclass import look_at_classes
from modelyard.evaluations.regression import look_at_errors
from modelyard.evaluations.sample import Sample
from modelyard.evaluations.scored import PREDICTION, Scored
from modelyard.evaluations.types import View
from modelyard.models.types import ModelVersion
from modelyard.runtime.types import PredictionType
from modelyard.scoring.columns import RENAMED, choose_columns

LEAST = 10
"""Rows below which nothing is told."""
USED: dict[PredictionType, Callable[[View, Scored], Kept]] = {
    "binary_classification": lambda view, scored: look(view, scored).rows.kept,
    "multiclass": lambda view, scored: look_at_classes(view, scored).kept,
    "regression": lambda view, scored: look_at_errors(view, scored).kept,
}


@dataclass(frozen=True)
class Subject:
    """Rows of an evaluation.

    Args:
        table: what the version takes of them, by the dataset's names.
        rows: their positions among the rows of the evaluation.
        scored: what is known of them.
    """

    table: pa.Table
    rows: Ints
    scored: Scored


def draw(sample: Sample, version: ModelVersion, *, rows: int, seed: int) -> Subject:
    """Draw some of the rows that the metrics of an evaluation are of.

    Raises:
        Invalid: there are too few of them.
    """
    evaluation, scored = sample.evaluation, sample.scored()
    mask = USED[evaluation.prediction_type](evaluation, scored).mask
    used = np.arange(len(scored.truth)) if mask is None else np.flatnonzero(mask)
    if len(used) < LEAST:
        raise errors.Invalid(
            f"{len(used)} rows of the evaluation {evaluation.id} have truth, prediction and "
            f"weight; this takes {LEAST}"
        )
    if len(used) > rows:
        random = np.random.default_rng((seed, int.from_bytes(b"explained")))
        used = np.sort(random.choice(used, rows, replace=False))
    names = sent(sample, version)
    table = sample.parquet.read(columns=list(names.values())).select(list(names.values()))
    return Subject(
        table=table.rename_columns(list(names)).take(pa.array(used)),
        rows=used,
        scored=scored.part(used),
    )


def sent(sample: Sample, version: ModelVersion) -> dict[str, str]:
    """The columns that the version takes, with what they are called in the sample.

    Columns whose names predictions took are found again by what the version calls its inputs.

    Raises:
        Invalid: there is no column that the version needs.
    """
    schema = sample.parquet.schema_arrow
    at = schema.names.index(PREDICTION)
    own, added = schema.names[:at], set(schema.names[at:])
    inputs = version.signature.inputs
    features = [feature.name for feature in version.core.features]
    tensors = [tensor.name for tensor in inputs.tensors if tensor.name]
    given = {name: name for name in own}
    for name in {*(column.name for column in inputs.columns), *features, *tensors} & added:
        called = name
        while f"{RENAMED}{called}" in own:
            called = f"{RENAMED}{called}"
        if called != name:
            given[called] = name
    chosen = choose_columns(
        pa.schema([schema.field(name).with_name(given[name]) for name in own]),
        inputs,
        features=features,
        keep=("none",),
        dataset=f"the sample of evaluation {sample.evaluation.id}",
    )
    back = {name: called for called, name in given.items()}
    return {name: back[name] for name in chosen.sent}
