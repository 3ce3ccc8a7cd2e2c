"""Where a probability lies among those of a version's reference evaluation."""

from __future__ import annotations

import numpy as np

from modelyard.evaluations.access import own_of_version
from modelyard.evaluations.kept_rows import open_kept
from modelyard.kernel.context import Context
from modelyard.models.types import ModelVersion

SHARES = np.arange(1, 100) / 100


def percentiles_of(context: Context, version: ModelVersion) -> tuple[float, ...] | None:
    """The 0.01 to 0.99 quantiles of the second class's probability; linear between rows.

    They are those of the rows of the version's reference evaluation. None: there is no such
    evaluation, it kept no rows, or they have no such probabilities.
    """
    if version.prediction_type != "binary_classification":
        return None
    with context.read() as db:
        reference = own_of_version(db, version)
    if reference is None or reference.sample is None:
        return None
    with open_kept(context, reference, "all") as kept:
        if len(kept.probabilities) != 2:
            return None
        second = kept.probabilities[1]
        values = kept.read([second])[second].to_numpy(zero_copy_only=False).astype(float)
    values = values[np.isfinite(values)]
    return tuple(np.quantile(values, SHARES).tolist()) if values.size else None
