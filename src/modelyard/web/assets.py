"""What pages load: styles, scripts, fonts, icons; their address changes with their content."""

from __future__ import annotations

import gzip
import hashlib
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from modelyard import errors
from modelyard.evaluations.charting.workbench import script
from modelyard.web.answers import SAFE
from modelyard.web.problems import problem

KINDS = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "txt": "text/plain; charset=utf-8",
    "woff2": "font/woff2",
}
PACKED = frozenset({"css", "js", "svg", "txt"})
FOREVER = "public, max-age=31536000, immutable"
SHORTLY = "public, max-age=60"
POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
SMALLEST = 1024
"""Bytes below which packing gains nothing."""


def address(name: str) -> str:
    """Where browsers find a file of the folder `assets`."""
    if name not in _all():
        raise FileNotFoundError(name)
    return f"/assets/{_digest()}/{name}"


def route() -> Route:
    """Where the files are served; one digest for all, so that they name each other relatively."""
    return Route("/assets/{digest}/{name:path}", _serve)


def takes_gzip(request: Request) -> bool:
    """Whether a client reads what is packed."""
    return "gzip" in request.headers.get("accept-encoding", "")


async def _serve(request: Request) -> Response:
    name = request.path_params["name"]
    content = _all().get(name)
    if content is None:
        return problem(errors.NotFound(f"there is no asset {name!r}")).response()
    ending = name.rpartition(".")[2]
    known = request.path_params["digest"] == _digest()
    headers = {
        **SAFE,
        "content-security-policy": POLICY,
        "cache-control": FOREVER if known else SHORTLY,
    }
    if ending in PACKED and len(content) > SMALLEST:
        headers["vary"] = "accept-encoding"
        if takes_gzip(request):
            content = _packed(name)
            headers["content-encoding"] = "gzip"
    return Response(content, 200, headers, KINDS[ending])


@cache
def _all() -> dict[str, bytes]:
    """Every file by its path in the folder, and the script that reports have in them, too."""
    own = _below(files("modelyard.web").joinpath("assets"), "")
    return dict(sorted([*own, ("js/bench.js", script().encode())]))


def _below(folder: Traversable, path: str) -> list[tuple[str, bytes]]:
    found = []
    for each in folder.iterdir():
        if each.is_dir():
            found += _below(each, f"{path}{each.name}/")
        elif each.name.rpartition(".")[2] in KINDS:
            found.append((f"{path}{each.name}", each.read_bytes()))
    return found


@cache
def _digest() -> str:
    seen = hashlib.sha256()
    for name, content in _all().items():
        seen.update(f"{name} {len(content)} ".encode())
        seen.update(content)
    return seen.hexdigest()[:12]


@cache
def _packed(name: str) -> bytes:
    return gzip.compress(_all()[name], 9, mtime=0)
