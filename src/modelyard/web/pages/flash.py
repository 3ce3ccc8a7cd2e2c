"""A sentence that the next page tells, once."""

from __future__ import annotations

import base64

from starlette.requests import Request
from starlette.responses import Response

from modelyard.web.cookies import Cookies

FLASH = "modelyard_flash"
LONGEST = 240


def say(cookies: Cookies, request: Request, answer: Response, text: str) -> None:
    """Let the next page tell it."""
    if text:
        shown = text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
        packed = base64.urlsafe_b64encode(shown.encode()).decode()
        cookies.write(request, answer, FLASH, packed)


def said(cookies: Cookies, request: Request) -> str:
    """What the page before wanted told."""
    packed = cookies.read(request, FLASH)
    return base64.urlsafe_b64decode(packed).decode() if packed else ""


def told(cookies: Cookies, request: Request, answer: Response) -> None:
    """Let it not be told again."""
    if cookies.read(request, FLASH) is not None:
        cookies.write(request, answer, FLASH, None)
