"""The file of the rows that the model refused, beside the output."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import pyarrow as pa

from modelyard import errors
from modelyard.runtime.types import Reject


def kept_rejects(workspace: Path, run_id: str) -> Path:
    """Where the refused rows of a run are whose output is no file."""
    return workspace / "rejects" / f"{run_id}.jsonl"


class RejectsFile:
    """Refused rows as JSON lines: row (from 0, in the input), reason, values.

    It appears at `commit`, and only when there are refused rows; an old one is then removed.
    """

    def __init__(self, path: Path, *, token: str) -> None:
        self.path = path
        self.count = 0
        self._partial = path.with_name(f".{path.name}.{token}.partial")
        self._file: IO[str] | None = None

    def write(self, table: pa.Table, first: int, rejects: Sequence[Reject]) -> None:
        """Add the refused rows of a chunk whose first row is at `first` of the input.

        Raises:
            Failed: the file cannot be written.
        """
        if not rejects:
            return
        values = table.take([reject.row for reject in rejects]).to_pylist()
        lines = (
            {
                "row": first + reject.row,
                "reason": reject.reason,
                "values": {name: _json(value) for name, value in row.items()},
            }
            for reject, row in zip(rejects, values, strict=True)
        )
        try:
            if self._file is None:
                self._partial.parent.mkdir(parents=True, exist_ok=True)
                self._file = self._partial.open("w", encoding="utf-8")
            for line in lines:
                self._file.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")
        except OSError as exc:
            raise self._failed(exc) from exc
        self.count += len(rejects)

    def commit(self) -> None:
        """Make the file appear, or remove an old one when no row was refused."""
        try:
            if self._file is None:
                self.path.unlink(missing_ok=True)
                return
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._partial.replace(self.path)
        except OSError as exc:
            raise self._failed(exc) from exc

    def _failed(self, exc: OSError) -> errors.Failed:
        return errors.Failed(f"refused rows cannot be written to {self.path}: {exc.strerror}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            with suppress(OSError):  # what is still unwritten may not fit on a full disk
                self._file.close()
            self._partial.unlink(missing_ok=True)


def _json(value: Any) -> Any:
    """A value that strict JSON can hold: NaN and infinities become their names."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    return value
