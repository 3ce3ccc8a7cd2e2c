"""The audit log of a node: a line for every change, and for every refusal."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelyard.kernel.values import now
from modelyard.serving.durable import locked

FILE = "audit.jsonl"
LARGEST = 100 << 20
KEPT = 20


@dataclass(frozen=True)
class Administrator:
    """Who administers the node: whoever works in its folder, or an admin key that was shown."""

    name: str
    key: str = ""
    address: str = ""
    read_only: bool = False

    @property
    def is_local(self) -> bool:
        """Whether it is somebody with the node's folder in hand."""
        return not self.key


class AuditLog:
    """`logs/audit.jsonl`: whole lines are appended, whichever process writes them."""

    def __init__(self, logs: Path) -> None:
        self.file = logs / FILE
        self._lock = logs / f".{FILE}.lock"

    def note(
        self,
        who: Administrator,
        action: str,
        arguments: Mapping[str, Any],
        *,
        outcome: str = "done",
        detail: str = "",
        seconds: float = 0.0,
    ) -> None:
        """Append a line. `outcome` is `done`, or the code of an error, which `detail` tells."""
        entry = {
            "at": now().isoformat(),
            "who": who.name,
            "key": who.key,
            "address": who.address,
            "action": action,
            "arguments": dict(arguments),
            "outcome": outcome,
            "detail": detail,
            "seconds": round(seconds, 3),
        }
        line = json.dumps(entry, default=str, ensure_ascii=True) + "\n"
        with locked(self._lock, what="the audit log"):
            self._turn_over()
            handle = os.open(self.file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.write(handle, line.encode())
                os.fsync(handle)
            finally:
                os.close(handle)

    def _turn_over(self) -> None:
        """Begin a new file when this one is large; the oldest goes."""
        try:
            if self.file.stat().st_size < LARGEST:
                return
        except FileNotFoundError:
            return
        for number in range(KEPT - 1, 0, -1):
            older = self.file.with_suffix(f".jsonl.{number}")
            if older.exists():
                older.replace(self.file.with_suffix(f".jsonl.{number + 1}"))
        self.file.replace(self.file.with_suffix(".jsonl.1"))
