"""Templates: how a page becomes HTML."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from functools import cache
from types import SimpleNamespace
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from modelyard.analysis.charts.words import heading
from modelyard.analysis.names import name_of
from modelyard.evaluations.words import METHODS
from modelyard.kernel.version import __version__
from modelyard.web import assets
from modelyard.web.answers import SAFE
from modelyard.web.pages import formats
from modelyard.web.pages.agents import agent
from modelyard.web.pages.marked import marked
from modelyard.web.pages.page import address
from modelyard.web.pages.plain_words import passing

HEADERS = {
    **SAFE,
    "referrer-policy": "same-origin",  # with none at all, browsers send forms with `Origin: null`
    "content-security-policy": "default-src 'none'; style-src 'self'; script-src 'self'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "vary": "accept-encoding, cookie, hx-target",
}
COMPONENTS = "components/"
QUICKLY = 5


def page(
    request: Request,
    template: str,
    shown: Mapping[str, Any],
    *,
    status: int = 200,
    part: str = "",
) -> Response:
    """A page from its template; what is shown in it is text, never markup.

    `part` names a block of the template which alone is wanted.
    """
    return answered(request, render(template, shown, part=part), status)


def answered(request: Request, markup: str, status: int = 200) -> Response:
    """Markup as an answer, packed where the client takes that."""
    return packed(request, HTMLResponse(markup, status, HEADERS))


def packed(request: Request, answer: Response) -> Response:
    """An answer that is in memory, packed where the client takes that."""
    content = bytes(answer.body)
    if len(content) > assets.SMALLEST and assets.takes_gzip(request):
        answer.body = gzip.compress(content, QUICKLY)
        answer.headers["content-encoding"] = "gzip"
        answer.headers["content-length"] = str(len(answer.body))
        answer.headers.setdefault("vary", "accept-encoding")
    return answer


def has_part(template: str, name: str) -> bool:
    """Whether a template has a block of this name, which can be answered alone."""
    return name in environment().get_template(template).blocks


def render(template: str, shown: Mapping[str, Any], *, part: str = "") -> str:
    """The markup of a template, or of one block of it."""
    found = environment().get_template(template)
    if not part:
        return found.render(shown)
    return "".join(found.blocks[part](found.new_context(dict(shown))))


def source(template: str) -> str:
    """A template as it is written."""
    loader = environment().loader
    return loader.get_source(environment(), template)[0] if loader else ""


@cache
def environment() -> Environment:
    """All templates; the macros of `components/` are at hand in each of them as `ui`."""
    made = Environment(
        loader=PackageLoader("modelyard.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.policies["json.dumps_kwargs"] = {"sort_keys": False, "ensure_ascii": False}
    ui = SimpleNamespace()
    made.globals |= {
        "ui": ui,
        "asset": assets.address,
        "at": address,
        "attributes": formats.attributes,
        "release": __version__,
    }
    made.filters |= {
        "agent": agent,
        "ago": formats.moment,
        "colour": formats.colour,
        "cut": formats.cut,
        "dotted": formats.dotted,
        "initials": formats.initials,
        "marked": marked,
        "metric": name_of,
        "method": METHODS.__getitem__,
        "heading": heading,
        "number": formats.number,
        "figure": formats.figure,
        "passing": passing,
        "percent": formats.percent,
        "plural": formats.plural,
        "power": formats.power,
        "capital": formats.capital,
        "sentence": formats.sentence,
        "size": formats.size,
        "took": formats.took,
    }
    for name in made.list_templates():
        if name.startswith(COMPONENTS):
            module = made.get_template(name).module
            vars(ui).update({k: v for k, v in vars(module).items() if not k.startswith("_")})
    return made
