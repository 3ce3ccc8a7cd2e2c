"""How far each row moved from the answer of one version to that of another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from modelyard.analysis.arrays import Bools, Floats, Ints
from modelyard.analysis.moves.flips import Chances
from modelyard.evaluations.replaying.answers import Answered
from modelyard.runtime.types import Label, PredictionType


@dataclass(frozen=True)
class Scores:
    """The scores of the rows that are compared.

    Args:
        called: what they are, in words.
        before: of the one version.
        after: of the other.
        distance: how far each row moved, whatever the direction.
    """

    called: str
    before: Floats
    after: Floats
    distance: Floats


@dataclass(frozen=True)
class Moves:
    """The rows that both versions answered.

    Args:
        rows: their places among all that were asked.
        labels: the classes of both; empty: numbers are predicted.
        before: positions of the classes that were answered; of numbers all are 0.
        after: the same of the other version.
        scores: probabilities or predicted numbers; or why there are none.
        chances: mean probabilities of the classes.
    """

    rows: Ints
    labels: tuple[Label, ...]
    before: Ints
    after: Ints
    scores: Scores | str
    chances: Chances

    @property
    def flipped(self) -> Bools:
        """Which rows were answered with another class."""
        found: Bools = self.before != self.after
        return found

    @property
    def distance(self) -> Floats:
        """How far each row moved: its score, or by a whole where its class is another one."""
        if isinstance(self.scores, str):
            return self.flipped.astype(np.float64)
        return self.scores.distance

    def answers(self, at: int) -> tuple[Label, Label]:
        """What both versions answered to one of the rows."""
        if self.labels:
            return self.labels[self.before[at]], self.labels[self.after[at]]
        before, after = self.scores_of(at)
        return before or 0.0, after or 0.0

    def scores_of(self, at: int) -> tuple[float | None, float | None]:
        """The scores of one of the rows; None where there are none."""
        if isinstance(self.scores, str):
            return None, None
        return float(self.scores.before[at]), float(self.scores.after[at])


def moves_of(kind: PredictionType, before: Answered, after: Answered) -> Moves:
    """Compare the answers of two versions row by row.

    The score of a number is itself, of two classes the probability of the positive one of the
    version before, of several the probability of the class that was answered. A row's distance is
    the total variation of its probabilities: half the sum of their absolute differences.
    """
    if kind == "regression":
        return _of_numbers(before, after)
    labels = union(before.classes, after.classes)
    codes = (_shared(before, labels), _shared(after, labels))
    there = (codes[0] >= 0) & (codes[1] >= 0)
    if not (before.named and after.named):
        unknown = np.full(len(labels), np.nan)
        scores: Scores | str = "a version gives labels only, and no probabilities"
        chances = Chances(unknown, unknown)
    else:
        positive = str(before.classes[1]) if kind == "binary_classification" else None
        found = _of_probabilities(labels, positive, codes, (before, after))
        there &= np.isfinite(found.distance)
        called = "the answered class" if positive is None else positive
        scores = Scores(
            f"the probability of {called}",
            found.before[there],
            found.after[there],
            found.distance[there],
        )
        chances = Chances(_means(before, labels, there), _means(after, labels, there))
    return Moves(np.flatnonzero(there), labels, codes[0][there], codes[1][there], scores, chances)


def _of_probabilities(
    labels: Sequence[Label],
    positive: str | None,
    codes: tuple[Ints, Ints],
    answered: tuple[Answered, Answered],
) -> Scores:
    """Scores of all rows, one class after another, so that never all of them are in memory."""
    rows = answered[0].rows
    distance, scores = np.zeros(rows), (np.full(rows, np.nan), np.full(rows, np.nan))
    for at, label in enumerate(map(str, labels)):
        each = [side.probabilities(label) for side in answered]
        distance += np.abs(each[1] - each[0]) / 2
        for score, code, probability in zip(scores, codes, each, strict=True):
            wanted = code == at if positive is None else np.full(rows, label == positive)
            score[wanted] = probability[wanted]
    return Scores("", *scores, distance)


def _means(answered: Answered, labels: Sequence[Label], there: Bools) -> Floats:
    """The mean probability of each class; NaN of one that the version does not know."""
    found = np.full(len(labels), np.nan)
    for at, label in enumerate(map(str, labels)):
        if label in answered.named and there.any():
            found[at] = answered.probabilities(label)[there].mean()
    return found


def union(before: Sequence[Label], after: Sequence[Label]) -> tuple[Label, ...]:
    """The classes of both, those of the version before first; written alike they are the same."""
    known: dict[str, Label] = {}
    for label in (*before, *after):
        known.setdefault(str(label), label)
    return tuple(known.values())


def _shared(answered: Answered, labels: Sequence[Label]) -> Ints:
    """The answered classes as positions among those of both versions."""
    places = {str(label): at for at, label in enumerate(labels)}
    lookup = np.array([*(places[str(each)] for each in answered.classes), -1], np.int64)
    found: Ints = lookup[answered.codes()]
    return found


def _of_numbers(before: Answered, after: Answered) -> Moves:
    first, second = before.numbers(), after.numbers()
    there = np.isfinite(first) & np.isfinite(second)
    rows = np.flatnonzero(there)
    nothing = np.zeros(len(rows), np.int64)
    scores = Scores(
        "the predicted value", first[there], second[there], np.abs(second - first)[there]
    )
    return Moves(rows, (), nothing, nothing, scores, Chances(np.empty(0), np.empty(0)))
