"""The slices in which answers move more than elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from modelyard.analysis.arrays import Floats
from modelyard.analysis.group_types import WorstSlice
from modelyard.analysis.grouping import Grouping
from modelyard.analysis.moves.types import MovedSlice, MovedSlices
from modelyard.analysis.worst import Search, worst_slices

What = Literal["flips", "up", "down"]


def moved_slices(
    moves: Mapping[What, Floats], columns: Mapping[str, Grouping], search: Search
) -> MovedSlices:
    """Search for slices by each way to move, as `worst_slices` searches for losses.

    Each search is held to its part of the false findings (Bonferroni), so that the level is that
    of all of them together.

    Args:
        moves: of each row: 1 where it flips, how far its score rises, how far it falls.
        columns: groups of these rows by column.
        search: what is looked for.
    """
    rows = len(next(iter(moves.values()), ()))
    part = replace(search, confidence=1 - (1 - search.confidence) / max(len(moves), 1))
    found: list[MovedSlice] = []
    looked_at = 0
    for what, values in moves.items():
        told = worst_slices(what, values, columns, None, part)
        if told.reason is not None:
            return MovedSlices(rows=rows, columns=tuple(columns), reason=told.reason)
        looked_at = told.looked_at
        found += [_moved(what, each) for each in told.slices]
    found.sort(
        key=lambda each: -abs(each.inside - each.outside) / max(each.high - each.low, 1e-300)
    )
    return MovedSlices(
        rows=rows, columns=tuple(columns), looked_at=looked_at, slices=tuple(found[: search.most])
    )


def _moved(what: What, found: WorstSlice) -> MovedSlice:
    sign = -1 if what == "down" else 1
    limits = sorted((sign * found.low, sign * found.high))
    return MovedSlice(
        what=what,
        conditions=found.conditions,
        also=found.also,
        rows=found.rows,
        inside=sign * found.loss,
        outside=sign * found.rest,
        low=limits[0],
        high=limits[1],
        p=found.p,
        q=found.q,
    )
