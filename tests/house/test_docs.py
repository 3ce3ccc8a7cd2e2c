"""What every page of the documentation keeps to."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)\s#]*)(?:#([^)\s]*))?\)")
CODE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)


def test_links_lead_somewhere():
    assert len(PAGES) > 40
    lost = [
        f"{page.relative_to(ROOT)}: {target}#{part}"
        for page in PAGES
        for target, part in LINK.findall(CODE.sub("", page.read_text("utf-8")))
        if not leads(page, target, part)
    ]
    assert lost == []


def leads(page, target, part):
    """Whether there is such a file, and in it such a heading."""
    file = page.parent / target if target else page
    if not file.exists():
        return False
    return not part or part in map(
        anchor, re.findall(r"^#+ (.*)$", file.read_text("utf-8"), re.MULTILINE)
    )


def anchor(heading):
    """What a heading is called in links to it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
