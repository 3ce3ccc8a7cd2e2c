from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare

from modelyard.serving.routing.choosing import Chooser

KEYS = [f"customer-{number}" for number in range(20_000)]
NAMES = ["p1", "p2", "p3", "p4"]


def shares_of(parts):
    total = sum(parts)
    return {name: part / total for name, part in zip(NAMES, parts, strict=False)}


SHARES = (
    st.lists(st.integers(0, 100), min_size=1, max_size=4)
    .filter(lambda parts: sum(parts) > 0)
    .map(shares_of)
)


def chosen(shares, keys=KEYS, service="churn-api"):
    chooser = Chooser(service, shares)
    return [chooser.choose(key) for key in keys]


def is_within_chance(shares, found):
    counts = Counter(found)
    assert set(counts) <= {name for name, share in shares.items() if share > 0}
    taking = [name for name, share in shares.items() if share > 0]
    if len(taking) == 1:
        return True
    expected = [shares[name] * len(found) for name in taking]
    return chisquare([counts[name] for name in taking], expected).pvalue > 1e-6


@given(SHARES)
@settings(max_examples=20, deadline=None)
def test_keys_are_shared_out_as_asked(shares):
    assert is_within_chance(shares, chosen(shares))


@given(SHARES)
@settings(max_examples=20, deadline=None)
def test_queries_without_a_key_are_shared_out_as_asked(shares):
    random.seed(7)
    chooser = Chooser("churn-api", shares)
    assert is_within_chance(shares, [chooser.choose() for _ in range(20_000)])


@given(SHARES, SHARES)
@settings(max_examples=40, deadline=None)
def test_a_changed_mapping_moves_keys_only_to_what_grew_against_what_they_leave(before, after):
    old, new = chosen(before, KEYS[:3000]), chosen(after, KEYS[:3000])
    for left, entered in zip(old, new, strict=True):
        if left != entered:
            grew = after[entered] * before.get(left, 0) - before.get(entered, 0) * after.get(
                left, 0
            )
            assert grew > 0


@pytest.mark.parametrize(
    ("before", "after", "moved"),
    [
        ({"p1": 0.9, "p2": 0.1}, {"p1": 0.7, "p2": 0.3}, 0.2),
        ({"p1": 1.0}, {"p1": 0.95, "p2": 0.05}, 0.05),
        ({"p1": 0.5, "p2": 0.5}, {"p1": 0.25, "p2": 0.25, "p3": 0.5}, 0.5),
    ],
)
def test_no_more_keys_move_than_have_to(before, after, moved):
    old, new = chosen(before), chosen(after)
    assert sum(map(str.__ne__, old, new)) / len(KEYS) == pytest.approx(moved, abs=0.015)
    assert {new[at] for at in range(len(KEYS)) if old[at] != new[at]} <= {"p2", "p3"}


def test_the_same_key_is_answered_by_the_same_generation_on_every_node():
    shares = {"p1": 0.4, "p2": 0.35, "p3": 0.25}
    assert chosen(shares) == chosen(dict(reversed(shares.items())))


def test_the_key_of_one_service_says_nothing_about_another():
    shares = {"p1": 0.5, "p2": 0.5}
    same = sum(map(str.__eq__, chosen(shares), chosen(shares, service="fraud-api"))) / len(KEYS)
    assert same == pytest.approx(0.5, abs=0.02)


def test_a_key_may_hold_what_no_text_should():
    assert Chooser("s", {"a": 0.5, "b": 0.5}).choose("\ud800") in {"a", "b"}
