"""What charts that stand still are made of, before vl-convert converts it."""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import quoteattr

from modelyard.analysis.charts.theme import ROLES
from modelyard.analysis.charts.types import Drawn, Mode


def still(spec: dict[str, Any], width: int) -> dict[str, Any]:
    """A spec of a fixed width, without what only a pointer finds or only a pointer is told."""
    layers = [layer for layer in spec["layer"] if layer["mark"].get("style") != "hover"]
    config = {**spec["config"], "aria": False}
    return {**spec, "layer": layers, "width": width, "config": config}


def on_ground(drawn: Drawn, mode: Mode) -> dict[str, Any]:
    """A spec with its title, on the ground that its colours are for."""
    return {**drawn.titled(), "background": ROLES[mode]["surface"], "padding": 12}


def labelled(svg: str, spec: dict[str, Any]) -> str:
    """An SVG that says as a whole what is to be seen on it."""
    label = quoteattr(spec["description"])
    return svg.replace("<svg ", f'<svg role="img" aria-label={label} ', 1)
