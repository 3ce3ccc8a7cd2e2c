"""The words of charts and tables of evaluations."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any, ClassVar, Literal

from pydantic import Field

from modelyard import errors
from modelyard.analysis.charts.types import Drawn, Mode
from modelyard.kernel.asking import Asking
from modelyard.kernel.values import Value

ScreenFormat = Literal["svg", "png", "html", "json", "csv"]
Cell = bool | int | float | str | None
ENDINGS: dict[str, ScreenFormat] = {
    ".svg": "svg",
    ".png": "png",
    ".html": "html",
    ".htm": "html",
    ".json": "json",
    ".csv": "csv",
}
NOTEBOOK_WIDTH = 560


def frame_of(columns: Sequence[str], rows: Sequence[tuple[Cell, ...]]) -> Any:
    """Rows as a pandas DataFrame.

    Raises:
        Unsupported: pandas is not installed.
    """
    try:
        pandas = import_module("pandas")
    except ImportError as exc:
        raise errors.Unsupported(
            "frames need pandas, which is not installed; `columns` and `rows` hold the same"
        ) from exc
    return pandas.DataFrame(list(rows), columns=list(columns))


class ScreenTable(Value):
    """The numbers of a screen, one row per point."""

    evaluation: str
    screen: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def frame(self) -> Any:
        """The rows as a pandas DataFrame.

        Raises:
            Unsupported: pandas is not installed.
        """
        return frame_of(self.columns, self.rows)


class InNotebook(Drawn):
    """A chart that a notebook shows."""

    @property
    def chart(self) -> Any:
        """The Altair chart, to change it or lay it beside others; as wide as in a notebook.

        Raises:
            Unsupported: there is nothing to draw.
        """
        if self.spec is None:
            raise errors.Unsupported(self.description)
        altair = import_module("altair")
        return altair.LayerChart.from_dict({**self.titled(), "width": NOTEBOOK_WIDTH})

    def _repr_mimebundle_(self, **given: Any) -> Any:
        """What notebooks ask for: the chart as Altair's renderer shows it, and its description."""
        told = {"text/plain": self.description}
        if self.spec is None:
            return told
        shown = self.chart._repr_mimebundle_(**given)
        bundle, *rest = shown if isinstance(shown, tuple) else (shown,)
        return ({**bundle, **told}, *rest) if rest else {**bundle, **told}


class Chart(InNotebook, Asking):
    """A screen as a chart; a notebook shows it."""

    asked: ClassVar[tuple[str, ...]] = (
        *("screen", "threshold", "label", "by", "group"),
        *("reference", "outcome"),
    )

    evaluation: str
    project: str
    screen: str
    threshold: float | None = Field(default=None, description="another than the evaluation's")
    label: str | None = Field(default=None, description="the class that alone is drawn")
    by: str | None = Field(default=None, description="the column of the groups, or of the slice")
    group: str | None = Field(default=None, description="of that column: the slice that it is of")
    reference: str | None = Field(default=None, description="of fairness: as it was asked for")
    outcome: str | None = Field(default=None, description="of fairness: as it was asked for")
    mode: Mode

    def table(self) -> ScreenTable:
        """Its numbers."""
        asked = {name: getattr(self, name) for name in self.asked}
        found: ScreenTable = self.giver.evaluations.table(
            id=self.evaluation, project=self.project, **asked
        )
        return found

    def frame(self) -> Any:
        """Its numbers as a pandas DataFrame."""
        return self.table().frame()


class ExportedScreen(Value):
    """A screen as a file of the caller's."""

    evaluation: str
    screen: str
    format: ScreenFormat
    size: int = Field(description="in bytes")


class ReportedEvaluation(Value):
    """A report that was written."""

    evaluation: str
    screens: int = Field(description="how many are in it")
    slices: tuple[str, ...] = Field(description="columns whose slices are in it")
    residuals: tuple[str, ...] = Field(default=(), description="columns whose residuals are")
    fairness: tuple[str, ...] = Field(default=(), description="columns whose fairness is")
    explanations: tuple[str, ...] = Field(default=(), description="names of those that are")
    size: int = Field(description="in bytes")
