"""The words between those who ask a service and what answers: questions and answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec
import pyarrow as pa

from modelyard.runtime.types import Mode
from modelyard.serving.packages.types import PackagedEndpoint, PackagedModel

Row = Mapping[str, Any]


class Timings(msgspec.Struct, frozen=True):
    """Where the time of a query went, in microseconds."""

    preprocessing: int = 0
    """Checking rows, and putting answers into words."""
    waited: int = 0
    """Waiting for a free worker."""
    enrichment: int = 0
    model: int = 0
    """The call of a worker, there and back."""
    batch: int = 1
    """Rows of that call, those of other queries among them."""


class RowAnswer(msgspec.Struct, frozen=True):
    """What came of one row: an output, or why there is none."""

    output: dict[str, Any] | None
    """Restructured: `prediction`, and where they are known `probas` (a map from class to
    probability) and `proba_percentile` (1 to 100). Direct, and of a lookup: values by column."""
    ignored: str = ""
    """Why an enrichment left it out: `MISSING_KEY`, `NO_MATCH` or `MULTIPLE_LOOKUP_MATCHES`."""
    problem: str = ""
    """Why the model refused it."""
    enriched: Row | None = None
    """The features with what enrichments added, where the endpoint returns them."""


class Answer(msgspec.Struct, frozen=True):
    """What came of a query: an answer for each row, in order.

    A function's answer is one row whose output is `{"response": what it returned}`; `status` and
    `headers` are what it wants its response to have.
    """

    rows: tuple[RowAnswer, ...]
    timings: Timings = Timings()
    status: int = 200
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PoolStatus:
    """How the workers of an endpoint are; the counts are since it was loaded."""

    workers: int = 0
    """Those that can be asked."""
    busy: int = 0
    waiting: int = 0
    """Queries that wait for a worker."""
    memory: int = 0
    """Bytes that the workers used when it was looked last."""
    restarts: int = 0
    """Workers that died, hung or took too much memory, and were replaced."""
    starting: int = 0
    queued: int = 0
    """Calls of a worker that the waiting queries make: what `queue` limits."""
    calls: int = 0
    """Calls that workers answered; one may answer many queries."""
    refused: int = 0
    """Queries that were refused since too many waited, or for too long."""


class LoadedEndpoint(Protocol):
    """An endpoint of a generation that is ready to answer."""

    @property
    def declared(self) -> PackagedEndpoint:
        """As it is in the package."""
        ...

    async def ask(
        self,
        rows: Sequence[Row],
        *,
        params: Row | None = None,
        output: Mode | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Answer rows, each on its own, whoever else is answered by the same call of a worker.

        Args:
            rows: features, keys or arguments by name; a function takes one row.
            params: of the model's signature.
            output: how predictions come; None: as the endpoint says.
            headers: of the request, for functions that are given them.

        Raises:
            Invalid: a value does not fit; `field` in the context says which, and `row` of which row
                where there are several.
            Unavailable: too many wait already, or it takes too long; the context has `reason`
                (`full`, `late`, `overdue`, `lost`, `down`, `closed`) and `retry_after` (seconds).
            Unsupported: the endpoint does not do that.
            Failed: the model or the function failed.
        """
        ...

    async def ask_table(
        self, table: pa.Table, *, params: Row | None = None, output: Mode | None = None
    ) -> pa.Table:
        """Predict a table by one call, without enrichments.

        Raises:
            Invalid: a column is missing, or a cell does not fit; its row is named.
            Unavailable, Unsupported, Failed: as for `ask`; a row that the model refuses is named.
        """
        ...

    def status(self) -> PoolStatus:
        """How its workers are."""
        ...

    async def close(self) -> None:
        """End its workers."""
        ...


class Question(msgspec.Struct, frozen=True):
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


class Answered(msgspec.Struct, frozen=True):
    """An answer with where it came from; `table` where a table was asked. `seconds` in all.

    `model` is what answered, if a model did: its generation may be gone by the time it is told.
    """

    service: str
    endpoint: str
    generation: str
    model: PackagedModel | None
    answer: Answer | None
    table: pa.Table | None
    seconds: float
