"""What an endpoint asks of whatever runs its model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import msgspec
import pyarrow as pa

from modelyard.runtime.types import PredictOptions
from modelyard.serving.asking import PoolStatus
from modelyard.serving.rows import Cells, Kind


class Refused(NamedTuple):
    """A row that the model refused."""

    reason: str


@dataclass(frozen=True, slots=True)
class Wish:
    """How rows are to be predicted; those of the same wish may share a call."""

    header: bytes
    """The request to a worker, as it travels."""

    @classmethod
    def of(cls, options: PredictOptions) -> Wish:
        """Make one of options."""
        text = options.model_dump_json()
        return cls(b'{"op":"predict","options":' + text.encode() + b"}")


class Predicted(msgspec.Struct, frozen=True):
    """What came of some rows."""

    columns: tuple[str, ...]
    rows: Sequence[tuple[Any, ...] | Refused]
    """For each row the values of the columns, or why there are none."""
    waited: float
    """Seconds until the model was asked."""
    ran: float
    """Seconds that it took."""
    batch: int
    """Rows of the call that they were part of."""


class Runner(Protocol):
    """A model that answers rows; a generation chooses which kind it has."""

    async def predict(self, wish: Wish, kind: Kind, rows: Sequence[Cells]) -> Predicted:
        """Predict rows of the same kind.

        Raises:
            Unavailable: too many wait, or it takes too long.
            Invalid, Failed, Unsupported: the model's own answer, for all of the rows.
        """
        ...

    async def predict_table(self, wish: Wish, table: pa.Table) -> pa.Table:
        """Predict a table, or none of it.

        Raises:
            Invalid: a column is missing or cannot be cast.
            Unavailable, Failed, Unsupported: as above; a row that the model refuses is named.
        """
        ...

    def status(self) -> PoolStatus:
        """How it is doing."""
        ...

    async def close(self) -> None:
        """End it; queries under way fail."""
        ...
