"""Every screen has a page that says how it is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelyard.evaluations import binary, multiclass, regression

DOCS = Path(__file__).parents[2] / "docs"
NAMES = {
    "confusion",
    *binary.OF_SCORES,
    *multiclass.OF_LABELS,
    *multiclass.CURVES,
    *regression.SCREENS,
}
PARTS = ["## What it shows", "## How to read it", "## Formula"]


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_screen_has_a_page(name):
    text = (DOCS / "screens" / f"{name}.md").read_text()
    assert [line for line in text.splitlines() if line in PARTS] == PARTS
    assert f"`modelyard evaluations screen ID {name}`" in text
