"""Endpoints that answer with a row of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import Any

import pyarrow as pa

from modelyard import errors
from modelyard.runtime.types import Mode
from modelyard.serving.asking import Answer, PoolStatus, RowAnswer, Timings
from modelyard.serving.endpoints.enriching import Ignored, OpenEnrichment
from modelyard.serving.packages.types import LookupEndpoint


class LoadedLookup:
    """A lookup endpoint whose tables are open."""

    def __init__(self, declared: LookupEndpoint, lookups: Sequence[OpenEnrichment]) -> None:
        self.declared = declared
        self._lookups = tuple(lookups)

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
        several = len(rows) > 1
        answers = tuple(self._found(row, at if several else None) for at, row in enumerate(rows))
        return Answer(answers, Timings(enrichment=round(1e6 * (perf_counter() - began))))

    async def ask_table(
        self,
        table: pa.Table,
        *,
        params: Mapping[str, Any] | None = None,
        output: Mode | None = None,
    ) -> pa.Table:
        """Refuse: a lookup predicts nothing."""
        raise errors.Unsupported(f"endpoint {self.declared.name!r} looks rows up; ask it by rows")

    def status(self) -> PoolStatus:
        """It has no workers."""
        return PoolStatus()

    async def close(self) -> None:
        """Let go of the tables."""
        for lookup in self._lookups:
            lookup.close()

    def _found(self, row: Mapping[str, Any], at: int | None) -> RowAnswer:
        output: dict[str, Any] = {}
        for lookup in self._lookups:
            try:
                output.update(lookup.features({**row, **output}, at))
            except Ignored as ignored:
                return RowAnswer(None, ignored=ignored.reason)
        return RowAnswer(output)
