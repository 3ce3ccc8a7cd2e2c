"""Replays for people."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from modelyard.analysis.group_types import named
from modelyard.analysis.moves.types import Flips, MovedSlice, MovedSlices, Shift, TruthSide
from modelyard.cli.numbers import chance, interval, number, number_table
from modelyard.cli.words import words
from modelyard.evaluations.replaying.types import Refusals, Replay, ReplayChart, Replayed

MOST_ROWS = 10
"""Rows of each table that are shown; `--json` has all."""
WAYS = {"flips": "flip", "up": "rise", "down": "fall"}


def replay_card(found: Replay) -> RenderableType:
    """The verdict, then the figures it rests on; `--json` has every detail."""
    style = "green" if found.verdict.outcome == "same" else "yellow"
    parts: list[RenderableType] = [
        Text(f"{found.model} {found.version} against {found.against}", style="bold"),
        Text(found.verdict.headline, style=style),
        *(Padding(Text(each), (0, 0, 0, 2)) for each in found.verdict.details),
        Padding(_facts(found), (0, 0, 0, 2)),
    ]
    for title, shown in (
        ("Versions", [_versions(found.before, found.after)]),
        ("Flips", _flips(found.flips)),
        ("Scores", _shift(found.shift)),
        ("Truth", _truth(found.truth)),
        ("Slices that move most", _slices(found.slices)),
        ("Rows that move most", _movers(found)),
        ("Refused rows", _refusals(found.refusals)),
    ):
        rows = list(shown)
        if rows:
            parts += [Text(title, style="bold"), *(Padding(row, (0, 0, 0, 2)) for row in rows)]
    parts += [Text(each, style="yellow") for each in found.warnings]
    line = f"  modelyard versions activate {found.model} {found.version}"
    return Group(*parts, Text(line, "dim"))


def replay_chart_words(found: ReplayChart) -> RenderableType:
    """What is to be seen on a chart, and how it is written to a file."""
    parts = [Text(found.title, style="bold"), Text(found.description)]
    if found.spec is not None:
        line = f"  modelyard replays export {found.replay} {found.part} {found.part}.svg"
        parts.append(Text(line, "dim"))
    return Group(*parts)


def _facts(found: Replay) -> Table:
    grid = Table.grid(padding=(0, 2))
    for name, text in (
        ("Id", found.id),
        ("Rows", f"{found.rows:,} of {found.dataset}; {found.compared:,} compared"),
        ("Replayed", f"{words(found.created)} by {words(found.created_by)}"),
    ):
        grid.add_row(Text(name, style="dim"), Text(text))
    return grid


def _versions(*sides: Replayed) -> Table:
    table = number_table("Version", "Threshold", "Refused", "Rows/s on this machine")
    for each in sides:
        table.add_row(
            Text(each.version),
            number(each.threshold),
            f"{each.refused:,}",
            f"{each.rows_per_second:,.0f}",
        )
    return table


def _flips(found: Flips | None) -> Iterator[RenderableType]:
    if found is None:
        return
    yield Text(f"{found.flipped:,} of {found.rows:,} rows, a share of {_share(found)}")
    if found.kinds:
        table = number_table("From → to", "Rows")
        for each in found.kinds[:MOST_ROWS]:
            table.add_row(Text(f"{each.before} → {each.after}"), f"{each.rows:,}")
        yield table


def _share(found: Flips) -> str:
    return f"{number(found.share.value)} ({interval(found.share)})"


def _shift(found: Shift) -> Iterator[RenderableType]:
    if found.reason:
        yield Text(found.reason)
        return
    table = number_table(found.score, "Before", "After", "Difference")
    table.add_row("mean", *map(number, (found.mean_before, found.mean_after)), _mean(found))
    if found.quantiles is not None:
        of = found.quantiles
        for row in zip(of.share, of.before, of.after, of.difference, strict=True):
            table.add_row(f"{100 * (row[0] or 0):g} %", *map(number, row[1:]))
    yield table
    yield Text(f"distance of the distributions (KS) {number(found.ks)}")
    if found.beyond is not None:
        share = f"{number(found.beyond.value)} ({interval(found.beyond)})"
        yield Text(f"share of rows that move by more than {number(found.tolerance)}: {share}")


def _mean(found: Shift) -> str:
    return f"{number(found.difference.value)} ({interval(found.difference)})"


def _truth(found: TruthSide | None) -> Iterator[RenderableType]:
    if found is None:
        return
    table = number_table(found.column, "Rows")
    for name, count in (
        ("better", found.better),
        ("worse", found.worse),
        ("neither", found.neither),
    ):
        table.add_row(name, f"{count:,}")
    yield table
    change = f"{number(found.merit_before)} → {number(found.merit_after)}"
    against = "" if found.p is None else f"; p of better against worse {chance(found.p)}"
    yield Text(f"{found.merit} {change} on {found.rows:,} rows{against}")


def _slices(found: MovedSlices) -> Iterator[RenderableType]:
    if found.reason or not found.slices:
        yield Text(found.reason or f"none of {found.looked_at:,} slices stands out")
        return
    table = number_table("Slice", "Rows", "Inside", "Elsewhere", "q")
    for each in found.slices[:MOST_ROWS]:
        table.add_row(*_slice(each))
    yield table


def _slice(each: MovedSlice) -> tuple[Text, ...]:
    cells = (f"{each.rows:,}", number(each.inside), number(each.outside), chance(each.q))
    return (Text(f"{WAYS[each.what]} where {named(each.conditions)}"), *map(Text, cells))


def _movers(found: Replay) -> Iterator[RenderableType]:
    if not found.movers:
        return
    names = list(found.movers[0].values.root)[:4]
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("Row", "Before", "After", *names):
        table.add_column(Text(name))
    for each in found.movers[:MOST_ROWS]:
        before, after = (
            _answer(each.before, each.score_before),
            _answer(each.after, each.score_after),
        )
        values = (each.values.root[name] for name in names)
        cells = (f"{each.row:,}", before, after, *("" if v is None else words(v) for v in values))
        table.add_row(*map(Text, cells))
    yield table


def _answer(label: object, score: float | None) -> str:
    if score is None:
        return str(label)
    return number(score) if isinstance(label, float) else f"{label} ({number(score)})"


def _refusals(found: Refusals) -> Iterator[RenderableType]:
    counts = (
        ("only the one before", found.only_before),
        ("only the other one", found.only_after),
        ("both", found.both),
        ("answered without a value", found.unanswered),
    )
    if not any(count for _, count in counts):
        return
    table = number_table("By", "Rows")
    for name, count in counts:
        if count:
            table.add_row(name, f"{count:,}")
    yield table
    for each in found.examples[:3]:
        yield Text(f"row {each.row:,}, {each.version}: {each.reason}")
