"""Boosted trees over the codes of rows: fifty of sixteen leaves, learned on one thread.

Chen and Guestrin (2016), XGBoost: a scalable tree boosting system, KDD; here scikit-learn's
histogram-based ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from modelyard.analysis.arrays import Bools, Floats, Ints
from modelyard.analysis.drift.encoding import MISSING, Codes

SHRINKING = 10
"""Rows of the overall mean that are added to each category when categories are put in order."""


@dataclass(frozen=True)
class Trees:
    """What was learned."""

    model: Any
    orders: dict[int, Ints]
    """By categorical column, the place of each code."""

    def probability(self, codes: Codes) -> Floats:
        """Of the target being true, for each row."""
        found: Floats = self.model.predict_proba(self._placed(codes))[:, 1]
        return found

    def value(self, codes: Codes) -> Floats:
        """The expected target of each row."""
        found: Floats = self.model.predict(self._placed(codes))
        return found

    def _placed(self, codes: Codes) -> Codes:
        placed = codes.copy(order="F")
        for at, order in self.orders.items():
            placed[:, at] = order[codes[:, at]]
        return placed


def learned(
    codes: Codes, categorical: Bools, target: Bools | Floats, rng: np.random.Generator
) -> Trees:
    """Learn whether a target is true, or how large it is.

    Categories stand in the order of the target's mean in the rows that are learned from: no split
    of them is better than one along this order (Breiman, Friedman, Olshen and Stone 1984,
    Classification and Regression Trees, theorem 4.5). Means of rare ones are drawn to that of all.

    Args:
        codes: a row each.
        categorical: of each column, whether its codes have no order.
        target: of each row; there are both kinds, if it is true or false.
        rng: source of chance.
    """
    from sklearn.ensemble import (  # noqa: PLC0415  takes seconds to load
        HistGradientBoostingClassifier,
        HistGradientBoostingRegressor,
    )

    truths = target.dtype == np.bool_
    kind = HistGradientBoostingClassifier if truths else HistGradientBoostingRegressor
    model = kind(
        max_iter=50,
        max_leaf_nodes=16,
        min_samples_leaf=min(20, max(5, len(target) // 20)),
        early_stopping=False,
        random_state=int(rng.integers(2**31)),
    )
    orders = {int(at): _order(codes[:, at], target) for at in np.flatnonzero(categorical)}
    found = Trees(model, orders)
    model.fit(found._placed(codes), target)
    return found


def _order(column: Codes, target: Bools | Floats) -> Ints:
    counts = np.bincount(column, minlength=MISSING + 1)
    sums = np.bincount(column, target, MISSING + 1)
    means = (sums + SHRINKING * target.mean()) / (counts + SHRINKING)
    return np.argsort(np.argsort(means, kind="stable"))


@contextmanager
def on_one_thread() -> Iterator[None]:
    """Threads that wait for each other cost more than they save.

    Only libraries that are loaded can be limited, so those that learn are loaded first.
    """
    import sklearn.ensemble  # noqa: F401, PLC0415  as above
    from threadpoolctl import threadpool_limits  # noqa: PLC0415  as above

    with threadpool_limits(1):
        yield
