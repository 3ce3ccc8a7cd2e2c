"""Global drift: how well a classifier tells rows of the two sides apart.

Kim, Ramdas, Singh and Wasserman (2021), Classification accuracy as a proxy for two-sample testing,
Annals of Statistics 49; Lopez-Paz and Oquab (2017), Revisiting classifier two-sample tests, ICLR.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from modelyard.analysis.areas import roc_auc
from modelyard.analysis.arrays import Bools, Floats, Ints, absent, metric
from modelyard.analysis.calibration import surprise
from modelyard.analysis.drift.encoding import MISSING, Codes, Contents, Encoded, encoded
from modelyard.analysis.drift.sides import Rows
from modelyard.analysis.drift.trees import Trees, learned, on_one_thread
from modelyard.analysis.drift.types import DriftSettings, GlobalDrift
from modelyard.analysis.intervals import of_share
from modelyard.analysis.ranking import ranked
from modelyard.analysis.types import Metric

LEAST = 50
"""Rows of a side below which nothing can be learned."""
CAP = 50_000
FOLDS = 5
LEARNED = 15_000
"""Rows of each side that are learned from at most: more make it dearer, and hardly any better."""
TWINS = 4
"""Rows that hold the same, up to which they are judged by the same trees."""
PERMUTED = 12_000
"""Rows with a permuted column that are judged of each fold, all columns together."""


def global_drift(
    reference: Rows,
    current: Rows,
    settings: DriftSettings | None = None,
    *,
    columns: Iterable[str] | None = None,
    cap: int = CAP,
) -> GlobalDrift:
    """Judge rows by trees that learned from others, and count how often that is right.

    Both sides are cut at random to as many rows. The p-value is that of the exact binomial test,
    P(X >= right | judged, 0.5), which takes judgements for independent. Those of cross-validation
    nearly are where rows differ: of pairs of sides alike it called 7 % drift with 100 rows each and
    4 % with 1,000, at the level 0.05 (150 pairs of 12 mixed columns). Where many rows hold the same
    they are not, and it called 13 %; there rows are judged by those of earlier folds alone.

    Args:
        reference: the one side.
        current: the other.
        settings: confidence, level, handling of columns and seed.
        columns: to learn from; none: all.
        cap: rows of each side that are looked at, at most.
    """
    settings = settings or DriftSettings()
    rows = min(reference.count, current.count, cap)
    if rows < LEAST:
        few = "the reference" if reference.count < LEAST else "current"
        found = min(reference.count, current.count)
        return _nothing(settings, f"{few} has {_counted(found)}, and {LEAST} are the least")
    rng = np.random.default_rng(settings.seed)
    taken = (_some(reference.count, rows, rng), _some(current.count, rows, rng))
    both = encoded(reference, current, taken, columns=columns, handling=settings.handling)
    if not both.names:
        reason = "there is no column to learn from"
        return _nothing(settings, reason).model_copy(update={"left_out": both.left_out})
    judged = judge(both, rng)
    at = judged.rows
    accuracy, p_value, auc = told_apart(both.current[at], judged.score, settings.confidence)
    return GlobalDrift(
        accuracy=accuracy,
        p_value=p_value,
        level=settings.level,
        detected=p_value < settings.level,
        auc=auc,
        rows=2 * rows,
        judged=len(at),
        folds=FOLDS,
        columns=both.names,
        left_out=both.left_out,
        importance=_shares(both.names, judged.rises),
        note=_note(both, rows),
    )


def told_apart(truth: Bools, score: Floats, confidence: float) -> tuple[Metric, float, Metric]:
    """Accuracy, the p-value of its being a half at most, and the AUC.

    Args:
        truth: whether each row is of current.
        score: what says so, from 0.5 up.
        confidence: level of the intervals.
    """
    from scipy.special import bdtrc  # noqa: PLC0415  takes long to load

    rows = len(truth)
    right = int(np.count_nonzero((score > 0.5) == truth))
    return (
        metric("accuracy", right / rows, of_share(right / rows, rows, confidence)),
        float(bdtrc(right - 1, rows, 0.5)) if right else 1.0,
        roc_auc(ranked(truth, score), confidence),
    )


@dataclass(frozen=True)
class Judged:
    """What trees say of rows that they did not learn from."""

    rows: Ints
    """Those that are judged."""
    score: Floats
    """Of each of them, the probability of being current's, were both sides as many."""
    rises: Floats
    """Of each column, by how much the log loss rises when it is permuted."""


def judge(both: Encoded, rng: np.random.Generator, learned_of_each: int = LEARNED) -> Judged:
    """Learn trees that tell both sides apart, and let them judge rows that they do not know.

    Each row is judged once, by trees that learned from as many rows of either side; where many hold
    the same, those of the first fold are not. Columns are permuted among rows that are judged
    (Breiman 2001, Random forests, Machine Learning 45).

    Args:
        both: at least `LEAST` rows of each side.
        rng: source of chance.
        learned_of_each: rows of each side that are learned from at most.
    """
    truth = both.current
    dealt = in_turns if _alike(both.codes) else folds
    judged, scores, rises = [], [], []
    with on_one_thread():
        for held, others in dealt(both.contents, truth, rng):
            rows = balanced(truth, others, learned_of_each, rng)
            trees = learned(both.codes[rows], both.categorical, truth[rows], rng)
            judged.append(held)
            scores.append(trees.probability(both.codes[held]))
            some = rng.permutation(held)[: max(PERMUTED // len(both.names), 100)]
            rises.append(_rises(trees, both.codes[some], truth[some], rng))
    return Judged(np.concatenate(judged), np.concatenate(scores), np.mean(rises, axis=0))


def in_turns(
    contents: Contents, current: Bools, rng: np.random.Generator
) -> Iterator[tuple[Ints, Ints]]:
    """Rows that are held out, and those of the folds before; arguments as of `folds`.

    Progressive validation: Blum, Kalai and Langford (1999), Beating the hold-out, COLT. What is
    learned depends on no side of the rows that are judged then or later: where the sides are alike,
    each judgement is right or wrong as a coin falls, whatever those before it were.
    """
    before = np.empty(0, np.int64)
    for held, _ in folds(contents, current, rng):
        if len(np.unique(current[before])) == 2:
            yield held, before
        before = np.concatenate([before, held])


def folds(
    contents: Contents, current: Bools, rng: np.random.Generator
) -> Iterator[tuple[Ints, Ints]]:
    """Rows that are held out, and the others; both sides in about equal shares.

    Rows that hold the same are in one fold, unless there are so many of them that they are learned
    from anyhow: of a row that is on both sides, the twin would otherwise tell the wrong side.

    Args:
        contents: the same for rows that hold the same.
        current: whether each row is of current.
        rng: source of chance.
    """
    _, group, counts = np.unique(contents, return_inverse=True, return_counts=True)
    rare = (counts <= TWINS)[group]
    fold = (rng.permutation(len(counts)) % FOLDS)[group]
    for side in (~current, current):
        alone = side & ~rare
        fold[alone] = rng.permutation(int(np.count_nonzero(alone))) % FOLDS
    for at in range(FOLDS):
        yield np.flatnonzero(fold == at), np.flatnonzero(fold != at)


def _alike(codes: Codes) -> bool:
    """Whether more than half of the rows hold the same as others, to trees."""
    of_codes = np.random.default_rng(0).integers(2**63, size=(codes.shape[1], MISSING + 1))
    told = np.zeros(len(codes), np.int64)
    for column, hashes in zip(codes.T, of_codes, strict=True):  # Zobrist hashing
        told ^= hashes[column]
    return len(np.unique(told)) * 2 < len(codes)


def _mostly_different(both: Encoded) -> bool:
    sides = both.contents[: both.reference], both.contents[both.reference :]
    return all(len(np.unique(side)) * 2 > len(side) for side in sides)


def balanced(truth: Bools, rows: Ints, most: int, rng: np.random.Generator) -> Ints:
    """As many rows of both sides, at most so many of each."""
    sides = [rng.permutation(rows[truth[rows] == side]) for side in (False, True)]
    size = min(most, *map(len, sides))
    return np.concatenate([side[:size] for side in sides])


def _rises(trees: Trees, codes: Codes, truth: Bools, rng: np.random.Generator) -> Floats:
    """By how much the log loss rises when each column is permuted."""
    rows, columns = codes.shape
    rises = np.empty(columns)
    base = _log_losses(trees, codes, truth)
    at_once = max(PERMUTED // rows, 1)
    for start in range(0, columns, at_once):
        some = range(start, min(start + at_once, columns))
        permuted = np.tile(codes, (len(some), 1))
        for place, at in enumerate(some):
            permuted[place * rows : (place + 1) * rows, at] = rng.permutation(codes[:, at])
        found = _log_losses(trees, permuted, np.tile(truth, len(some)))
        rises[some] = found.reshape(len(some), rows).mean(axis=1) - base.mean()
    return rises


def _log_losses(trees: Trees, codes: Codes, truth: Bools) -> Floats:
    likely = trees.probability(codes)
    return surprise(np.where(truth, likely, 1 - likely))


def _shares(names: tuple[str, ...], rises: Floats) -> dict[str, float]:
    """Shares of all rises, the largest first; none if no column helps."""
    parts = np.maximum(rises, 0)
    if not parts.sum():
        return {}
    order = np.argsort(-parts, kind="stable")
    return {names[at]: float(parts[at] / parts.sum()) for at in order}


def _note(both: Encoded, rows: int) -> str | None:
    """What rows that hold the same do to the result."""
    if not _mostly_different(both):
        return None
    sides = both.contents[: both.reference], both.contents[both.reference :]
    twins = int(np.isin(sides[1], sides[0]).sum())
    if not twins:
        return None
    return (
        f"{_counted(twins)} of {rows} of current hold the same as rows of the reference: "
        "no drift can be seen in them"
    )


def _some(count: int, rows: int, rng: np.random.Generator) -> Ints | None:
    if count == rows:
        return None
    return np.sort(rng.choice(count, rows, replace=False))


def _counted(rows: int) -> str:
    return "1 row" if rows == 1 else f"{rows} rows"


def _nothing(settings: DriftSettings, reason: str) -> GlobalDrift:
    return GlobalDrift(
        accuracy=absent("accuracy", reason),
        auc=absent("auc", reason),
        level=settings.level,
        reason=reason,
    )
