"""Parts of replays as charts, tables and files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from pydantic import JsonValue

from modelyard import errors
from modelyard.analysis.group_types import named
from modelyard.evaluations.charting import parts
from modelyard.evaluations.charting.parts import Part, drawn_of
from modelyard.evaluations.charting.types import Cell
from modelyard.evaluations.replaying.commands import AboutReplayChart, AboutReplayPart, ExportReplay
from modelyard.evaluations.replaying.keeping import read
from modelyard.evaluations.replaying.types import (
    ExportedReplay,
    Replay,
    ReplayChart,
    ReplayPart,
    ReplayTable,
)
from modelyard.kernel.context import Context

R = TypeVar("R")
Shown = tuple[Any, tuple[str, ...], Iterable[tuple[Cell, ...]]]
"""What is drawn; the columns and rows of the table."""
TITLES: dict[ReplayPart, str] = {
    "scores": "Scores of both versions",
    "flips": "Flips",
    "slices": "Slices that move most",
    "movers": "Rows that move most",
}


def chart_of(context: Context, asked: AboutReplayChart[R]) -> ReplayChart:
    """A part as a chart; one that cannot be drawn says why.

    Raises:
        NotFound: there is no such replay.
        Unsupported: the replay has no such part.
    """
    replay = read(context, asked.project, asked.id)
    drawn = drawn_of(_part(replay, asked), TITLES[asked.part], asked.mode)
    return ReplayChart(**dict(drawn), replay=replay.id, part=asked.part, mode=asked.mode)


def table_of(context: Context, asked: AboutReplayPart[R]) -> ReplayTable:
    """The numbers of a part; errors as in `chart_of`."""
    part = _part(read(context, asked.project, asked.id), asked)
    rows = tuple(part.rows)
    return ReplayTable(replay=asked.id, part=asked.part, columns=part.columns, rows=rows)


def export(context: Context, command: ExportReplay) -> ExportedReplay:
    """Write a part in the format that was asked for; errors as in `chart_of` and `write`."""
    form, size = parts.export(
        context,
        command,
        command.mode,
        lambda: chart_of(context, command),
        lambda: table_of(context, command),
    )
    return ExportedReplay(replay=command.id, part=command.part, format=form, size=size)


def _part(replay: Replay, asked: AboutReplayPart[R]) -> Part:
    given, columns, rows = PARTS[asked.part](replay)
    names = (replay.against, replay.version)
    return Part(("moves", asked.part), (given, names), columns, rows)


def _scores(replay: Replay) -> Shown:
    found = replay.shift.histogram
    if found is None:
        raise errors.Unsupported(replay.shift.reason or "no row has a score of both")
    rows = zip(found.low, found.high, found.before, found.after, strict=True)
    return replay.shift, ("low", "high", "before", "after"), rows


def _flips(replay: Replay) -> Shown:
    if replay.flips is None:
        raise errors.Unsupported("numbers are predicted, which do not flip")
    rows = ((each.before, each.after, each.rows) for each in replay.flips.kinds)
    return replay.flips, ("before", "after", "rows"), rows


def _slices(replay: Replay) -> Shown:
    head = ("slice", "what", "rows", "inside", "outside", "low", "high", "p", "q")
    rows = (
        (
            named(each.conditions),
            each.what,
            each.rows,
            each.inside,
            each.outside,
            each.low,
            each.high,
            each.p,
            each.q,
        )
        for each in replay.slices.slices
    )
    return replay.slices, head, rows


def _movers(replay: Replay) -> Shown:
    names = tuple(replay.movers[0].values.root) if replay.movers else ()
    head = ("row", "before", "after", "score_before", "score_after", "distance", "flipped")
    rows = (
        (
            *(getattr(each, name) for name in head),
            *(_cell(each.values.root[name]) for name in names),
        )
        for each in replay.movers
    )
    scores = [
        (each.score_before, each.score_after)
        for each in replay.movers
        if each.score_before is not None
    ]
    return scores, (*head, *names), rows


def _cell(value: JsonValue) -> Cell:
    return json.dumps(value) if isinstance(value, dict | list) else value


PARTS: dict[ReplayPart, Callable[[Replay], Shown]] = {
    "scores": _scores,
    "flips": _flips,
    "slices": _slices,
    "movers": _movers,
}
