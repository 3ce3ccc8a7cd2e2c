"""What an endpoint answers, whatever protocol it was asked by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import pyarrow as pa

from modelyard.runtime.types import Mode
from modelyard.serving.packages.types import PackagedEndpoint
from modelyard.serving.pool import PoolStatus


@dataclass(frozen=True, slots=True)
class RowAnswer:
    """The answer to one row: an output, or why it was ignored, or refused by the model."""

    output: dict[str, Any] | None
    """A prediction that was restructured: `prediction`, `probas` by class, `proba_percentile`. Of
    mode direct, and of a lookup: values by column. Of a function: `response`."""
    ignored: str = ""
    """`MISSING_KEY`, `NO_MATCH` or `MULTIPLE_LOOKUP_MATCHES`; empty: it was not."""
    problem: str = ""
    """Why the model refused it."""
    enriched: Mapping[str, Any] | None = None
    """The features with what enrichments added, where the endpoint returns them."""


@dataclass(frozen=True, slots=True)
class Timings:
    """Where the time went, in microseconds."""

    preprocessing: int = 0
    """Checking rows and putting them into types."""
    waited: int = 0
    """Waiting for a free worker."""
    enrichment: int = 0
    model: int = 0
    """The call of a worker, there and back."""
    batch: int = 0
    """Rows of that call, those of other queries among them."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer per row, in the order of the rows; a function answers with one row."""

    rows: tuple[RowAnswer, ...]
    timings: Timings
    status: int | None = None
    """HTTP status that a function wants its response to have."""
    headers: Mapping[str, str] | None = None
    """HTTP headers that a function adds to its response."""


class LoadedEndpoint(Protocol):
    """An endpoint of a generation, with all that it needs to answer."""

    @property
    def declared(self) -> PackagedEndpoint:
        """As it is in the package."""
        ...

    async def ask(
        self,
        rows: Sequence[Mapping[str, Any]],
        *,
        params: Mapping[str, Any] | None = None,
        output: Mode | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Answer some rows; each on its own, whoever else is answered by the same call.

        Args:
            rows: features, keys or arguments by name; a function takes one row.
            params: of the model's signature, for predictions.
            output: how predictions come; None: as the endpoint says.
            headers: of the request, for functions that are given them.

        Raises:
            Invalid: a row does not fit; its context has `field`, and `row` where there are several.
            Unavailable: too much is asked for, or it takes too long; its context has `reason`
                (`full`, `late`, `overdue`, `lost`, `down`, `closed`) and `retry_after` (seconds).
            Unsupported: the endpoint does not do that.
            Failed: the model or the function failed.
        """
        ...

    async def ask_table(
        self,
        table: pa.Table,
        *,
        params: Mapping[str, Any] | None = None,
        output: Mode | None = None,
    ) -> pa.Table:
        """Predict a table as one call, without enrichments.

        Raises:
            Invalid: a column is missing or does not fit, or a cell; the row is named.
            Unavailable, Unsupported, Failed: as for `ask`.
        """
        ...

    def status(self) -> PoolStatus:
        """How its workers are doing."""
        ...

    async def close(self) -> None:
        """End its workers; queries under way fail with Unavailable."""
        ...
