"""The page of the model card of a version, or of a saved model's active version."""

from __future__ import annotations

from typing import Any

from modelyard import errors
from modelyard.dossiers.commands import SUFFIXES, DescribeItem, WriteCard, stem_of
from modelyard.dossiers.types import Card
from modelyard.web.pages.governance_words import ONE, source_href, within
from modelyard.web.pages.page import Download, Page, View, Visit

CARD = f"{ONE}/card"


class CardView(View):
    """What a model card says, and what is missing in it."""

    card: Card | None
    """None: it is that of the active version, and none is active."""
    source: str
    """The page of what the item is of; empty if that is elsewhere."""


def card(visit: Visit) -> CardView:
    """All of it, without its charts, which its files hold."""
    item = visit.path["item"]
    try:
        found = visit.run(DescribeItem(item=item))
    except errors.Conflict:
        found = None
    crumbs = within(visit)
    return CardView(title="Model card", crumbs=crumbs, card=found, source=source_href(item))


def _write(visit: Visit, to: str) -> WriteCard:
    asked: Any = {"item": visit.path["item"], "format": visit.path["format"]}
    return WriteCard(**asked, output=to, replace=True)


def _name(visit: Visit) -> str:
    form: Any = visit.path["format"]
    return f"{stem_of(visit.path['item'])}.{SUFFIXES[form]}"


PAGES: tuple[Page | Download, ...] = (
    Page(CARD, card, "governed_card.html"),
    Download(f"{CARD}/{{format}}", _write, _name),
)
