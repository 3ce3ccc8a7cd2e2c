"""Text columns: length, words, a classifier of words, embeddings that packages bring."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score
from sklearn.metrics.pairwise import cosine_similarity

from modelyard import errors
from modelyard.analysis.drift.sides import TableRows
from modelyard.analysis.drift.text import text_drift
from modelyard.analysis.drift.types import DriftSettings

SENTENCE = "the train was late again and cold while we waited for an answer at noon"
WORDS = np.array(SENTENCE.split())
OTHERS = np.array(["refund", "app", "login", "crashed"])


def texts(rows, seed, *, others=0.0, words=8):
    """Sentences of common words, of which some have others besides."""
    rng = np.random.default_rng(seed)
    lengths = rng.poisson(words, rows) + 1
    made = [" ".join(rng.choice(WORDS, length)) for length in lengths]
    return [f"{text} {rng.choice(OTHERS)}" if rng.random() < others else text for text in made]


def side(values):
    return TableRows(pa.table({"text": pa.array(values, pa.string())}))


@pytest.fixture(scope="module")
def moved():
    return text_drift("text", side(texts(300, 1)), side(texts(400, 2, others=0.5)))


def test_new_words_are_found_and_counted(moved):
    assert set(moved.new_words) == set(OTHERS)
    assert moved.rows == 300
    assert moved.reference_unknown.value == 0
    sample = texts(4000, 3, others=0.5)
    share = np.mean([text.split()[-1] in OTHERS for text in sample])
    truth = share / np.mean([len(text.split()) for text in sample])
    assert moved.current_unknown.low < truth < moved.current_unknown.high
    assert moved.unknown.low > 0
    assert moved.unknown.value == pytest.approx(moved.current_unknown.value)


def test_a_classifier_tells_texts_apart_by_their_words(moved):
    # Half of the texts give themselves away.
    assert moved.auc.value == pytest.approx(0.75, abs=0.06)
    assert moved.auc.low < moved.auc.value < moved.auc.high
    assert moved.p_value < 1e-6
    assert 0.6 < moved.accuracy.value < 0.8


def test_lengths_have_the_test_of_kolmogorov_and_smirnov():
    old, new = texts(200, 1), texts(200, 2, words=12)
    found = text_drift("text", side(old), side(new))
    lengths = [[len(text) for text in some] for some in (old, new)]
    oracle = stats.ks_2samp(*lengths, method="asymp")
    assert found.length.statistic == pytest.approx(oracle.statistic)
    assert found.length.p_value == pytest.approx(oracle.pvalue, rel=0.2)
    assert found.reference_length == pytest.approx(np.mean(lengths[0]))
    assert found.current_length == pytest.approx(np.mean(lengths[1]))


def test_texts_that_do_not_move_and_the_same_texts_raise_no_alarm():
    old, new = side(texts(300, 1)), side(texts(300, 2))
    still = text_drift("text", old, new)
    assert still.p_value > 0.01
    assert still.auc.low < 0.5 < still.auc.high
    assert still.unknown.low <= 0 <= still.unknown.high
    assert still.new_words == ()
    same = text_drift("text", old, old)
    assert same.accuracy.value == 0.5
    assert same.length.statistic == 0
    assert text_drift("text", old, new, cap=100).rows == 100
    assert text_drift("text", old, new) == still


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (["a b"], ["a b"] * 60, "a side has 1 texts, and 50 are the least"),
        ([None] * 60, ["a b"] * 60, "a side has 0 texts, and 50 are the least"),
        ([], [], "a side has 0 texts, and 50 are the least"),
    ],
)
def test_few_texts_give_a_reason(old, new, reason):
    assert text_drift("text", side(old), side(new)).reason == reason


def test_columns_that_are_no_texts_give_a_reason():
    numbers = TableRows(pa.table({"text": [1.0] * 60}))
    assert text_drift("text", side(["a"] * 60), numbers).reason == (
        "current holds numbers, and not texts"
    )
    assert text_drift("other", numbers, numbers).reason == "the reference does not have it"
    nothing = TableRows(pa.table({"text": pa.nulls(60)}))
    assert text_drift("text", nothing, nothing).reason.startswith("a side has 0 texts")


def test_texts_without_words_and_encoded_ones_give_what_can_be_said():
    marks = side(["!?"] * 60)
    found = text_drift("text", marks, marks)
    assert found.current_unknown.reason == "there are no words"
    assert found.unknown.value is None
    assert found.accuracy.value == pytest.approx(0.5, abs=0.1)
    column = pa.array(texts(120, 1)).dictionary_encode()
    encoded = TableRows(pa.table({"text": column}))
    assert text_drift("text", encoded, encoded).reference_length > 0


@pytest.fixture
def package(tmp_path, monkeypatch):
    """An installed package that brings embeddings."""
    (tmp_path / "vectors_of_texts.py").write_text(
        "import numpy as np\n"
        "def letters(texts):\n"
        "    return [[text.count('e'), text.count('a'), len(text)] for text in texts]\n"
        "def broken(texts):\n"
        "    raise RuntimeError('no model is there')\n"
        "def flat(texts):\n"
        "    return [1.0] * len(texts)\n"
        "def endless(texts):\n"
        "    return np.full((len(texts), 2), np.inf)\n"
        "def nothing(texts):\n"
        "    return np.zeros((len(texts), 2))\n"
    )
    facts = tmp_path / "vectors_of_texts-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: vectors-of-texts\nVersion: 1.0\n")
    names = ("letters", "broken", "flat", "endless", "nothing")
    points = "\n".join(f"{name} = vectors_of_texts:{name}" for name in names)
    (facts / "entry_points.txt").write_text(f"[modelyard.embeddings]\n{points}\n")
    monkeypatch.syspath_prepend(str(tmp_path))


@pytest.mark.usefixtures("package")
def test_an_embedding_tells_how_far_mean_vectors_are_apart():
    old, new = texts(200, 1), texts(200, 2, words=12)
    found = text_drift("text", side(old), side(new), embedding="letters").embedding
    vectors = [
        np.array([[text.count("e"), text.count("a"), len(text)] for text in some])
        for some in (old, new)
    ]
    means = [some.mean(axis=0) for some in vectors]
    assert found.distance == pytest.approx(np.linalg.norm(means[1] - means[0]))
    assert found.cosine == pytest.approx(cosine_similarity(means[:1], means[1:])[0, 0])
    best = roc_auc_score([0] * 200 + [1] * 200, np.concatenate(vectors)[:, 2])
    assert found.auc.value == pytest.approx(best, abs=0.06)


def test_the_embedding_that_is_built_in_puts_texts_together_that_share_words():
    old, new = ["a late train"] * 60 + ["a full train"] * 60, ["a lost parcel"] * 120
    same = text_drift("text", side(old), side(old), embedding="latent").embedding
    moved = text_drift("text", side(old), side(new), embedding="latent").embedding
    assert same.distance == pytest.approx(0)
    assert same.cosine == pytest.approx(1)
    assert moved.auc.value == pytest.approx(1)
    assert moved.cosine == pytest.approx(0, abs=1e-6)
    for odd in (["word"] * 60, ["!"] * 60):
        found = text_drift("text", side(odd), side(odd), embedding="latent").embedding
        assert found.reason is not None or found.distance == pytest.approx(0)


@pytest.mark.usefixtures("package")
def test_embeddings_that_fail_or_give_no_vectors_have_a_reason():
    some = side(texts(60, 1))

    def told(name):
        return text_drift("text", some, some, embedding=name).embedding

    assert told("broken").reason == "it fails: RuntimeError('no model is there')"
    assert told("flat").reason == "it gives numbers of the shape (120,) for 120 texts"
    assert told("endless").reason == "it gives numbers that are not finite"
    assert (told("nothing").cosine, told("nothing").distance) == (None, 0)
    with pytest.raises(errors.Invalid, match="no embedding 'other'"):
        text_drift("text", some, some, DriftSettings(), embedding="other")
