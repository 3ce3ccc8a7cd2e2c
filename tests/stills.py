"""Charts as pictures, made where the test runs."""

from __future__ import annotations

from typing import Any

import vl_convert

from modelyard.analysis.charts.rendering import labelled, still


def svg(spec: dict[str, Any], width: int) -> str:
    """A spec as SVG, as reports have it."""
    return labelled(vl_convert.vegalite_to_svg(still(spec, width)), spec)
