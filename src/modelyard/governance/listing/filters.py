"""Reading filters, which people write as JSON or YAML."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import RootModel

from modelyard.governance.listing.filtering import faults_of
from modelyard.governance.templates.conditions import Condition
from modelyard.kernel.documents import Fault, read_text


class _Document(RootModel[Condition]):
    """A text that holds a condition."""


def read_filter(text: str | None) -> Condition | None:
    """The condition that a text holds; None: there is no text.

    Raises:
        Invalid: it holds none; the message says on which line what is wrong.
    """
    if text is None or not text.strip():
        return None
    return read_text(text.encode(), _Document, "the filter", check=_faults).root


def _faults(document: _Document) -> Iterator[Fault]:
    return faults_of(document.root)
