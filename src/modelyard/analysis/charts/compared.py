"""What is compared, and what it differs by, as charts are given it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from modelyard.analysis.charts import words
from modelyard.analysis.charts.theme import COMPARED
from modelyard.analysis.charts.types import Content
from modelyard.analysis.names import LOWER_IS_BETTER

Verdict = Literal["better", "worse", "indistinguishable", "unknown"]
MOST_LINES = len(COMPARED)
MOST_CLOUDS = 4
"""Of which points are drawn over each other."""


@dataclass(frozen=True)
class Compared:
    """One of what is compared.

    Args:
        name: what it is called there.
        role: whose colour it has (`theme.COMPARED`).
        dash: the place of its dash among `theme.DASHES`, which starts anew after the last.
        is_champion: whether the others challenge it.
        content: of a screen of it, as JSON has it.
    """

    name: str
    role: str
    dash: int
    is_champion: bool
    content: Content


@dataclass(frozen=True)
class Left:
    """What is compared besides, and not drawn.

    Args:
        without: names of those that have no such screen.
        more: how many have it, and are too many.
    """

    without: Sequence[str] = ()
    more: int = 0

    def told(self) -> str:
        """As the end of a description."""
        names = [words.clean(name) for name in self.without]
        few = f"; there is none of {words.listed(names)}" if 0 < len(names) <= 3 else ""
        if len(names) > 3:
            few = f"; there is none of {len(names)}"
        many = f"; {self.more} more are not drawn: hide others to see them" if self.more else ""
        return few + many


NOTHING_LEFT = Left()


@dataclass(frozen=True)
class Gap:
    """By how much a challenger is better than the champion, below zero: worse.

    Args:
        name: of the metric, or of the group of rows.
        value: by how much.
        low: where the interval of it begins.
        high: where it ends.
        verdict: whether that is more than chance.
        is_share: whether it is a share of the champion's value, not a difference.
    """

    name: str
    value: float | None
    low: float | None
    high: float | None
    verdict: Verdict
    is_share: bool = False

    @classmethod
    def of(
        cls,
        name: str,
        code: str,
        limits: tuple[float | None, float | None, float | None],
        verdict: Verdict,
        *,
        share_of: float | None = None,
    ) -> Gap:
        """Of a difference challenger minus champion, turned round where less is better.

        Args:
            name: what it is called.
            code: of the metric.
            limits: the difference, and where its interval begins and ends.
            verdict: whether it is more than chance.
            share_of: the champion's value, to tell a share of it; none: the difference itself.
        """
        value, low, high = limits
        if code in LOWER_IS_BETTER:
            value, low, high = (None if x is None else -x for x in (value, high, low))
        if share_of:
            by = abs(share_of)
            value, low, high = (None if x is None else x / by for x in (value, low, high))
        return cls(name, value, low, high, verdict, is_share=bool(share_of))


def most_of(screen: str) -> int:
    """How many of a screen are drawn at most."""
    return MOST_CLOUDS if screen == "points" else MOST_LINES
