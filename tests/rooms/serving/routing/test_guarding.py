from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelyard.serving.routing.guarding import Watch
from modelyard.serving.types import Guard


@given(
    st.lists(st.tuples(st.booleans(), st.floats(0, 0.2)), max_size=300),
    st.integers(10, 60),
    st.sampled_from([0.0, 0.05, 0.5]),
)
@settings(max_examples=60, deadline=None)
def test_it_says_what_a_count_of_the_last_answers_says(answers, queries, rate):
    watch = Watch(Guard(error_rate=rate, p99_ms=100, queries=queries))
    for number, (failed, seconds) in enumerate(answers, 1):
        found = watch.note(failed=failed, seconds=seconds)
        last = answers[max(0, number - queries) : number]
        bad = sum(each[0] for each in last) > rate * queries
        slow = sum(each[1] > 0.1 for each in last) > 0.01 * queries
        assert bool(found) == (bad or slow)


def test_the_bound_is_the_99th_percentile():
    rng = np.random.default_rng(3)
    for _ in range(50):
        seconds = rng.exponential(0.02, 1000)
        bound = 1000 * float(rng.choice(seconds)) + 1e-6
        watch = Watch(Guard(p99_ms=bound, queries=1000))
        said = [watch.note(failed=False, seconds=each) for each in seconds][-1]
        exact = np.quantile(seconds, 0.99, method="inverted_cdf") * 1000
        assert bool(said) == (exact > bound)


def test_a_guard_needs_a_bound():
    with pytest.raises(ValueError, match="needs a bound"):
        Guard()
