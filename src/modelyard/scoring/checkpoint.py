"""What a run keeps on disk until it ends: its lock, and the predictions of finished chunks."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pyarrow as pa

from modelyard import errors
from modelyard.runtime.types import Reject

_LOCK = "lock"
_FACTS = b"modelyard"


@dataclass(frozen=True)
class Scored:
    """What came out of a chunk: predictions of the rows that were not refused, in order.

    `predictions` is None where every row was refused; the rows of `rejects` count from 0 in the
    chunk. `notes` tell how the model's input was made, where that is not plain. `saved` says that
    an earlier attempt kept it already.
    """

    predictions: pa.Table | None
    rejects: tuple[Reject, ...] = ()
    notes: tuple[str, ...] = ()
    saved: bool = False


class RunFolder:
    """The folder of one run. Only the process that holds its lock writes there."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    @contextmanager
    def held(cls, path: Path) -> Iterator[RunFolder]:
        """Hold the folder, made if it is not there, until the block is left.

        Raises:
            Conflict: another process holds it: the same scoring is running.
        """
        with _locked(path):
            yield cls(path)

    def save(self, number: int, scored: Scored) -> str:
        """Keep what came out of a chunk and give back the digest of its file.

        Nothing is synced: a file that a power cut tore no longer has its digest.

        Raises:
            Failed: the file cannot be written.
        """
        content = _encode(scored)
        try:
            self._file(number).write_bytes(content)
        except OSError as exc:
            raise errors.Failed(
                f"finished chunks cannot be kept in {self.path}: {exc.strerror}; "
                "free some space there, then run the scoring again"
            ) from exc
        return hashlib.sha256(content).hexdigest()

    def load(self, number: int, digest: str) -> Scored | None:
        """Read back what came out of a chunk; None where its file is gone or damaged."""
        try:
            content = self._file(number).read_bytes()
        except FileNotFoundError:
            return None
        return _decode(content) if hashlib.sha256(content).hexdigest() == digest else None

    def clear(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.path, ignore_errors=True)

    def _file(self, number: int) -> Path:
        return self.path / f"{number:08}.arrow"


def run_folder(workspace: Path, identity: str) -> Path:
    """Where the folder of the runs of an identity is, while there is one."""
    return workspace / "runs" / identity[:32]


def is_held(path: Path) -> bool:
    """Say whether a living process holds a run's folder."""
    try:
        handle = (path / _LOCK).open("rb")
    except FileNotFoundError:
        return False
    with handle:
        return not _take(handle, fcntl.LOCK_SH)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    patience = time.monotonic() + 0.5  # somebody may be looking whether it is held
    while True:
        path.mkdir(parents=True, exist_ok=True)
        with (path / _LOCK).open("wb") as handle:
            if _take(handle, fcntl.LOCK_EX) and _is_at(handle, path / _LOCK):
                yield
                return
        if time.monotonic() > patience:
            raise errors.Conflict(
                "this scoring is running already in another process; wait for it, or stop it"
            )
        time.sleep(0.02)


def _take(handle: IO[bytes], kind: int) -> bool:
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_at(handle: IO[bytes], path: Path) -> bool:
    """Whether the locked file is still the one at its path: its folder may have been removed."""
    try:
        return os.path.samestat(os.fstat(handle.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _encode(scored: Scored) -> bytes:
    table = pa.table({}) if scored.predictions is None else scored.predictions
    rejects = [[reject.row, reject.reason] for reject in scored.rejects]
    facts = json.dumps({"rejects": rejects, "notes": scored.notes})
    table = table.replace_schema_metadata({_FACTS: facts})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def _decode(content: bytes) -> Scored:
    table = pa.ipc.open_file(pa.py_buffer(content)).read_all()
    facts = json.loads(table.schema.metadata[_FACTS])
    return Scored(
        table.replace_schema_metadata(None) if table.num_columns else None,
        tuple(Reject(row=row, reason=reason) for row, reason in facts["rejects"]),
        tuple(facts["notes"]),
        saved=True,
    )
