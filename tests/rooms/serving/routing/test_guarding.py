from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

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


@given(
    st.lists(st.tuples(st.integers(0, 2), st.booleans(), st.booleans()), max_size=200),
    st.integers(10, 40),
)
@settings(max_examples=40, deadline=None)
def test_the_answers_of_all_processes_count_together(answers, queries):
    guard = Guard(error_rate=0.2, p99_ms=100, queries=queries)
    with TemporaryDirectory() as folder:
        place = Path(folder) / "p2"
        watches = [Watch(guard, place, process=str(number)) for number in range(3)]
        for number, (process, failed, slow) in enumerate(answers, 1):
            found = watches[process].note(failed=failed, seconds=0.2 if slow else 0.01)
            last = answers[max(0, number - queries) : number]
            bad = sum(each[1] for each in last) > 0.2 * queries
            late = sum(each[2] for each in last) > 0.01 * queries
            if failed or slow:
                assert bool(found) == (bad or late)


def test_where_nothing_can_be_written_a_process_counts_its_own(tmp_path, caplog):
    (tmp_path / "file").write_text("")
    watch = Watch(Guard(error_rate=0.1, queries=10), tmp_path / "file" / "p2")
    assert [bool(watch.note(failed=True, seconds=0)) for _ in range(2)] == [False, True]
    assert "of this process alone" in caplog.text


def test_what_a_process_leaves_half_made_is_passed_over(tmp_path):
    watch = Watch(Guard(error_rate=0.1, queries=10), tmp_path, process="1")
    (tmp_path / "2").write_bytes(b"")
    (tmp_path / "3").write_bytes(b"short")
    assert [watch.note(failed=True, seconds=0) for _ in range(2)] == [
        "",
        "2 of its last 2 queries failed",
    ]


def test_the_bound_is_the_99th_percentile():
    rng = np.random.default_rng(3)
    for slowest in (*[25] * 10, *[1000] * 2):  # mostly those about the bound
        seconds = rng.exponential(0.02, 1000)
        bound = 1000 * float(rng.choice(np.sort(seconds)[-slowest:])) + 1e-6
        watch = Watch(Guard(p99_ms=bound, queries=1000))
        said = [watch.note(failed=False, seconds=each) for each in seconds][-1]
        exact = np.quantile(seconds, 0.99, method="inverted_cdf") * 1000
        assert bool(said) == (exact > bound)


def test_a_guard_needs_a_bound():
    with pytest.raises(ValueError, match="needs a bound"):
        Guard()
