"""Charts that stand still: SVG, PNG, a page of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import quoteattr

import vl_convert

from modelyard.analysis.charts.theme import ROLES
from modelyard.analysis.charts.types import Drawn, Mode

SCALE = 2.0
"""Dots of a PNG per pixel."""


def still(spec: dict[str, Any], width: int) -> dict[str, Any]:
    """A spec of a fixed width, without what only a pointer finds or only a pointer is told."""
    layers = [layer for layer in spec["layer"] if layer["mark"].get("style") != "hover"]
    config = {**spec["config"], "aria": False}
    return {**spec, "layer": layers, "width": width, "config": config}


def svg(spec: dict[str, Any], width: int) -> str:
    """A still spec as SVG, which says as a whole what is to be seen on it."""
    drawn: str = vl_convert.vegalite_to_svg(still(spec, width))
    label = quoteattr(spec["description"])
    return drawn.replace("<svg ", f'<svg role="img" aria-label={label} ', 1)


def _on_ground(drawn: Drawn, mode: Mode) -> dict[str, Any]:
    return {**drawn.titled(), "background": ROLES[mode]["surface"], "padding": 12}


def _svg(drawn: Drawn, mode: Mode, width: int) -> bytes:
    return svg(_on_ground(drawn, mode), width).encode()


def _png(drawn: Drawn, mode: Mode, width: int) -> bytes:
    spec = still(_on_ground(drawn, mode), width)
    content: bytes = vl_convert.vegalite_to_png(spec, scale=SCALE)
    return content


def _html(drawn: Drawn, mode: Mode, width: int) -> bytes:
    """A page that needs nothing else: Vega is in it."""
    page: str = vl_convert.vegalite_to_html(
        {**_on_ground(drawn, mode), "width": width}, bundle=True
    )
    return page.encode()


FORMATS: dict[str, Callable[[Drawn, Mode, int], bytes]] = {"svg": _svg, "png": _png, "html": _html}
