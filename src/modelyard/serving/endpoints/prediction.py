"""Endpoints that answer with predictions."""

from __future__ import annotations

import asyncio
import json
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from time import perf_counter
from typing import Any

import pyarrow as pa

from modelyard import errors
from modelyard.runtime.types import Mode, OnError, PredictOptions
from modelyard.serving.asking import Answer, PoolStatus, RowAnswer, Timings
from modelyard.serving.endpoints.enriching import OpenEnrichment
from modelyard.serving.packages.types import PackagedModel, PredictionEndpoint
from modelyard.serving.rows import Cells, Kind, RowReader
from modelyard.serving.runners import Predicted, Refused, Runner, Wish

PROBABILITY = "proba_"
MOST_WISHES = 256
"""Ways to be asked that are remembered."""

Shape = Callable[[Sequence[str], Sequence[Any]], dict[str, Any]]


class LoadedPrediction:
    """A prediction endpoint whose model is loaded.

    Args:
        declared: as it is in the package.
        model: what it predicts with.
        reader: of its rows.
        runner: of the model.
        enrichments: that come first.
    """

    def __init__(
        self,
        declared: PredictionEndpoint,
        model: PackagedModel,
        reader: RowReader,
        runner: Runner,
        enrichments: Sequence[OpenEnrichment] = (),
    ) -> None:
        self.declared = declared
        self._model = model
        self._reader = reader
        self._runner = runner
        self._enrichments = tuple(enrichments)
        self._wishes: dict[tuple[Mode, OnError, str], Wish] = {}
        self._percentiles = model.percentiles

    async def ask(
        self,
        rows: Sequence[Mapping[str, Any]],
        *,
        params: Mapping[str, Any] | None = None,
        output: Mode | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """See `modelyard.serving.asking.LoadedEndpoint`."""
        began = perf_counter()
        mode = output or self.declared.output
        wish = self._wish(mode, "skip", params)
        answers = list[RowAnswer | None]([None] * len(rows))
        full = await self._enriched(rows, answers) if self._enrichments else rows
        enriched = perf_counter()
        groups = self._grouped(full, answers)
        read = perf_counter()
        found = await self._predicted(wish, groups)
        predicted = perf_counter()
        shape = self._restructured if mode == "restructured" else _direct
        for (positions, _, _), some in zip(groups, found, strict=True):
            self._fill(answers, positions, some, shape, full)
        waited, ran, batch = _longest(found)
        timings = Timings(
            preprocessing=int(1e6 * (read - enriched + perf_counter() - predicted)),
            waited=int(1e6 * waited),
            enrichment=int(1e6 * (enriched - began)) if self._enrichments else 0,
            model=int(1e6 * ran),
            batch=batch,
        )
        return Answer(tuple(answer for answer in answers if answer is not None), timings)

    async def ask_table(
        self,
        table: pa.Table,
        *,
        params: Mapping[str, Any] | None = None,
        output: Mode | None = None,
    ) -> pa.Table:
        """See `modelyard.serving.asking.LoadedEndpoint`."""
        wish = self._wish(output or self.declared.output, "fail", params)
        return await self._runner.predict_table(wish, table)

    def status(self) -> PoolStatus:
        """How its workers are doing."""
        return self._runner.status()

    async def close(self) -> None:
        """End its workers."""
        await self._runner.close()
        for enrichment in self._enrichments:
            enrichment.close()

    def _wish(self, mode: Mode, on_error: OnError, params: Mapping[str, Any] | None) -> Wish:
        try:
            text = json.dumps(params, sort_keys=True) if params else ""
        except (TypeError, ValueError) as exc:
            raise errors.Invalid(f"the params are no JSON: {exc}", field="params") from exc
        key = (mode, on_error, text)
        wish = self._wishes.get(key)
        if wish is None:
            wish = Wish.of(options_for(self._model, mode, on_error, params))
            if len(self._wishes) < MOST_WISHES:
                self._wishes[key] = wish
        return wish

    async def _enriched(
        self, rows: Sequence[Mapping[str, Any]], answers: list[RowAnswer | None]
    ) -> Sequence[Mapping[str, Any]]:
        """The rows with what tables add; those that are to be ignored are answered."""
        full = [dict(row) for row in rows]
        left: list[dict[str, Any] | None] = list(full)
        for enrichment in self._enrichments:
            for place, reason in (await enrichment.add_to(left)).items():
                shown = full[place] if self.declared.return_enriched else None
                answers[place] = RowAnswer(None, ignored=reason, enriched=shown)
                left[place] = None
        return full

    def _grouped(
        self, rows: Sequence[Mapping[str, Any]], answers: Sequence[RowAnswer | None]
    ) -> list[tuple[list[int], Kind, list[Cells]]]:
        """The rows that are not answered yet, read and by kind."""
        if len(rows) == 1:
            if answers[0] is not None:
                return []
            kind, cells = self._reader.read(rows[0])
            return [([0], kind, [cells])]
        groups: dict[Kind, tuple[list[int], Kind, list[Cells]]] = {}
        for at, row in enumerate(rows):
            if answers[at] is None:
                kind, cells = self._reader.read(row, at)
                positions, _, read = groups.setdefault(kind, ([], kind, []))
                positions.append(at)
                read.append(cells)
        return list(groups.values())

    async def _predicted(
        self, wish: Wish, groups: Sequence[tuple[list[int], Kind, list[Cells]]]
    ) -> Sequence[Predicted]:
        if len(groups) == 1:
            _, kind, rows = groups[0]
            return [await self._runner.predict(wish, kind, rows)]
        asked = [self._runner.predict(wish, kind, rows) for _, kind, rows in groups]
        return await asyncio.gather(*asked)

    def _fill(
        self,
        answers: list[RowAnswer | None],
        positions: Sequence[int],
        predicted: Predicted,
        shape: Shape,
        rows: Sequence[Mapping[str, Any]],
    ) -> None:
        returned = self.declared.return_enriched
        for at, row in zip(positions, predicted.rows, strict=True):
            enriched = rows[at] if returned else None
            if isinstance(row, Refused):
                answers[at] = RowAnswer(None, problem=row.reason, enriched=enriched)
            else:
                answers[at] = RowAnswer(shape(predicted.columns, row), enriched=enriched)

    def _restructured(self, columns: Sequence[str], row: Sequence[Any]) -> dict[str, Any]:
        """The prediction, the probability of each class, and the last one's percentile."""
        output: dict[str, Any] = {"prediction": row[0]}
        if len(columns) > 1:
            cut = len(PROBABILITY)
            output["probas"] = {
                name[cut:]: value for name, value in zip(columns[1:], row[1:], strict=True)
            }
            if self._percentiles is not None and len(row) == 3:
                output["proba_percentile"] = percentile(row[2], self._percentiles)
        return output


def _longest(found: Sequence[Predicted]) -> tuple[float, float, int]:
    """Seconds that rows waited, and that their call took; and rows of the call."""
    if len(found) == 1:
        only = found[0]
        return only.waited, only.ran, only.batch
    return (
        max((each.waited for each in found), default=0.0),
        max((each.ran for each in found), default=0.0),
        max((each.batch for each in found), default=1),
    )


def options_for(
    model: PackagedModel,
    mode: Mode,
    on_error: OnError,
    params: Mapping[str, Any] | None = None,
) -> PredictOptions:
    """How a packaged model is asked.

    Raises:
        Unsupported: its output cannot be restructured.
    """
    if mode == "restructured" and (
        model.prediction_type == "other" or model.interpretation is None
    ):
        raise errors.Unsupported(
            f"the output of {model.model!r} {model.version!r} is not interpreted; "
            "ask for output 'direct'",
            field="output",
        )
    return PredictOptions(
        mode=mode,
        prediction_type=model.prediction_type,
        interpretation=model.interpretation,
        classes=model.classes or None,
        threshold=model.threshold,
        params=dict(params or {}),
        on_error=on_error,
    )


def percentile(probability: float | None, quantiles: Sequence[float]) -> int | None:
    """The percentile, 1 to 100, of a probability among those whose 99 quantiles are known.

    It is the share in percent, rounded up, of probabilities that are not larger; so 1 is up to the
    first quantile, 100 above the last.
    """
    if probability is None or probability != probability:  # noqa: PLR0124  NaN
        return None
    return bisect_left(quantiles, probability) + 1


def _direct(columns: Sequence[str], row: Sequence[Any]) -> dict[str, Any]:
    return dict(zip(columns, row, strict=True))
