"""A model card as Markdown, in which nothing that people typed is markup."""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

from modelyard.dossiers.types import Card, CardSection, CardTable, CardText

SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~&!$^])")
"""What Markdown, or the HTML and the formulas within it, may read as markup."""
LEADING = re.compile(r"^(\s*)([-+=](?=[-=\s]|$)|\d+[.)](?=\s|$))", re.MULTILINE)
"""What begins a list, a heading or a rule at the start of a line."""
LINES = re.compile(r"\s*\n\s*")


def markdown(card: Card) -> bytes:
    """The card, under the metadata that the Hugging Face hub reads."""
    return ("\n".join(_lines(card)).rstrip() + "\n").encode()


def escaped(text: str) -> str:
    """A text of one paragraph that stands for itself."""
    marked = SPECIAL.sub(r"\\\1", text)
    return LEADING.sub(lambda found: f"{found[1]}{_apart(found[2])}", marked)


def _apart(mark: str) -> str:
    return f"{mark[:-1]}\\{mark[-1]}"


def _lines(card: Card) -> Iterator[str]:
    header = {name: _plain(value) for name, value in card.header.items()}
    yield from ("---", yaml.safe_dump(header, sort_keys=True, allow_unicode=True).rstrip(), "---")
    yield from ("", f"# Model card: {escaped(card.title)}", "", escaped(card.summary), "")
    yield from (f"**{escaped(card.standing)}**", "")
    for section in card.sections:
        yield from _section(section)


def _plain(value: str | tuple[str, ...]) -> str | list[str]:
    return value if isinstance(value, str) else list(value)


def _section(section: CardSection) -> Iterator[str]:
    yield from (f"## {section.title}", "")
    for text in section.texts:
        yield from _text(text)
    for missing in section.missing:
        yield from (f"> **Missing.** {escaped(missing)}", "")
    if section.facts:
        yield from ("| | |", "|---|---|")
        yield from (f"| {escaped(each.name)} | {_cell(each.value)} |" for each in section.facts)
        yield ""
    for table in section.tables:
        yield from _table(table)
    for chart in section.charts:
        yield from (f"*{escaped(chart.title)}.* {escaped(chart.description)}", "")


def _text(text: CardText) -> Iterator[str]:
    for paragraph in filter(None, (each.strip() for each in re.split(r"\n\s*\n", text.text))):
        yield from (LINES.sub("\\\\\n", escaped(paragraph)), "")
    yield from (f"*{escaped(text.source)}*", "")


def _table(table: CardTable) -> Iterator[str]:
    if table.title:
        yield from (f"**{escaped(table.title)}**", "")
    yield f"| {' | '.join(_cell(each) for each in table.columns)} |"
    yield f"|{'---|' * len(table.columns)}"
    yield from (f"| {' | '.join(_cell(each) for each in row)} |" for row in table.rows)
    yield ""
    if table.left_out:
        yield from (f"and {table.left_out:,} more", "")


def _cell(text: str) -> str:
    return LINES.sub(" ", escaped(text)).strip() or " "
