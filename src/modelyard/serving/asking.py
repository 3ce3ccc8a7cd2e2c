"""The words between those who ask a service and what answers: questions and answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import pyarrow as pa

from modelyard.runtime.types import Mode
from modelyard.serving.packages.types import PackagedEndpoint

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Timings:
    """Where the time of a query went, in microseconds; `batch`: rows of the call it was part of."""

    preprocessing: int = 0
    waited: int = 0
    enrichment: int = 0
    model: int = 0
    batch: int = 1


@dataclass(frozen=True, slots=True)
class RowAnswer:
    """What came of one row.

    `output` is, restructured, `prediction`, `probas` (a map from class to probability) and
    `proba_percentile` where they are known; direct, columns by name. `ignored` says why the row was
    left out by an enrichment ("NO_MATCH"), `problem` why the model refused it.
    """

    output: dict[str, Any] | None
    ignored: str = ""
    problem: str = ""
    enriched: Row | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a query: an answer for each row, in order.

    A function's answer is one row whose output is `{"response": what it returned}`.
    """

    rows: tuple[RowAnswer, ...]
    timings: Timings = Timings()
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PoolStatus:
    """How the workers of an endpoint are: `memory` in bytes, `restarts` since it was loaded."""

    workers: int = 0
    busy: int = 0
    waiting: int = 0
    memory: int = 0
    restarts: int = 0


class LoadedEndpoint(Protocol):
    """An endpoint of a generation that is ready to answer."""

    declared: PackagedEndpoint

    async def ask(
        self,
        rows: Sequence[Row],
        *,
        params: Row | None = None,
        output: Mode | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Answer rows; a function takes one, its arguments.

        Raises:
            Invalid: a value does not fit; `field` in the context says which.
            Unavailable: too many wait already, or it took too long.
            Failed: the model failed.
        """
        ...

    async def ask_table(
        self, table: pa.Table, *, params: Row | None = None, output: Mode | None = None
    ) -> pa.Table:
        """The same for a table, as columns."""
        ...

    def status(self) -> PoolStatus:
        """How its workers are."""
        ...

    async def close(self) -> None:
        """End its workers."""
        ...


@dataclass(frozen=True, slots=True)
class Question:
    """A query: rows, or a table; and which generation is to answer it."""

    rows: Sequence[Row] = ()
    table: pa.Table | None = None
    contexts: Sequence[Row | None] = ()
    """What the caller says beside each row: it is logged, and nothing else."""
    dispatch_key: str | None = None
    """Queries with the same key are answered by the same generation, as long as shares stay."""
    forced_generation: str | None = None
    params: Row | None = None
    output: Mode | None = None
    headers: Mapping[str, str] | None = None
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer with where it came from; `table` where a table was asked. `seconds` in all."""

    service: str
    endpoint: str
    generation: str
    answer: Answer | None
    table: pa.Table | None
    seconds: float
