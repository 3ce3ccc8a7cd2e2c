"""Assertions: whether predictions for the rows of a filter are what they have to be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from modelyard import errors
from modelyard.analysis.arrays import Bools, Floats, Ints
from modelyard.analysis.labels import coded
from modelyard.analysis.types import Metric
from modelyard.data.access import RowFilter, Source, read_filter
from modelyard.evaluations.assertion_types import Assertion, AssertionResult
from modelyard.evaluations.scored import Scored
from modelyard.evaluations.types import View
from modelyard.runtime.types import Label

PASSING = "passingAssertionsRatio"
NO_MATCH = "no row matches its filter"
NO_PREDICTION = "no row that matches its filter has a prediction"


def read_assertions(
    assertions: Sequence[Assertion], view: View, source: Source, *, called: str
) -> tuple[RowFilter, ...]:
    """Check that assertions fit what is predicted and a dataset; gives their filters.

    Raises:
        Invalid: one does not fit, or its filter is none.
    """
    found = []
    for each in assertions:
        try:
            _require_fitting(each, view, called)
            found.append(read_filter(each.where, source.schema, source.name))
        except errors.Invalid as exc:
            raise errors.Invalid(f"assertion {each.name!r}: {exc}", field="assertions") from exc
    return tuple(found)


def _require_fitting(each: Assertion, view: View, called: str) -> None:
    kind, classes = view.prediction_type, view.classes
    if kind == "other":
        raise errors.Invalid("a model of prediction type 'other' may answer anything")
    if each.expect and kind == "regression":
        raise errors.Invalid("a regression predicts numbers; give low or high")
    if not each.expect and kind != "regression":
        named = ", ".join(map(str, classes[:20]))
        raise errors.Invalid(f"the model predicts classes; expect some of: {named}")
    for label in each.expect:
        if coded(pa.array([label]), classes).unknown:
            named = ", ".join(map(repr, classes[:20]))
            raise errors.Invalid(f"{label!r} is no class of {called}; they are: {named}")


@dataclass(frozen=True)
class Answers:
    """What was predicted for each row.

    Args:
        classes: of the model; none: it predicts numbers.
        values: positions among the classes, or numbers.
        known: whether there is a prediction.
    """

    classes: tuple[Label, ...]
    values: Ints | Floats
    known: Bools

    @classmethod
    def of(cls, view: View, scored: Scored, threshold: float | None) -> Answers:
        """The version's predictions; of binary scores those at a threshold."""
        predicted = scored.predicted
        if not view.classes:
            return cls((), predicted, np.isfinite(predicted))
        if threshold is None or scored.probabilities is None:
            return cls(view.classes, predicted, predicted >= 0)
        at = view.classes.index(view.positive)
        score = scored.probabilities[:, at]
        return cls(view.classes, np.where(score >= threshold, at, 1 - at), ~np.isnan(score))

    def fit(self, each: Assertion) -> Bools:
        """Whether each is as an assertion expects it."""
        if self.classes:
            expected = [coded(pa.array([label]), self.classes).codes[0] for label in each.expect]
            return np.isin(self.values, expected)
        low = -np.inf if each.low is None else each.low
        high = np.inf if each.high is None else each.high
        fitting: Bools = (self.values >= low) & (self.values <= high)
        return fitting


def assert_all(
    assertions: Iterable[tuple[Assertion, RowFilter]],
    file: Path,
    names: Mapping[str, str],
    answers: Answers,
) -> Iterator[AssertionResult]:
    """Tell of each assertion whether it holds.

    Args:
        assertions: with their filters.
        file: the scored rows.
        names: what the dataset's columns are called in it.
        answers: what was predicted.
    """
    for each, rows in assertions:
        columns = [names[name] for name in rows.columns]
        parquet = pq.ParquetFile(file)
        batches = (batch.select(columns) for batch in parquet.iter_batches(columns=columns))
        told = each.model_dump()
        try:
            yield AssertionResult(**told, **_result(each, rows.mask(batches), answers))
        except errors.Invalid as exc:
            yield AssertionResult(**told, reason=str(exc))


def passing(results: Sequence[AssertionResult]) -> Metric:
    """The share of those that hold among those that could be computed."""
    known = [each.passed for each in results if each.passed is not None]
    if not known:
        return Metric(code=PASSING, reason="no assertion could be computed")
    return Metric(
        code=PASSING,
        value=sum(known) / len(known),
        reason="a share of assertions, not of rows, has no interval",
    )


def _result(each: Assertion, matching: Bools, answers: Answers) -> dict[str, Any]:
    answered = matching & answers.known
    rows, used = int(np.count_nonzero(matching)), int(np.count_nonzero(answered))
    counted = {"matching": rows, "dropped": rows - used}
    if not used:
        return {**counted, "reason": NO_PREDICTION if rows else NO_MATCH}
    ratio = int(np.count_nonzero(answered & answers.fit(each))) / used
    return {**counted, "valid_ratio": ratio, "passed": ratio >= each.ratio}
