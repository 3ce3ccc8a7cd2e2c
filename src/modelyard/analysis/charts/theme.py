"""The theme of all charts, light and dark: fonts, neutral colours, colours of a fixed meaning.

Charts name no colour: marks have a style, series take the colours of `range.category` in turn.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from modelyard.analysis.charts.types import Mode

FONT = "Inter, system-ui, sans-serif"
ROLES: dict[Mode, dict[str, str]] = {
    "light": {
        "model": "#2b66d1",
        "reference": "#8792a5",
        "current": "#8146c4",
        "champion": "#a84c00",
        "challenger-1": "#075f70",
        "challenger-2": "#d065a8",
        "challenger-3": "#918a12",
        "ink": "#18212f",
        "muted": "#596579",
        "axis": "#c3cad5",
        "grid": "#e9ecf1",
        "surface": "#ffffff",
        "band": "#f4f6f9",
    },
    "dark": {
        "model": "#6ea1ff",
        "reference": "#8f9bb0",
        "current": "#bd8ff5",
        "champion": "#f0954a",
        "challenger-1": "#63d6e6",
        "challenger-2": "#e070b5",
        "challenger-3": "#f0e684",
        "ink": "#e8ecf3",
        "muted": "#9aa6b8",
        "axis": "#3b4656",
        "grid": "#232b37",
        "surface": "#151b24",
        "band": "#1a212c",
    },
}
SERIES = (
    *("model", "champion", "challenger-1", "challenger-2", "challenger-3", "current"),
    *("ink", "reference"),
)
"""The roles that series have, in turn."""
COMPARED = (
    *("champion", "challenger-1", "challenger-2", "challenger-3", "model", "current"),
    *("ink", "reference"),
)
"""The roles of what is compared, in turn; the first one is the champion's."""
OF_GENERATIONS, OF_OTHERS = COMPARED[:7], "reference"
"""The roles of a service's generations in turn, and of all others together."""
DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [4, 4], [1, 3], [10, 4], [3, 2])
"""The dashes of series, in turn, so that none is known by its colour alone."""


def config(mode: Mode, series: Sequence[str] = SERIES) -> dict[str, Any]:
    """The `config` of a spec, whose series have these roles in turn."""
    c = ROLES[mode]
    text = {
        "labelFont": FONT,
        "titleFont": FONT,
        "labelFontSize": 11,
        "titleFontSize": 11,
        "titleFontWeight": 500,
        "labelColor": c["muted"],
        "titleColor": c["muted"],
    }
    return {
        "background": "transparent",
        "font": FONT,
        "padding": 2,
        "view": {"stroke": None, "continuousWidth": 360, "continuousHeight": 240},
        "axis": {
            **text,
            "domainColor": c["axis"],
            "gridColor": c["grid"],
            "tickColor": c["axis"],
            "ticks": False,
            "labelPadding": 6,
            "titlePadding": 8,
            "gridWidth": 1,
            "labelLimit": 160,
            "titleLimit": 420,
        },
        "axisX": {"grid": False, "tickCount": 5},
        "axisY": {"domain": False, "tickCount": 5, "titleLimit": 270},
        "legend": {
            **text,
            "orient": "top",
            "direction": "horizontal",
            "symbolType": "stroke",
            "symbolStrokeWidth": 3,
            "symbolSize": 140,
            "symbolOpacity": 1,
            "labelColor": c["ink"],
            "labelLimit": 130,
            "offset": 8,
            "columnPadding": 16,
        },
        "title": {
            "font": FONT,
            "fontSize": 13,
            "fontWeight": 600,
            "color": c["ink"],
            "subtitleFont": FONT,
            "subtitleFontSize": 11,
            "subtitleColor": c["muted"],
            "anchor": "start",
            "offset": 12,
        },
        "line": {
            "strokeWidth": 2,
            "color": c["model"],
            "strokeCap": "butt",
            "strokeJoin": "round",
        },
        "area": {"color": c["model"], "opacity": 0.16, "line": False},
        "bar": {"color": c["model"], "cornerRadiusEnd": 2},
        "rect": {"color": c["model"]},
        "point": {"color": c["model"], "filled": True, "size": 36, "opacity": 1},
        "rule": {"color": c["axis"]},
        "text": {"color": c["muted"], "font": FONT, "fontSize": 11},
        "style": _styles(c),
        "range": {
            "category": [c[role] for role in series],
            "ordinal": [c["reference"], c["current"]],
            "ramp": [c["band"], c["model"]],
            "heatmap": [c["band"], c["model"]],
        },
    }


def _styles(c: dict[str, str]) -> dict[str, Any]:
    """What marks are styled by: what they mean."""
    reference = {"color": c["reference"], "strokeDash": [4, 3]}
    return {
        "reference": {**reference, "strokeWidth": 1.25},
        "limit": {"color": c["reference"], "strokeWidth": 1.25},
        "second": {**reference, "strokeWidth": 2},
        "single": {"color": c["reference"], "strokeWidth": 0.75, "opacity": 0.45},
        "second-area": {"color": c["reference"], "opacity": 0.16},
        "median": {"color": c["muted"], "strokeDash": [1, 3], "strokeWidth": 1.5},
        "threshold": {"color": c["ink"], "strokeDash": [2, 2], "strokeWidth": 1.5},
        "mark": {
            "color": c["surface"],
            "stroke": c["ink"],
            "strokeWidth": 2.5,
            "size": 110,
        },
        "whisker": {"color": c["model"], "strokeWidth": 1.5},
        "whisker-on-bar": {"color": c["ink"], "strokeWidth": 1.25},
        "wide": {"color": c["reference"], "opacity": 0.16},
        "counted": {"color": c["model"], "stroke": c["surface"], "strokeWidth": 0.5},
        "right": {"color": c["model"]},
        "wrong": {"color": c["reference"]},
        "cell-number": {"color": c["ink"], "fontSize": 14, "fontWeight": 600},
        "cell-words": {"color": c["ink"], "fontSize": 11},
        "named": {"color": c["ink"], "fontSize": 11},
        "remark": {"color": c["muted"], "fontSize": 11},
        "faint": {"opacity": 0.45, "size": 14},
        "hover": {"opacity": 0, "size": 120},
    }
