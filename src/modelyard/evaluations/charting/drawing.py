"""What draws charts, loaded when there is one to be drawn."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec

from modelyard.analysis.charts.types import Drawn


def drawing(name: str) -> Callable[..., Drawn]:
    """A function of `analysis/charts/drawing`.

    Altair takes most of a second to load, which no other command should wait for. It takes pandas
    for loaded as soon as another thread has begun to import it.
    """
    if find_spec("pandas"):
        import_module("pandas")
    found: Callable[..., Drawn] = getattr(import_module("modelyard.analysis.charts.drawing"), name)
    return found
