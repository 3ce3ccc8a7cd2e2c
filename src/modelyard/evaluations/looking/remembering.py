"""How far groups were found to be apart: remembered by this process, since rows never change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from threading import Lock

from sqlalchemy import Engine

from modelyard.governance.policies.evidence import Evaluated, Gap

MOST = 10_000
"""Gaps that are remembered; of more the oldest go."""
Place = tuple[str, str, str, datetime]
"""An evaluation: its database, project and id, and when it was made, since ids come again."""
Question = tuple[str, str | None, str | None]
"""A column, the group that others are compared with, and the class that is the outcome."""


class _Gaps:
    def __init__(self) -> None:
        self._lock = Lock()
        self._found: dict[Place, dict[Question, Gap]] = {}
        self._count = 0

    def put(self, place: Place, gap: Gap) -> None:
        with self._lock:
            there = self._found.setdefault(place, {})
            self._count += _question(gap) not in there
            there[_question(gap)] = gap
            while self._count > MOST:
                self._count -= len(self._found.pop(next(iter(self._found))))

    def of(self, place: Place) -> dict[Question, Gap]:
        with self._lock:
            return dict(self._found.get(place, {}))


_GAPS = _Gaps()


def remember(engine: Engine, project: str, evaluation: Evaluated, gap: Gap) -> None:
    """Keep what was found."""
    _GAPS.put(_place(engine, project, evaluation), gap)


def remembered(engine: Engine, project: str, evaluations: Iterable[Evaluated]) -> Iterator[Gap]:
    """What was found of some evaluations."""
    for each in evaluations:
        yield from _GAPS.of(_place(engine, project, each)).values()


def is_known(engine: Engine, project: str, evaluation: Evaluated, asked: Question) -> bool:
    """Whether it was found out, or is known to be unknowable."""
    return asked in _GAPS.of(_place(engine, project, evaluation))


def _place(engine: Engine, project: str, evaluation: Evaluated) -> Place:
    return str(engine.url), project, evaluation.id, evaluation.created


def _question(gap: Gap) -> Question:
    return gap.by, gap.reference, gap.outcome
