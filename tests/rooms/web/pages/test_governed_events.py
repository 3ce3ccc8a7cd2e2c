"""Values of the timeline, in words."""

from __future__ import annotations

import pytest

from modelyard.governance.items.types import Event
from modelyard.kernel.values import now
from modelyard.web.pages.governed_events import text_of, told


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
        ("33a9a4f466c0da2c062400b53bb4a085", "33a9a4f466c0…"),
        (0.8904459999999, "0.890446"),
        (12345678.0, "12,345,678"),
        (False, "no"),
        (None, ""),
        ("x" * 80, "x" * 59 + "…"),
    ],
)
def test_no_value_is_told_as_json(value, text):
    assert text_of(value) == text


@pytest.mark.parametrize(
    ("attribute", "old", "new", "words"),
    [
        (
            "deployments.deployment:demo/live.health", "ERROR", "OUT_OF_SYNC",
            ("Deployments, live health", "Error", "Out of sync"),
        ),
        ("health.health", None, "HEALTHY", ("Health", "", "Healthy")),
        ("steps.assess", "NOT_STARTED", "ONGOING", ("Assess begun", "Not started", "Ongoing")),
        ("fields.unit", "EUR", "USD", ("Unit", "EUR", "USD")),
        ("deployment.content", ["p1"], [], ("Deployment, content", "p1", "empty")),
    ],
)  # fmt: skip
def test_states_and_attributes_are_told_in_words(attribute, old, new, words):
    made = {"item": "version:demo/late/v1", "actor": "ada", "at": now(), "number": 1, "sha256": ""}
    (found,) = told([Event(attribute=attribute, old=old, new=new, **made)], None)
    assert (found.what, found.old, found.new) == words
