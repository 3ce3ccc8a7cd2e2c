"""The page that searches everything; what can be found is said by the pages that show it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from modelyard.kernel.values import Value
from modelyard.web.pages.page import Page, View, Visit

LONGEST = 200


class Found(Value):
    """Something that fits."""

    kind: str
    """What it is, in the glossary's word."""
    name: str
    href: str
    about: str = ""


Finder = Callable[[Visit, str], Iterable[Found]]
"""Finds things whose name or description holds a text, in any case; the first few."""


class SearchView(View):
    """What fits the text that is searched for."""

    text: str
    found: tuple[Found, ...]


def pages(finders: Sequence[Finder]) -> tuple[Page, ...]:
    """The page, asking all finders."""

    def search(visit: Visit) -> SearchView:
        text = visit.asked("q").strip()[:LONGEST]
        found = [each for find in finders for each in find(visit, text)] if text else []
        return SearchView(title="Search", text=text, found=tuple(found))

    return (Page("/search", search, "search.html"),)


def fits(text: str, *words: str) -> bool:
    """Whether one of some words holds a text, in any case."""
    wanted = text.casefold()
    return any(wanted in word.casefold() for word in words)
