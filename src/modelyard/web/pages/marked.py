"""Markdown that people write into templates, as markup that is safe to show."""

from __future__ import annotations

from markdown_it import MarkdownIt
from markupsafe import Markup

_READER = MarkdownIt("commonmark", {"html": False}).disable(
    ["heading", "lheading", "hr", "image", "html_block", "html_inline"]
)
"""HTML and pictures stay as they were typed; links with a scheme that could run code are none."""


def marked(text: str) -> Markup:
    """Paragraphs, lists, emphasis, code and links."""
    return Markup(_READER.render(text))  # noqa: S704  it is escaped by the reader
