"""The classifier that tells two sides apart, against a forest and the bare trees.

    python bench/drift_classifier.py [--rows 50000] [--rounds 3] [--forest]

Prints CPU seconds of each, in turns, as medians, imports excluded, for so many rows in all with 12
mixed columns: ours from an Arrow table to accuracy, p-value, AUC with its interval and importance;
the trees alone, cross-validated by scikit-learn over numbers; and, if asked for, a forest of 100
trees of depth 13, which takes minutes.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections import defaultdict

import numpy as np
import pyarrow as pa
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.model_selection import cross_val_predict
from threadpoolctl import threadpool_limits

from modelyard.analysis.drift.classifier import global_drift
from modelyard.analysis.drift.sides import TableRows


def table(rows: int, seed: int, moved: float) -> pa.Table:
    """Half of the columns normal, one of them moved; others skewed, mostly zero, or words."""
    rng = np.random.default_rng(seed)
    columns = {f"normal {at}": rng.normal(size=rows) for at in range(6)}
    columns["normal 0"] += moved
    columns["skewed"] = rng.gamma(1, 2, rows)
    columns["count"] = rng.poisson(3, rows)
    columns["zeros"] = np.where(rng.random(rows) < 0.8, 0, rng.gamma(2, 2, rows))
    for many in (2, 3, 20):
        words = np.array([f"word {at}" for at in range(many)], object)
        columns[f"of {many}"] = words[rng.integers(0, many, rows)]
    return pa.table(columns)


def numbers(sides: tuple[pa.Table, pa.Table]) -> tuple[np.ndarray, np.ndarray]:
    """All rows as numbers, and whether they are current's."""
    whole = pa.concat_tables(sides)
    columns = [
        np.unique(column.to_numpy(), return_inverse=True)[1]
        if pa.types.is_string(column.type)
        else column.to_numpy()
        for column in whole.columns
    ]
    return np.column_stack(columns), np.arange(whole.num_rows) >= sides[0].num_rows


def main() -> None:
    """Measure in turns."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=50_000, help="of both sides together")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--forest", action="store_true")
    asked = parser.parse_args()
    sides = table(asked.rows // 2, 1, 0.0), table(asked.rows // 2, 2, 0.1)
    features, truth = numbers(sides)
    trees = HistGradientBoostingClassifier(max_iter=50, max_leaf_nodes=16, early_stopping=False)
    forest = RandomForestClassifier(100, max_depth=13)
    ways = {
        "ours": lambda: global_drift(TableRows(sides[0]), TableRows(sides[1])),
        "trees alone": lambda: cross_val_predict(trees, features, truth, method="predict_proba"),
    }
    if asked.forest:
        ways["forest"] = lambda: cross_val_predict(forest, features, truth, method="predict_proba")
    global_drift(*(TableRows(side.slice(0, 100)) for side in sides))
    seconds = defaultdict(list)
    for _ in range(asked.rounds):
        for name, run in ways.items():
            start = time.process_time()
            with threadpool_limits(1):
                run()
            seconds[name].append(time.process_time() - start)
    for name, found in seconds.items():
        print(f"{name:12} {statistics.median(found):6.2f} CPU s")


if __name__ == "__main__":
    main()
