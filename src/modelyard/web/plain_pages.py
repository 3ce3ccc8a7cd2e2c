"""The few pages that need no script: signing in, and making the first admin."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from modelyard.web.answers import SAFE

HEADERS = {
    **SAFE,
    "content-security-policy": "default-src 'none'; style-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
}


def page(template: str, *, status: int = 200, problem: str = "", **shown: Any) -> Response:
    """A page from its template; what is shown in it is text, never markup."""
    content = _templates().get_template(f"{template}.html").render(problem=problem, **shown)
    return HTMLResponse(content, status, HEADERS)


async def style(_request: Request) -> Response:
    """The style of these pages."""
    text = files("modelyard.web").joinpath("assets/plain.css").read_text("utf-8")
    headers = {**HEADERS, "cache-control": "public, max-age=3600"}
    return Response(text, 200, headers, "text/css; charset=utf-8")


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("modelyard.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
