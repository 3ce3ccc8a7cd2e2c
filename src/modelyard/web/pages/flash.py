"""A sentence that the next page tells once, perhaps with a button that undoes what was done."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from modelyard.web.cookies import Cookies

FLASH = "modelyard_flash"
LONGEST = 240
ROOM = 460
"""Letters of a cookie before its signature."""


@dataclass(frozen=True)
class Undo:
    """A button that takes back what was done: its words, and the form that it sends."""

    button: str
    href: str


@dataclass(frozen=True)
class Flash:
    """What is told."""

    text: str
    undo: Undo | None = None


def say(
    cookies: Cookies, request: Request, answer: Response, text: str, undo: Undo | None = None
) -> None:
    """Let the next page tell it; names that are too long leave no room for the button."""
    if text:
        shown = text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
        packed = _packed([shown, *([undo.button, undo.href] if undo is not None else [])])
        cookies.write(request, answer, FLASH, packed if len(packed) <= ROOM else _packed([shown]))


def said(cookies: Cookies, request: Request) -> Flash | None:
    """What the page before wanted told."""
    packed = cookies.read(request, FLASH)
    if not packed:
        return None
    text, *undo = json.loads(base64.urlsafe_b64decode(packed))
    return Flash(text, Undo(*undo) if undo else None)


def told(cookies: Cookies, request: Request, answer: Response) -> None:
    """Let it not be told again."""
    if cookies.read(request, FLASH) is not None:
        cookies.write(request, answer, FLASH, None)


def _packed(parts: list[str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts, ensure_ascii=False).encode()).decode()
