"""How many refusals the audit log takes: somebody who knocks all day does not fill the disk."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import Any

REMEMBERED = 10_000


@dataclass
class _Minute:
    since: float
    kept: int = 0
    left_out: int = 0


class Refusals:
    """The refusals of the last minute, by who and where."""

    def __init__(self) -> None:
        self._minutes: OrderedDict[tuple[str, str], _Minute] = OrderedDict()
        self._lock = Lock()

    def too_many(self, entry: dict[str, Any], most: int) -> bool:
        """Whether to leave this one out, of `most` a minute; the next one kept counts those."""
        who = (entry["actor"], entry["address"])
        at = time.monotonic()
        with self._lock:
            minute = self._minutes.setdefault(who, _Minute(at))
            self._minutes.move_to_end(who)
            while len(self._minutes) > REMEMBERED:
                self._minutes.popitem(last=False)
            if at - minute.since > 60:
                minute.since, minute.kept = at, 0
            if minute.kept >= most:
                minute.left_out += 1
                return True
            minute.kept += 1
            if minute.left_out:
                entry["left_out"] = minute.left_out
                minute.left_out = 0
            return False
