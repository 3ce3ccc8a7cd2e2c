"""Profiles of references, kept among the files of their evaluations: windows compare with them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TypeVar

from pydantic import TypeAdapter

from modelyard import errors
from modelyard.analysis.drift.columns import profiles_of
from modelyard.analysis.drift.predictions import Predictions, profile_of_predictions
from modelyard.analysis.drift.profile_types import ColumnProfile, PredictionProfile
from modelyard.analysis.drift.sides import Rows
from modelyard.analysis.drift.types import DriftSettings
from modelyard.evaluations.drifting.planning import Answering, Evaluated
from modelyard.evaluations.drifting.sides import OpenSide
from modelyard.evaluations.keeping import add_file, kept_file
from modelyard.evaluations.kept_rows import digest_of_part
from modelyard.kernel.context import Context

T = TypeVar("T")
LEAST_ROWS = 2000
"""Rows below which a profile is no smaller, and its cells are wide."""
FORM = 1
"""Raised when profiles are made otherwise, so that those of before are made anew."""
COLUMNS: TypeAdapter[dict[str, ColumnProfile]] = TypeAdapter(dict[str, ColumnProfile])
PREDICTIONS = TypeAdapter(PredictionProfile)


def keeper_of(side: OpenSide) -> Evaluated | None:
    """The evaluation that keeps profiles of a side; none: its rows are few, or are not kept."""
    named = side.named
    if not isinstance(named, Evaluated) or named.file is not None:
        return None
    return named if side.rows.count >= LEAST_ROWS else None


def of_columns(
    context: Context,
    keeper: Evaluated,
    rows: Rows,
    names: Sequence[str],
    settings: DriftSettings,
) -> dict[str, ColumnProfile]:
    """The profiles of those of the columns that a reference has.

    Args:
        context: the workspace.
        keeper: the evaluation.
        rows: of it.
        names: of columns.
        settings: for how columns are looked at.
    """
    there = [name for name in names if name in rows.schema.names]
    handling = {name: settings.handling[name] for name in there if name in settings.handling}

    def made() -> dict[str, ColumnProfile]:
        return profiles_of(rows, settings, columns=there) if there else {}

    return _kept(context, keeper, "columns", [there, handling], COLUMNS, made)


def of_predictions(
    context: Context,
    keeper: Evaluated,
    answering: Answering,
    predicted: Callable[[], Predictions],
) -> PredictionProfile:
    """The profile of a reference's predictions.

    Args:
        context: the workspace.
        keeper: the evaluation.
        answering: how they are looked at.
        predicted: reads them.
    """
    view = answering.view
    facts = [list(map(str, view.classes)), str(view.positive), answering.threshold.value]

    def made() -> PredictionProfile:
        return profile_of_predictions(predicted())

    return _kept(context, keeper, "predictions", facts, PREDICTIONS, made)


def _kept(
    context: Context,
    keeper: Evaluated,
    what: str,
    facts: Sequence[object],
    kind: TypeAdapter[T],
    made: Callable[[], T],
) -> T:
    """What was kept of the same rows, looked at in the same way; else make it, and keep it."""
    evaluation, part = keeper.evaluation, keeper.part
    told = json.dumps([FORM, digest_of_part(evaluation, part), *facts])
    of = hashlib.sha256(told.encode()).hexdigest()
    name = f"profile-{part}-{what}.json.gz"
    kept = kept_file(context, evaluation, name)
    if kept is not None and kept["of"] == of:
        return kind.validate_python(kept["profile"])
    profile = made()
    content = {"of": of, "profile": kind.dump_python(profile, mode="json")}
    with suppress(errors.NotFound):  # the evaluation is being deleted: the profile serves once
        add_file(context, evaluation, name, content)
    return profile
