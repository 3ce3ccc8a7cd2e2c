"""Answers to queries as the query API writes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelyard import errors
from modelyard.serving.asking import Answered, RowAnswer, Timings

REFUSED = "IGNORED_BY_MODEL"


def result_of(row: RowAnswer, *, as_text: bool) -> dict[str, Any]:
    """What came of one row, as `result` or an item of `results` holds it.

    Args:
        row: the answer.
        as_text: the prediction is a class, which is text whatever its type.
    """
    result: dict[str, Any] = {}
    output = row.output
    if output is not None:
        result = _predicted(output, as_text=as_text)
    if row.ignored or row.problem or output is None:
        result["ignored"] = True
        result["ignoreReason"] = row.ignored or REFUSED
        if row.problem:
            result["ignoreDetail"] = row.problem
    else:
        result["ignored"] = False
    if row.enriched is not None:
        result["postEnrich"] = row.enriched
    return result


def looked_up(row: RowAnswer) -> dict[str, Any]:
    """What a lookup found for one row."""
    found: dict[str, Any] = {"data": row.output or {}}
    if row.ignored or row.problem:
        found |= {"ignored": True, "ignoreReason": row.ignored or REFUSED}
    return found


def rows_of(answered: Answered) -> tuple[RowAnswer, ...]:
    """The answers to rows, in order."""
    return answered.answer.rows if answered.answer else ()


def single(answered: Answered) -> RowAnswer:
    """The answer to a query of one row.

    Raises:
        Invalid: the model refused the row.
    """
    row = rows_of(answered)[0]
    if row.problem and row.output is None:
        raise errors.Invalid(row.problem)
    return row


def around(answered: Answered) -> dict[str, Any]:
    """What every reply holds beside its results."""
    timings = answered.answer.timings if answered.answer else Timings()
    return {
        "timing": {
            "preProcessing": timings.preprocessing,
            "wait": timings.waited,
            "enrich": timings.enrichment,
            "prediction": timings.model,
            "batch": timings.batch,
            "total": round(answered.seconds * 1e6),
        },
        "apiContext": {
            "serviceId": answered.service,
            "endpointId": answered.endpoint,
            "serviceGeneration": answered.generation,
        },
    }


def class_text(label: Any) -> str:
    """A class as text: true and false as JSON writes them."""
    return str(label).lower() if isinstance(label, bool) else str(label)


def _predicted(output: Mapping[str, Any], *, as_text: bool) -> dict[str, Any]:
    if "probas" not in output and "prediction" not in output:
        only = next(iter(output.values())) if len(output) == 1 else dict(output)
        return {"prediction": only}
    result = dict(output)
    percentile = result.pop("proba_percentile", None)
    if percentile is not None:
        result["probaPercentile"] = percentile
    if as_text and result.get("prediction") is not None:
        result["prediction"] = class_text(result["prediction"])
    return result
