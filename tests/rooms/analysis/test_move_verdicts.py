"""What sentences say of rows that move."""

from __future__ import annotations

import numpy as np
import pytest

from modelyard.analysis.moves.flips import Chances, flips
from modelyard.analysis.moves.shift import shift
from modelyard.analysis.moves.types import MovedSlices
from modelyard.analysis.moves.verdict import Figures, verdict


def of(before, after, **other):
    """The verdict on probabilities of the second of two classes, decided at 0.5."""
    before, after = np.array(before, float), np.array(after, float)
    unknown = np.full(2, np.nan)
    codes = [(each >= 0.5).astype(np.int64) for each in (before, after)]
    known = {"before": "v1", "after": "v2", "refused": (0, 0), "slices": MovedSlices()}
    moved = shift(
        "the probability of yes",
        before,
        after,
        distance=np.abs(after - before),
        probabilities=True,
        tolerance=None,
        confidence=0.95,
    )
    flipped = flips(*codes, ("no", "yes"), Chances(unknown, unknown), 0.95)
    known |= {"flips": flipped, "shift": moved, "truth": None, "confidence": 0.95} | other
    return verdict(Figures(rows=len(before), **known))


def test_nothing_that_moves_is_the_same():
    found = of([0.1, 0.9], [0.1, 0.9])
    assert (found.outcome, found.headline) == ("same", "v2 answers all 2 rows as v1 does")


def test_no_row_that_both_answered():
    assert of([], [], refused=(3, 0)).headline == "no row was answered by both v1 and v2"


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (10_000, "v2 decides 412 of 10,000 rows otherwise (4.1 %, 95 % 3.7 to 4.5)"),
        (412, "v2 decides 412 of 412 rows otherwise (100.0 %, 95 % 99.1 to 100.0)"),
        (1_000_000, "v2 decides 412 of 1,000,000 rows otherwise (0.041 %, 95 % 0.037 to 0.045)"),
    ],
)
def test_shares_have_as_many_digits_as_tell_their_limits_apart(rows, said):
    before, after = np.full(rows, 0.2), np.full(rows, 0.2)
    after[:412] = 0.9
    assert of(before, after).headline.split(";")[0] == said


def test_scores_that_go_up_and_down_alike_are_said_to():
    draw = np.random.default_rng(0).normal(0, 0.05, 500)
    told = of(np.full(500, 0.2), 0.2 + draw - draw.mean()).headline
    assert told == (
        "v2 decides all 500 rows as v1 does; the probability of yes moves by "
        f"{np.abs(draw - draw.mean()).mean():.2g}, as often up as down"
    )
