"""The words of moves: flips, shifts of scores, slices that move, the side of the truth."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from modelyard.analysis.group_types import Condition
from modelyard.analysis.types import Gaps, Metric, Table
from modelyard.kernel.values import Value


class Flip(Value):
    """Rows that were answered with one class and are answered with another."""

    before: str
    after: str
    rows: int


class ClassMove(Value):
    """How often a class is answered, and how likely it is said to be."""

    label: str
    share_before: float = Field(description="of the rows that were compared")
    share_after: float
    probability_before: float | None = Field(
        default=None, description="mean; None: no probabilities, or not a class of the model"
    )
    probability_after: float | None = None


class Flips(Value):
    """Rows whose class is another one."""

    rows: int = Field(description="that both answered")
    flipped: int
    share: Metric = Field(description="of the rows, with its interval")
    kinds: tuple[Flip, ...] = Field(description="which classes became which; most rows first")
    kinds_left_out: int = Field(default=0, description="further ones, with fewer rows")
    classes: tuple[ClassMove, ...]


class Quantiles(Table):
    """Quantiles of scores, and of how far the score of a row moved."""

    share: Gaps
    before: Gaps
    after: Gaps
    difference: Gaps


class Histogram(Table):
    """Shares of rows by their score, before and after; values from `low` up to below `high`."""

    low: Gaps
    high: Gaps
    before: Gaps
    after: Gaps


class Shift(Value):
    """How far scores moved: probabilities of classes, or predicted numbers."""

    score: str = Field(description="what the score is, in words")
    rows: int = Field(default=0, description="that both gave a score")
    mean_before: float | None = None
    mean_after: float | None = None
    difference: Metric = Field(description="after less before, mean of the rows with its interval")
    spread: float | None = Field(default=None, description="standard deviation of the difference")
    distance: float | None = Field(
        default=None,
        description="mean of the rows, whatever the direction; of classes half the sum over all "
        "of them",
    )
    tolerance: float | None = Field(default=None, description="how far a score may move")
    beyond: Metric | None = Field(default=None, description="share of rows that moved further")
    ks: float | None = Field(
        default=None, description="largest distance between the distributions, 0 to 1"
    )
    quantiles: Quantiles | None = None
    histogram: Histogram | None = None
    reason: str | None = Field(default=None, description="why there is no shift")


class TruthSide(Value):
    """Whether what moved moved towards the truth."""

    column: str = Field(description="that holds the truth")
    rows: int = Field(description="with a truth that can be compared")
    better: int = Field(description="rows that are right now, or nearer to the truth")
    worse: int = Field(description="rows that were right before, or nearer to the truth")
    neither: int = Field(description="rows that moved, and are as wrong as before")
    share: Metric = Field(description="of better among better and worse, with its interval")
    p: float | None = Field(
        default=None, description="of as uneven a split by chance (exact sign test, two-sided)"
    )
    merit: Literal["accuracy", "mean absolute error"]
    merit_before: float | None
    merit_after: float | None


class MovedSlice(Value):
    """A subgroup in which answers move more than elsewhere."""

    what: Literal["flips", "up", "down"] = Field(
        description="what there is more of: rows that flip, scores that rise, scores that fall"
    )
    conditions: tuple[Condition, ...]
    also: tuple[tuple[Condition, ...], ...] = Field(
        default=(), description="conditions that hold for nearly the same rows"
    )
    rows: int
    inside: float = Field(
        description="share of flips, or how far scores rise on average, or (below zero) fall"
    )
    outside: float = Field(description="the same of all other rows")
    low: float = Field(description="limits of the difference of the two")
    high: float
    p: float = Field(description="of a difference as large by chance in this slice alone")
    q: float = Field(description="the same, corrected for all slices that were looked at")


class MovedSlices(Value):
    """The slices that move most; first where the difference is largest in units of its error."""

    rows: int = Field(default=0, description="that were looked at")
    columns: tuple[str, ...] = Field(default=(), description="whose values make the slices")
    looked_at: int = Field(default=0, description="slices that were compared with the other rows")
    slices: tuple[MovedSlice, ...] = ()
    reason: str | None = Field(default=None, description="why none could be looked at")


class MoveVerdict(Value):
    """What the numbers say, in words."""

    outcome: Literal["same", "moved"] = Field(
        description="'same': no row is answered otherwise, and no score moved"
    )
    headline: str
    details: tuple[str, ...] = ()
