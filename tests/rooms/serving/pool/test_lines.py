"""Queries that wait are taken in turn, each once, and share a call only with their like."""

from __future__ import annotations

from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from modelyard.serving.pool.lines import Lines
from modelyard.serving.pool.query import Query

BATCH = 8
ARRIVALS = st.lists(
    st.tuples(
        st.sampled_from("abc"),  # key
        st.integers(1, 20),  # rows
        st.booleans(),  # whoever asked has gone
        st.integers(0, 2),  # calls taken after it came
    ),
    max_size=60,
)


def query(number, key, size, *, gone=False):
    return Query(key, number, size, float(number), 0.0, SimpleNamespace(done=lambda: gone))


@given(ARRIVALS)
def test_every_query_is_taken_once_in_turn_and_with_its_like(arrivals):
    lines, waiting, taken = Lines(BATCH), {}, []

    def take():
        batch = lines.take()
        if not batch:
            assert waiting == {}
            return
        assert len({each.key for each in batch}) == 1
        assert len(batch) == 1 or sum(each.size for each in batch) <= BATCH
        assert batch[0].payload == min(waiting), "who has waited longest is first"
        same = [number for number, key in waiting.items() if key == batch[0].key]
        assert [each.payload for each in batch] == same[: len(batch)]
        for each in batch:
            del waiting[each.payload]
            taken.append(each.payload)

    for number, (key, size, gone, calls) in enumerate(arrivals):
        lines.add(query(number, key, size, gone=gone))
        if not gone:
            waiting[number] = key
        for _ in range(calls):
            take()
    while waiting:
        take()
    assert sorted(taken) == [n for n, (_, _, gone, _) in enumerate(arrivals) if not gone]
    assert lines.take() == []
    assert (len(lines), lines.calls()) == (0, 0)


@given(ARRIVALS)
def test_calls_are_counted_as_they_would_be_made(arrivals):
    lines = Lines(BATCH)
    rows, large = {}, 0
    for number, (key, size, _, _) in enumerate(arrivals):
        one = query(number, key, size)
        large += size > BATCH
        if size <= BATCH:
            rows[key] = rows.get(key, 0) + size
        expected = large + sum(-(-count // BATCH) for count in rows.values())
        assert lines.calls(one) == expected
        lines.add(one)
        assert lines.calls() == expected


def test_who_is_put_back_comes_first_and_alone():
    lines = Lines(BATCH)
    for number in range(4):
        lines.add(query(number, "a", 1))
    for each in lines.take():
        lines.put_back(each)
    lines.add(query(4, "a", 1))
    assert lines.calls() == 2, "those who were put back count as one call that was"
    assert [[each.payload for each in lines.take()] for _ in range(5)] == [[0], [1], [2], [3], [4]]
    assert lines.calls() == 0


def test_who_has_gone_is_let_go():
    lines = Lines(BATCH)
    for number in range(6):
        lines.add(query(number, "ab"[number % 2], 1, gone=number > 1))
    lines.drop_answered()
    assert (len(lines), lines.calls()) == (2, 2)
    assert [[each.payload for each in lines.take()] for _ in range(2)] == [[0], [1]]
