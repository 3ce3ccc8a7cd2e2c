"""What can be had of a chart on a page: its spec and its table as JSON, both as files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

from modelyard.analysis.charts.types import Mode
from modelyard.evaluations.charting.types import ScreenFormat
from modelyard.kernel.command import Command
from modelyard.web.pages.page import Document, Download, Visit

MODES: tuple[Mode, ...] = get_args(Mode)
FORMATS: tuple[ScreenFormat, ...] = get_args(ScreenFormat)


def mode_of(visit: Visit) -> Mode:
    """The ground that a chart is asked for."""
    return visit.one_of("mode", MODES) or "light"


def documents(
    place: str,
    asked: Callable[[Visit], dict[str, Any]],
    name: Callable[[Visit], str],
    *,
    chart: Callable[..., Command[Any]],
    table: Callable[..., Command[Any]],
    export: Callable[..., Command[Any]],
) -> tuple[Document | Download, ...]:
    """The addresses below `place`.

    `asked` gives the fields that the three commands share, `name` what a file is called, without
    its ending.
    """

    def form(visit: Visit) -> ScreenFormat:
        return visit.one_of("format", FORMATS) or "csv"

    def file(visit: Visit, to: str) -> Command[Any]:
        written = {"to": to, "format": form(visit), "replace": True}
        return export(**asked(visit), mode=mode_of(visit), **written)

    return (
        Document(f"{place}/chart", lambda visit: chart(**asked(visit), mode=mode_of(visit))),
        Document(f"{place}/table", lambda visit: table(**asked(visit))),
        Download(f"{place}/content", file, lambda visit: f"{name(visit)}.{form(visit)}"),
    )
