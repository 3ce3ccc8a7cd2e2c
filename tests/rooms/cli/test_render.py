"""Results for people."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from modelyard.cli.render import progress_bar, show
from modelyard.cli.words import words
from modelyard.kernel.progress import silence
from modelyard.kernel.values import Value


class Part(Value):
    """A part."""

    name: str
    size: int


class Whole(Value):
    """A whole."""

    title: str
    empty: str = ""
    first: Part
    parts: tuple[Part, ...]


def test_things_of_one_kind_are_a_table(capsys):
    show([Part(name="a", size=1200), Part(name="b", size=3)])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["Name", "Size"]
    assert lines[1].split() == ["a", "1,200"]


def test_one_thing_shows_its_parts_below(capsys):
    show(Whole(title="t", first=Part(name="f", size=1), parts=(Part(name="p", size=2),)))
    out = capsys.readouterr().out
    assert "Empty" not in out
    assert out.index("Title") < out.index("First") < out.index("Parts")


@pytest.mark.parametrize(
    ("value", "said"), [(None, "Done."), ([], "Nothing here yet."), (["v1", "v2"], "v1\nv2")]
)
def test_other_results(capsys, value, said):
    show(value)
    assert capsys.readouterr().out.strip() == said


@pytest.mark.parametrize(
    ("value", "said"),
    [(None, "–"), (True, "yes"), (1234567, "1,234,567"), (0.1 + 0.2, "0.3"), ({"a": 1}, "a=1")],
)
def test_values_for_people(value, said):
    assert words(value) == said


def test_moments_are_local_and_short():
    assert len(words(datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC))) == len("2026-01-02 03:04:05")


def test_no_bar_where_there_is_no_terminal():
    with progress_bar(enabled=True) as progress:
        assert progress is silence
