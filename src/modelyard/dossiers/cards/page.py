"""A model card as one HTML page that needs nothing else."""

from __future__ import annotations

from modelyard.dossiers.types import Card
from modelyard.evaluations.charting.report_page import template
from modelyard.evaluations.charting.report_parts import Part
from modelyard.evaluations.charting.report_pictures import pictures
from modelyard.kernel.progress import Progress, silence
from modelyard.kernel.version import __version__

PACKAGE = "modelyard.dossiers.cards"


def page(card: Card, progress: Progress = silence) -> bytes:
    """The card; its charts are drawn into it, and nothing in it runs."""
    parts: dict[str, list[Part]] = {}
    with pictures(progress) as made:
        for section in card.sections:
            parts[section.name] = [
                made.part(f"{section.name}-{at}", chart) for at, chart in enumerate(section.charts)
            ]
        written: str = template("card.html", PACKAGE).render(
            title=f"Model card: {card.title}", card=card, parts=parts, version=__version__
        )
    return written.encode()
