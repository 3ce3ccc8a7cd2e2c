"""How a column of texts moved: their length, their words, and as vectors of an embedding.

A package brings an embedding by an entry point in the group `modelyard.embeddings`: a function that
takes texts and gives a matrix of numbers, a row for each text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

from modelyard.analysis.arrays import Bools, Floats, Ints, metric
from modelyard.analysis.drift.classifier import LEAST, folds, told_apart
from modelyard.analysis.drift.encoding import Contents
from modelyard.analysis.drift.latent import latent_semantics
from modelyard.analysis.drift.measures import ks_distance, ks_p
from modelyard.analysis.drift.performance import difference
from modelyard.analysis.drift.reading import family
from modelyard.analysis.drift.sides import Rows
from modelyard.analysis.drift.types import (
    DriftSettings,
    DriftTestResult,
    EmbeddingDrift,
    TextDrift,
)
from modelyard.analysis.intervals import of_mean
from modelyard.analysis.types import Metric
from modelyard.kernel.plugs import Plugs

Embedding: TypeAlias = Callable[[Sequence[str]], Any]
EMBEDDINGS: Plugs[Embedding] = Plugs("embeddings", "embedding", {"latent": latent_semantics})

CAP = 5_000
HASHES = 2**16
WORD = re.compile(r"\w+")
SHOWN = 20


def text_drift(
    name: str,
    reference: Rows,
    current: Rows,
    settings: DriftSettings | None = None,
    *,
    embedding: str | None = None,
    cap: int = CAP,
) -> TextDrift:
    """Compare texts of both sides.

    Args:
        name: of the column.
        reference: the one side.
        current: the other.
        settings: confidence and seed.
        embedding: name of one of `EMBEDDINGS`; none: texts are not made vectors.
        cap: texts of each side that are looked at, at most.

    Raises:
        Invalid: there is no such embedding.
    """
    settings = settings or DriftSettings()
    embed = EMBEDDINGS.get(embedding) if embedding else None
    for side, told in ((reference, "the reference"), (current, "current")):
        if name not in side.schema.names:
            return TextDrift(name=name, reason=f"{told} does not have it")
        held = family(side.schema.field(name).type)
        if held not in ("words", "nothing"):
            return TextDrift(name=name, reason=f"{told} holds {held}, and not texts")
    rng = np.random.default_rng(settings.seed)
    known = [_places(side, name) for side in (reference, current)]
    rows = min(cap, *map(len, known))
    if rows < LEAST:
        least = min(map(len, known))
        return TextDrift(name=name, reason=f"a side has {least} texts, and {LEAST} are the least")
    old, new = (
        _strings(side, name).take(np.sort(rng.choice(some, rows, replace=False))).to_pylist()
        for side, some in zip((reference, current), known, strict=True)
    )
    texts = [str(text) for text in (*old, *new)]
    truth = np.arange(2 * rows) >= rows
    contents = np.unique(texts, return_inverse=True)[1].astype(np.uint64)
    accuracy, p_value, auc = told_apart(
        truth, _by_words(texts, contents, truth, rng), settings.confidence
    )
    lengths = np.array([len(text) for text in texts], float)
    return TextDrift(
        name=name,
        rows=rows,
        length=_length(lengths[:rows], lengths[rows:]),
        reference_length=float(lengths[:rows].mean()),
        current_length=float(lengths[rows:].mean()),
        **_words(texts[:rows], texts[rows:], settings.confidence, rng),
        accuracy=accuracy,
        p_value=p_value,
        auc=auc,
        embedding=_embedded(embedding, embed, texts, contents, settings, rng)
        if embedding and embed
        else None,
    )


def _strings(side: Rows, name: str) -> Any:
    return side.column(name).cast(pa.string())


def _places(side: Rows, name: str) -> Ints:
    known: Ints = np.flatnonzero(_strings(side, name).is_valid().to_numpy())
    return known


def _length(old: Floats, new: Floats) -> DriftTestResult:
    distance = ks_distance(np.sort(old), np.sort(new))
    return DriftTestResult(
        test="ks", statistic=distance, p_value=ks_p(distance, len(old), len(new))
    )


def _words(
    old: list[str], new: list[str], confidence: float, rng: np.random.Generator
) -> dict[str, Any]:
    """Shares of words that a vocabulary lacks.

    The vocabulary is that of half of the reference's texts. The other half lacks some too, which
    is what current is compared with.
    """
    before, after = ([WORD.findall(text.lower()) for text in side] for side in (old, new))
    half = len(before) // 2
    order = rng.permutation(len(before))
    vocabulary = {word for at in order[:half] for word in before[at]}
    of_reference = _unknown([before[at] for at in order[half:]], vocabulary, confidence)
    of_current = _unknown(after, vocabulary, confidence)
    everything = {word for words in before for word in words}
    counts = Counter(word for words in after for word in set(words) if word not in everything)
    shown = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:SHOWN]
    return {
        "reference_unknown": of_reference,
        "current_unknown": of_current,
        "unknown": difference(of_reference, of_current),
        "new_words": tuple(word for word, _ in shown),
    }


def _unknown(texts: list[list[str]], vocabulary: set[str], confidence: float) -> Metric:
    """Of all words of these texts; the limits know that those of one text go together."""
    counts = np.array([len(words) for words in texts], float)
    if not counts.any():
        return Metric(code="unknownWords", reason="there are no words")
    lacking = np.array([sum(word not in vocabulary for word in words) for words in texts], float)
    some = counts > 0
    value, (low, high, method) = of_mean(lacking[some] / counts[some], counts[some], confidence)
    return metric("unknownWords", value, (max(low, 0.0), min(high, 1.0), method))


def _by_words(
    texts: list[str], contents: Contents, truth: Bools, rng: np.random.Generator
) -> Floats:
    """What hashed words and pairs of words say of each text's side."""
    from sklearn.feature_extraction.text import (  # noqa: PLC0415  takes seconds to load
        HashingVectorizer,
    )

    hashed = HashingVectorizer(
        n_features=HASHES, ngram_range=(1, 2), token_pattern=WORD.pattern, alternate_sign=False
    )
    return _judged(hashed.transform(texts), contents, truth, rng, strength=10.0)


def _judged(
    features: Any, contents: Contents, truth: Bools, rng: np.random.Generator, *, strength: float
) -> Floats:
    """What a logistic regression that learned from others says of each text.

    Where there are more features than texts, its dual problem is a hundred times as cheap.
    """
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415  as above

    score, wide = np.empty(len(truth)), features.shape[1] > len(truth)
    for held, others in folds(contents, truth, rng):
        model = LogisticRegression(
            C=strength,
            solver="liblinear",
            dual=wide,
            class_weight="balanced",
            max_iter=1000,
            random_state=int(rng.integers(2**31)),
        )
        model.fit(features[others], truth[others])
        score[held] = model.predict_proba(features[held])[:, 1]
    return score


def _embedded(
    name: str,
    embed: Embedding,
    texts: list[str],
    contents: Contents,
    settings: DriftSettings,
    rng: np.random.Generator,
) -> EmbeddingDrift:
    """Distances of mean vectors, and a classifier of vectors."""
    try:
        vectors = np.asarray(embed(texts), np.float64)
    except Exception as exc:  # noqa: BLE001  the package's own code runs here
        return EmbeddingDrift(embedding=name, reason=f"it fails: {exc!r}")
    if vectors.ndim != 2 or len(vectors) != len(texts) or not vectors.shape[1]:
        return EmbeddingDrift(
            embedding=name,
            reason=f"it gives numbers of the shape {vectors.shape} for {len(texts)} texts",
        )
    if not np.isfinite(vectors).all():
        return EmbeddingDrift(embedding=name, reason="it gives numbers that are not finite")
    truth = np.arange(len(texts)) * 2 >= len(texts)
    old, new = vectors[~truth].mean(axis=0), vectors[truth].mean(axis=0)
    lengths = float(np.linalg.norm(old) * np.linalg.norm(new))
    scale = vectors.std(axis=0)
    scaled = (vectors - vectors.mean(axis=0)) / np.where(scale > 0, scale, 1)
    score = _judged(scaled, contents, truth, rng, strength=0.1)
    return EmbeddingDrift(
        embedding=name,
        distance=float(np.linalg.norm(old - new)),
        cosine=float(old @ new) / lengths if lengths else None,
        auc=told_apart(truth, score, settings.confidence)[2],
    )
