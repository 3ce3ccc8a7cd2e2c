"""Values of the timeline, in words."""

from __future__ import annotations

import pytest

from modelyard.web.pages.governed_events import text_of


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"deployment:credit/d9": {"health": "HEALTHY"}}, "deployment:credit/d9"),
        ({"a": {"x": 1}, "b": {"x": 2}}, "a, b"),
        ({"name": "report.md", "size": 3}, "report.md"),
        ({"at_least": 0.5, "on": True, "note": None}, "at least 0.5, on yes"),
        ([{"name": "a.md"}, {"at": "2026-05-01", "value": 3}], "a.md, at 2026-05-01, value 3"),
        (["Europe", "Asia"], "Europe, Asia"),
        ({}, ""),
        (False, "no"),
        (None, ""),
        ("x" * 80, "x" * 59 + "…"),
    ],
)
def test_no_value_is_told_as_json(value, text):
    assert text_of(value) == text
