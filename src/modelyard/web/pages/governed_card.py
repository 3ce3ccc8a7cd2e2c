"""The page of the model card of a version, or of a saved model's active version."""

from __future__ import annotations

from typing import Any

from modelyard.dossiers.commands import SUFFIXES, DescribeItem, WriteCard, stem_of
from modelyard.dossiers.types import Card
from modelyard.web.pages.governance_words import ONE, within
from modelyard.web.pages.page import Download, Page, View, Visit

CARD = f"{ONE}/card"


class CardView(View):
    """What a model card says, and what is missing in it."""

    card: Card


def card(visit: Visit) -> CardView:
    """All of it, without its charts, which its files hold."""
    found = visit.run(DescribeItem(item=visit.path["item"]))
    return CardView(title="Model card", crumbs=within(visit), card=found)


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
