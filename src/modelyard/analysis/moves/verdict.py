"""What the numbers of two answers to the same rows say, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from modelyard.analysis.group_types import named
from modelyard.analysis.moves.types import (
    Flips,
    MovedSlices,
    MoveVerdict,
    Shift,
    TruthSide,
)


@dataclass(frozen=True)
class Figures:
    """What a verdict is read off.

    Args:
        before: what the model is called that answered before.
        after: the other one.
        rows: that were asked.
        refused: that only the one before, or only the other one, refused.
        flips: of classes; none: numbers are predicted.
        shift: of scores.
        slices: those that move most.
        truth: the side of the truth; none: it is not known.
        confidence: of the intervals.
    """

    before: str
    after: str
    rows: int
    refused: tuple[int, int]
    flips: Flips | None
    shift: Shift
    slices: MovedSlices
    truth: TruthSide | None
    confidence: float


def verdict(found: Figures) -> MoveVerdict:
    """A sentence of what changes, then what else there is to say."""
    parts = [*_flips(found), *_shift(found), *_most(found.slices)]
    flipped = found.flips is not None and found.flips.flipped > 0
    moved = flipped or bool(found.shift.distance) or found.refused != (0, 0)
    compared = found.flips.rows if found.flips is not None else found.shift.rows
    if not compared:
        parts = [f"no row was answered by both {found.before} and {found.after}"]
    elif not moved:
        parts = [f"{found.after} answers all {compared:,} rows as {found.before} does"]
    return MoveVerdict(
        outcome="moved" if moved or not compared else "same",
        headline="; ".join(parts),
        details=tuple(_details(found)),
    )


def _flips(found: Figures) -> Iterator[str]:
    if found.flips is None or not found.flips.rows:
        return
    flips, share = found.flips, found.flips.share
    if not flips.flipped or share.value is None:
        yield f"{found.after} decides all {flips.rows:,} rows as {found.before} does"
        return
    shares = [each for each in (share.value, share.low, share.high) if each is not None]
    digits = _digits(shares)
    value, *limits = (f"{each * 100:.{digits}f}" for each in shares)
    level = f"{found.confidence * 100:g} %"
    doubt = f", {level} {limits[0]} to {limits[1]}" if limits else ""
    told = f"{found.after} decides {flips.flipped:,} of {flips.rows:,} rows otherwise"
    yield f"{told} ({value} %{doubt})"


def _shift(found: Figures) -> Iterator[str]:
    shift, value = found.shift, found.shift.difference.value
    if value is None or not shift.distance:
        return
    if shift.difference.low is not None and shift.difference.high is not None:
        beyond_chance = shift.difference.low > 0 or shift.difference.high < 0
        if not beyond_chance:
            yield f"{shift.score} moves by {_size(shift.distance)}, as often up as down"
            return
    way = "up" if value > 0 else "down"
    yield f"{shift.score} moves {way} by {_size(abs(value))} on average"


def _most(slices: MovedSlices) -> Iterator[str]:
    if slices.slices:
        yield f"most where {named(slices.slices[0].conditions)}"


def _details(found: Figures) -> Iterator[str]:
    truth = found.truth
    if truth is not None and truth.better + truth.worse:
        what = ("flip to the right side", "to the wrong one")
        if truth.merit != "accuracy":
            what = ("come nearer to the truth", "go away from it")
        yield (
            f"by {truth.column}, {truth.better:,} rows {what[0]} and {truth.worse:,} {what[1]}"
            f"{_doubt(truth, found.confidence)}"
        )
    for refused, one, other in (
        (found.refused[0], found.before, found.after),
        (found.refused[1], found.after, found.before),
    ):
        if refused:
            rows = "1 row" if refused == 1 else f"{refused:,} rows"
            yield f"{one} refuses {rows} that {other} answers"


def _doubt(truth: TruthSide, confidence: float) -> str:
    if truth.p is None or truth.p <= 1 - confidence:
        return ""
    return ", which may be chance"


def _digits(shares: Sequence[float]) -> int:
    """Of percent: as many as tell different ones apart, from one to six."""
    wanted = len(set(shares))
    apart = (at for at in range(1, 6) if len({f"{each * 100:.{at}f}" for each in shares}) == wanted)
    return next(apart, 6)


def _size(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.2g}"
