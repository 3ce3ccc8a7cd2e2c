"""An embedding that needs no other package: texts as vectors of the words that go together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

DIMENSIONS = 50


def latent_semantics(texts: Sequence[str]) -> Any:
    """Latent semantic analysis (Deerwester et al., 1990), fitted to these very texts.

    Weights of words (TF-IDF) are reduced by a truncated singular value decomposition. It knows no
    language: texts are alike that share words, or words that stand beside the same.

    Args:
        texts: of both sides.

    Returns:
        A row for each text and at most `DIMENSIONS` columns, which are the weights themselves where
        there are so few words; no columns where there are none.
    """
    from sklearn.decomposition import TruncatedSVD  # noqa: PLC0415  takes seconds to load
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415  as above

    try:
        weights = TfidfVectorizer(sublinear_tf=True).fit_transform(texts)
    except ValueError:  # there is not one word
        return np.empty((len(texts), 0))
    if weights.shape[1] <= DIMENSIONS:
        return weights.toarray()
    reduced = TruncatedSVD(min(DIMENSIONS, len(texts)), random_state=0)
    return reduced.fit_transform(weights)
