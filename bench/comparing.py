"""Two binary models on the same million rows, against a bootstrap loop of scikit-learn metrics.

    python bench/comparing.py [--rows 1000000] [--rounds 3] [--replicates 3]

Prints CPU seconds, as medians of rounds: ours for the differences of all metrics with their tests,
from arrays; the peer's for the same metrics where scikit-learn has them, in a paired bootstrap of
as many replicates as ours has (timed by a few of them, and told for all). Then what one difference
takes: ROC AUC by DeLong here, and by the same loop there. One processor does all of it.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import numpy as np  # noqa: E402  after it is told to use one processor
from sklearn import metrics  # noqa: E402

from modelyard.analysis.arrays import Floats, Ints  # noqa: E402
from modelyard.analysis.intake import binary_rows  # noqa: E402
from modelyard.analysis.paired.binary import (  # noqa: E402
    BinarySide,
    binary_estimate,
    paired_binary,
)
from modelyard.analysis.paired.blocks import RESAMPLES, Blocks  # noqa: E402
from modelyard.analysis.types import BinaryOptions  # noqa: E402

CONFIDENCE = 0.95
Scores = tuple[Floats, Floats]


def made(rows: int) -> tuple[Ints, Scores]:
    """A truth, and two models that see it through noise."""
    rng = np.random.default_rng(1)
    signal = rng.normal(size=rows)
    truth = (signal + rng.normal(size=rows) > 0).astype(np.int64)
    first, second = (
        1 / (1 + np.exp(-signal - size * rng.normal(size=rows))) for size in (1.0, 0.98)
    )
    return truth, (first, second)


def sides(truth: Ints, scores: Scores) -> list[BinarySide]:
    """Both models as ours takes them."""
    drawn, options = Blocks(len(truth)), BinaryOptions(confidence=CONFIDENCE)
    return [BinarySide(binary_rows(truth, score), 0.5, options, drawn) for score in scores]


def ours(truth: Ints, scores: Scores) -> None:
    """All metrics."""
    base, challenger = sides(truth, scores)
    found = paired_binary(base, challenger, CONFIDENCE)
    assert all(each.p is not None for each in found.differences)


def our_area(truth: Ints, scores: Scores) -> None:
    """ROC AUC alone."""
    base, challenger = sides(truth, scores)
    binary_estimate("auc", base, challenger, CONFIDENCE)


def their_areas(truth: Ints, score: Floats) -> list[float]:
    """ROC AUC alone."""
    return [float(metrics.roc_auc_score(truth, score))]


def theirs(truth: Ints, score: Floats) -> list[float]:
    """The metrics that scikit-learn has, of one model."""
    predicted = score >= 0.5
    return [
        *their_areas(truth, score),
        metrics.average_precision_score(truth, score),
        metrics.log_loss(truth, score),
        metrics.brier_score_loss(truth, score),
        metrics.accuracy_score(truth, predicted),
        metrics.precision_score(truth, predicted),
        metrics.recall_score(truth, predicted),
        metrics.f1_score(truth, predicted),
        metrics.matthews_corrcoef(truth, predicted),
    ]


def loop(
    truth: Ints, scores: Scores, replicates: int, told: Callable[[Ints, Floats], list[float]]
) -> None:
    """Draw rows, and tell the metrics of both models on them, again and again."""
    rng = np.random.default_rng(2)
    gaps = []
    for _ in range(replicates):
        some = rng.integers(0, len(truth), len(truth))
        first, second = (np.array(told(truth[some], score[some])) for score in scores)
        gaps.append(second - first)
    np.quantile(gaps, [0.025, 0.975], axis=0)


def seconds(run: Callable[[], None], rounds: int) -> float:
    """Median CPU seconds."""
    taken = []
    for _ in range(rounds):
        start = time.process_time()
        run()
        taken.append(time.process_time() - start)
    return statistics.median(taken)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--replicates", type=int, default=3)
    asked = parser.parse_args()
    truth, scores = made(asked.rows)
    for what, mine, his in (("all metrics", ours, theirs), ("ROC AUC", our_area, their_areas)):
        own = seconds(lambda mine=mine: mine(truth, scores), asked.rounds)
        some = seconds(
            lambda his=his: loop(truth, scores, asked.replicates, his), max(asked.rounds // 3, 1)
        )
        whole = some / asked.replicates * RESAMPLES
        print(
            f"{what}: ours {own:.2f} s, {RESAMPLES} replicates {whole:,.0f} s: {whole / own:,.0f}"
        )


if __name__ == "__main__":
    main()
