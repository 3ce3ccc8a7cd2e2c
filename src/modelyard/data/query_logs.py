"""Query logs of API nodes as tables: each answered row with its features and its result.

A line is made flat: features by their names, what enrichments added over those that were sent,
context as `context_<name>`; `prediction`, `proba_<class>` and whatever else the answer holds, over
features of the same name; and what is known of the query, over both. Left out are queries that
were refused or failed, and what shadow generations said.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from modelyard import errors
from modelyard.data.files import open_bytes

ABOUT = {
    "query_time": "time",
    "query_id": "request_id",
    "query_row": "row",
    "query_generation": "generation",
}
"""What is told of a query, by column."""
CONTEXT, PROBABILITY = "context_", "proba_"


class LoggedRow(msgspec.Struct):
    """What is read of a line; the query log of a node writes more."""

    time: str
    request_id: str
    row: int
    generation: str = ""
    status: int = 200
    shadow: bool = False
    features: dict[str, Any] = {}
    enriched: dict[str, Any] = {}
    context: Any = None
    result: Any = None

    @property
    def is_answer(self) -> bool:
        """Whether a caller got a result."""
        return self.status < 300 and not self.shadow and isinstance(self.result, dict)

    def flat(self) -> dict[str, Any]:
        """The row with all that is known of it, by column."""
        about = {name: getattr(self, field) for name, field in ABOUT.items()}
        row = {**about, **self.features, **self.enriched}
        if isinstance(self.context, dict):
            row |= {f"{CONTEXT}{name}": value for name, value in self.context.items()}
        for name, value in self.result.items():
            if name == "probas" and isinstance(value, dict):
                row |= {f"{PROBABILITY}{each}": share for each, share in value.items()}
            else:
                row[name] = value
        return row | about


def answered(file: Path) -> Iterator[dict[str, Any]]:
    """The answered rows of a file; the last line is passed over while it is being written.

    Raises:
        NotFound: there is no such file.
        Invalid: a line is none of a query log; says which.
    """
    decoder = msgspec.json.Decoder(LoggedRow)
    with open_bytes(file) as raw:
        for number, line in enumerate(raw, 1):
            if not line.endswith(b"\n"):
                return
            try:
                row = decoder.decode(line)
            except (msgspec.MsgspecError, ValueError, RecursionError) as exc:
                raise errors.Invalid(
                    f"{file}, line {number:,}: this is no line of a query log ({exc})",
                    file=str(file),
                    line=number,
                ) from exc
            if row.is_answer:
                yield row.flat()


@contextmanager
def flat_rows(file: Path, rows: int | None, scratch: Path) -> Iterator[Path]:
    """Give a file of JSON lines of the answered rows, or of the first of them; it has no name."""
    encoder = msgspec.json.Encoder()
    with tempfile.TemporaryFile(dir=scratch) as copy:
        copy.writelines(encoder.encode(row) + b"\n" for row in islice(answered(file), rows))
        copy.flush()
        yield Path(f"/dev/fd/{copy.fileno()}")
