"""What is told of a query once it is over: to the query log and to the metrics."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

import msgspec

from modelyard.serving.types import QueryKind

KeyKind = Literal["none", "service", "admin", "token"]


class CallerInfo(msgspec.Struct, frozen=True):
    """Who asks; `label` names its key, and is never the key itself."""

    kind: KeyKind = "none"
    label: str = ""
    address: str = ""
    trace: str = ""
    """The header `traceparent`: which span of theirs the query belongs to."""


class Rows(Protocol):
    """A table that can be taken apart, as Arrow's are."""

    @property
    def num_rows(self) -> int:
        """How many rows it has."""

    @property
    def num_columns(self) -> int:
        """How many columns it has."""

    def to_pylist(self) -> list[dict[str, Any]]:
        """Give its rows."""


class RowResult(Protocol):
    """What came of one row."""

    @property
    def output(self) -> Mapping[str, Any] | None:
        """The answer; None: there is none."""

    @property
    def ignored(self) -> str:
        """Why it was ignored; empty: it was not."""

    @property
    def problem(self) -> str:
        """Why the model refused it; empty: it did not."""

    @property
    def enriched(self) -> Mapping[str, Any] | None:
        """Its features after enrichment, where there is one."""


class QueryTimings(Protocol):
    """Where the time went, in microseconds."""

    @property
    def preprocessing(self) -> int:
        """Reading and checking the rows."""

    @property
    def waited(self) -> int:
        """Waiting for a worker."""

    @property
    def enrichment(self) -> int:
        """Looking features up."""

    @property
    def model(self) -> int:
        """In the worker."""

    @property
    def batch(self) -> int:
        """Rows, not microseconds: of the call that it was part of."""


class QueryEvent(msgspec.Struct):
    """A query that is over, answered or refused; `answers` has one result per row, or is a table.

    Only of services and endpoints that there are: what is asked of others makes no file or metric.
    """

    service: str
    endpoint: str
    generation: str
    request_id: str
    rows: Sequence[Mapping[str, Any]] | Rows
    answers: Sequence[RowResult] | Rows | None = None
    kind: QueryKind = "prediction"
    caller: CallerInfo = CallerInfo()
    status: int = 200
    problem: str = ""
    """Code of the error that refused it, such as "invalid"; empty: it was answered."""
    reason: str = ""
    """The error in words."""
    at_field: str = ""
    """The field that the reason is about."""
    contexts: Sequence[Any] | None = None
    shadow: bool = False
    timings: QueryTimings | None = None
    params: Mapping[str, Any] | None = None
    """Parameters of the model's signature that came with it."""
    seconds: float = 0.0
    """From its arrival to its answer."""
    time: float = msgspec.field(default_factory=time.time)
    """When it was over, in seconds since 1970."""

    @property
    def row_count(self) -> int:
        """How many rows it asked about."""
        rows = self.rows
        if isinstance(rows, list):  # a look at a type costs less than one at what it can
            return len(rows)
        return len(rows) if isinstance(rows, Sequence) else rows.num_rows
