"""Sentences of comparisons say no more than their numbers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from modelyard.analysis.names import LOWER_IS_BETTER
from modelyard.analysis.paired.estimates import judged, verdict_of
from modelyard.analysis.paired.types import Decisions, MetricDifference, Paired
from modelyard.evaluations.comparing.telling import challenged, overall, short

CODES = ("auc", "f1", "recall", "logLoss", "rmse", "mrocAUC")
NAMES = {"m:v1": "v1", "m:v2": "v2", "m:v3": "v3"}


@st.composite
def differences(draw, code):
    if draw(st.booleans()) and draw(st.booleans()):
        return MetricDifference(code=code, reason="there are no rows")
    value = draw(st.floats(-1, 1, allow_subnormal=False))
    half, p = draw(st.floats(0, 1)), draw(st.floats(0, 1))
    return MetricDifference(
        code=code,
        difference=value,
        low=value - half,
        high=value + half,
        p=p,
        method="bootstrap",
        rows_needed=draw(st.none() | st.integers(1, 10**9)),
    )


@st.composite
def paired(draw):
    codes = tuple(draw(st.permutations(CODES)))[:3]
    found = [draw(differences(code)) for code in CODES]
    count = st.integers(0, 5000)
    decided = Decisions(
        rows=20_000,
        differ=draw(count) + 5000,
        challenger_right=draw(count),
        base_right=draw(count),
        p=draw(st.none() | st.floats(0, 1)),
    )
    return Paired(
        rows=20_000,
        confidence=0.95,
        told=codes,
        decisions=draw(st.none() | st.just(decided)),
        differences=judged(found, codes, 0.95),
    )


@given(paired())
def test_a_challenge_says_what_its_verdicts_say(found):
    told = challenged("m:v2", "m:v1", NAMES, found)
    by_code = {each.code: each for each in found.differences}
    for verdict, words in (
        *(("better", "better on"), ("worse", "worse on")),
        ("indistinguishable", "not distinguishable on"),
    ):
        some = [code for code in told.told if by_code[code].verdict == verdict]
        assert (words in told.title) == bool(some)
        if some:
            part = told.title.split(words)[1].split(", not")[0].split(", worse")[0]
            assert all(short(code) in part for code in some)
    for each in found.differences:
        if each.verdict in ("better", "worse"):
            assert not each.low <= 0 <= each.high
            assert (each.p if each.adjusted is None else each.adjusted) < 0.05
            rises = each.difference > 0
            assert (each.verdict == "better") == (rises != (each.code in LOWER_IS_BETTER))
        if each.adjusted is not None:
            assert each.adjusted >= each.p
    assert told.verdict == (by_code[told.told[0]].verdict if told.told else "unknown")


@given(st.lists(paired(), min_size=0, max_size=2), st.booleans())
def test_the_whole_claims_a_better_one_only_where_there_is_one(found, champion):
    keys = ("m:v2", "m:v3")
    told = [challenged(key, "m:v1", NAMES, each) for key, each in zip(keys, found, strict=False)]
    said = overall(told, NAMES, "m:v1", champion=champion)
    verdicts = {each.verdict for each in told}
    assert ("the difference is real" in said.title) == ("better" in verdicts)
    if "worse than" in said.title:
        assert verdicts - {"unknown"} == {"worse"}
    assert ("the champion" in said.title) <= champion
    assert said.detail


def test_an_edge_is_no_win():
    edge = MetricDifference(code="auc", difference=0.1, low=0.0, high=0.2, p=0.01)
    assert verdict_of(edge, 0.01, 0.95) == "indistinguishable"
    assert verdict_of(edge.model_copy(update={"low": 0.01}), 0.05, 0.95) == "indistinguishable"
    assert verdict_of(edge.model_copy(update={"low": 0.01}), 0.049, 0.95) == "better"
    assert verdict_of(edge, None, 0.95) == "unknown"


def test_where_nothing_can_be_told_it_is_said_why():
    unknown = MetricDifference(code="auc", reason="there are no rows")
    found = Paired(rows=0, confidence=0.95, told=("auc",), differences=(unknown,))
    said = overall([challenged("m:v2", "m:v1", NAMES, found)], NAMES, "m:v1", champion=True)
    assert said.detail == "There are no rows."
