"""Endpoints that answer with a row of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import Any

import pyarrow as pa

from modelyard import errors
from modelyard.runtime.types import Mode
from modelyard.serving.asking import Answer, PoolStatus, RowAnswer, Timings
from modelyard.serving.endpoints.enriching import OpenEnrichment
from modelyard.serving.packages.types import LookupEndpoint


class LoadedLookup:
    """A lookup endpoint whose tables are open."""

    def __init__(self, declared: LookupEndpoint, lookups: Sequence[OpenEnrichment]) -> None:
        self.declared = declared
        self._lookups = tuple(lookups)
        self._columns = tuple(
            dict.fromkeys(name for each in lookups for name in each.declared.columns)
        )

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
        answers = await self._answers(rows)
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

    async def _answers(self, rows: Sequence[Mapping[str, Any]]) -> tuple[RowAnswer, ...]:
        full: list[dict[str, Any] | None] = [dict(row) for row in rows]
        reasons = dict[int, str]()
        for lookup in self._lookups:
            ignored = await lookup.add_to(full)
            for place in ignored:
                full[place] = None
            reasons |= ignored
        return tuple(
            RowAnswer(None, ignored=reasons[place])
            if row is None
            else RowAnswer({name: row[name] for name in self._columns})
            for place, row in enumerate(full)
        )
