"""Numbered checks that look at features: leaks, regions, slices. They take a part of the rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from modelyard import errors
from modelyard.analysis.alone import area_alone, r2_alone
from modelyard.analysis.arrays import Floats, Ints
from modelyard.analysis.charts.words import clean, listed, number
from modelyard.analysis.grouping import Grouping, as_numbers, grouped
from modelyard.analysis.losses import expected_surprise
from modelyard.analysis.worst import Search, worst_slices
from modelyard.evaluations.looking.losing import RowLosses, losses_in
from modelyard.evaluations.numbered import NumberedCheck, told
from modelyard.evaluations.scored import Scored, read_scored
from modelyard.evaluations.types import View

MOST_ROWS = 10_000
MOST_COLUMNS = 50
TELLING = 0.98
"""Area under the ROC curve, or R2, from which on a feature alone gives the truth away."""
LEAST_SHARE = 0.05
"""Of the rows that a region has."""
LEAST_ROWS = 50
FEW_VALUES = 20
"""Different predictions up to which a model that has no more is constant anywhere."""
UNSTABLE = 0.3
"""Of the standard deviation of what rows lose, by which a slice loses more than the others."""


@dataclass(frozen=True)
class Part:
    """Some of the rows, with the columns that the model takes."""

    columns: Mapping[str, pa.ChunkedArray]
    groups: Mapping[str, Grouping]
    scored: Scored


def read_part(file: Path, features: Sequence[str], whole: Scored, view: View) -> Part:
    """Read rows at even distances of a file of scored rows, and group them by each feature."""
    every = pq.read_metadata(file).num_rows
    scored = read_scored(file, whole.truth_column, whole.weights_column, view.classes)
    places = np.arange(0, every, max(1, -(-every // MOST_ROWS)))
    table = pq.read_table(file, columns=list(features[:MOST_COLUMNS])).take(pa.array(places))
    columns = {name: table[name] for name in table.column_names if _is_plain(table[name].type)}
    groups = {name: grouped(column) for name, column in columns.items()}
    return Part(columns, groups, scored.part(places))


def of_features(view: View, part: Part, threshold: float | None) -> Iterator[NumberedCheck]:
    """What came of each."""
    if not part.columns:
        for code in ("E201", "E204", "E401"):
            yield told(code, "not_applicable", "no feature can be looked at")
        return
    yield _leak(view, part)
    yield _constant(view, part)
    yield _unstable(view, part, threshold)


def _leak(view: View, part: Part) -> NumberedCheck:
    scores = {name: _alone(view, part, name) for name in part.columns}
    known = {name: score for name, score in scores.items() if score is not None}
    if not known:
        return told("E201", "empty", "too few rows say what a feature alone predicts")
    measure = "R2" if view.prediction_type == "regression" else "area under the ROC curve"
    giving = sorted((-score, name) for name, score in known.items() if score > TELLING)
    if giving:
        names = listed([f"{clean(name)} ({number(-score)})" for score, name in giving[:5]])
        more = f" and {len(giving) - 5} more" if len(giving) > 5 else ""
        return told(
            "E201", "warning", f"the {measure} of one feature alone is: {names}{more}",
            "A feature gives the truth away",
        )  # fmt: skip
    best = max(known, key=lambda name: known[name])
    return told(
        "E201", "ok", f"of all features alone, {clean(best)} predicts the target best: {measure} "
        f"{number(known[best])}",
    )  # fmt: skip


def _alone(view: View, part: Part, name: str) -> float | None:
    truth, codes = part.scored.truth, part.groups[name].codes
    line = as_numbers(part.columns[name])
    values = None if line is None else line[0]
    if view.prediction_type == "regression":
        known = np.isfinite(truth)
        of = None if values is None else values[known]
        return r2_alone(np.asarray(truth[known], float), codes[known], of) if known.any() else None
    known = truth >= 0
    of = None if values is None else values[known]
    areas = [
        area_alone(truth[known] == at, codes[known], of)
        for at in range(1 if len(view.classes) == 2 else 0, min(len(view.classes), FEW_VALUES))
        if known.any()
    ]
    found = [area for area in areas if area is not None]
    return min(found) if found else None


def _constant(view: View, part: Part) -> NumberedCheck:
    predicted = _numbers_predicted(view, part.scored)
    if predicted is None:
        return told("E204", "not_applicable", "labels alone are the same for many rows")
    usable = np.isfinite(predicted) & _has_truth(view, part.scored)
    values, truth = predicted[usable], part.scored.truth[usable]
    if len(values) < LEAST_ROWS:
        return told("E204", "empty", f"there are {len(values)} rows; {LEAST_ROWS} are needed")
    many = len(np.unique(values))
    if many == 1 and len(np.unique(truth)) > 1:
        return told(
            "E204", "error", f"it is {number(float(values[0]))} for every row",
            "The same prediction for all rows",
        )  # fmt: skip
    if many <= FEW_VALUES:
        return told("E204", "not_applicable", f"it predicts {many} different values in all")
    for name, grouping in part.groups.items():
        found = _where_constant(grouping.codes[usable], values, truth, len(grouping.groups))
        if found is not None:
            at, share = found
            return told(
                "E204", "warning",
                f"where {clean(name)} is {clean(grouping.groups[at].label)}, {share:.1%} of the "
                "rows, all predictions are the same and the truth is not",
                "Constant prediction in a region",
            )  # fmt: skip
    return told("E204", "ok", f"predictions vary in all groups of {len(part.groups)} features")


def _where_constant(
    codes: Ints, values: Floats, truth: Ints | Floats, many: int
) -> tuple[int, float] | None:
    """The first group in which values are the same and the truth is not, and its share."""
    counts = np.bincount(codes, minlength=many)
    large = np.flatnonzero(counts >= max(LEAST_ROWS, LEAST_SHARE * len(codes)))
    for at in large.tolist():
        inside = codes == at
        if np.ptp(values[inside]) == 0 and np.ptp(truth[inside]) > 0:
            return at, float(counts[at] / len(codes))
    return None


def _unstable(view: View, part: Part, threshold: float | None) -> NumberedCheck:
    try:
        losses = losses_in(view, part.scored, 0.5 if threshold is None else threshold, None)
    except errors.Unsupported as exc:
        return told("E401", "empty", str(exc))
    values = losses.values
    if losses.code == "logLoss":
        # A row loses the more the less sure the model is; what is beyond that is its fault.
        values = values - _expected(part.scored, losses)
    least = max(LEAST_ROWS, int(LEAST_SHARE * len(values)))
    wanted = Search(least=least, effect=UNSTABLE, confidence=0.99, most=3, pairs=False)
    columns = {name: each.of(losses.used) for name, each in part.groups.items()}
    found = worst_slices(losses.code, values, columns, losses.weights, wanted)
    if found.reason is not None:
        return told("E401", "empty", found.reason)
    if not found.slices:
        return told("E401", "ok", f"none of {found.looked_at} slices is much worse than the others")
    first = [(each.conditions[0], each.rows) for each in found.slices]
    names = [f"{clean(at.column)} {clean(at.group.label)} ({rows:,} rows)" for at, rows in first]
    more = ", more than it expects of itself" if losses.code == "logLoss" else ""
    return told(
        "E401", "warning",
        f"{listed(names)}: what it loses there is {number(found.slices[0].effect)} standard "
        f"deviations above that of the other rows{more}",
        "Unstable slice",
    )  # fmt: skip


def _expected(scored: Scored, losses: RowLosses) -> Floats:
    """What each row that is used loses on average, if its probabilities come true."""
    rows = scored.probabilities
    if rows is None:
        raise AssertionError("log loss takes probabilities")
    return expected_surprise(rows if losses.used is None else rows[losses.used])


def _numbers_predicted(view: View, scored: Scored) -> Floats | None:
    if view.prediction_type == "regression":
        return np.asarray(scored.predicted, float)
    if scored.probabilities is None:
        return None
    return np.asarray(scored.probabilities[:, -1], float)


def _has_truth(view: View, scored: Scored) -> np.ndarray:
    return scored.truth >= 0 if view.classes else np.isfinite(scored.truth)


def _is_plain(kind: pa.DataType) -> bool:
    return not (pa.types.is_nested(kind) or pa.types.is_binary(kind))
