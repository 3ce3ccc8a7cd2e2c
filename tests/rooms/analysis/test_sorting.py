"""The order of numbers, against Python's own."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.analysis.sorting import near_order, rising, rising_order

ORDINARY = st.floats(0, 1)
ANY = st.floats(allow_nan=False)


@given(st.lists(ORDINARY) | st.lists(ANY))
def test_numbers_rise_and_none_is_lost(numbers):
    values = np.array(numbers, float)
    assert rising(values).tolist() == sorted(numbers)
    order = rising_order(values)
    assert order.tolist() == sorted(range(len(numbers)), key=numbers.__getitem__)
    assert sorted(near_order(values).tolist()) == [*range(len(numbers))]


@pytest.mark.parametrize("end", [math.inf, 1e308, 5e-324])
def test_any_range_of_many_numbers_is_sorted(end):
    values = np.append(np.random.default_rng(0).normal(0, 1, 40_000), [end, -end])
    assert (rising(values) == sorted(values)).all()
    scaled = np.random.default_rng(1).random(40_000) * min(end, 1.0)
    assert (rising(scaled) == sorted(scaled)).all()
