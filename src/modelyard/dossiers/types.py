"""The words of model cards, and of metrics over versions."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field

from modelyard.analysis.charts.types import Drawn
from modelyard.evaluations.charting.types import InNotebook
from modelyard.governance.items.ids import ItemId
from modelyard.governance.policies.evidence import CardPart
from modelyard.kernel.values import Value

CardFormat = Literal["markdown", "html", "docx"]
ENDINGS: dict[str, CardFormat] = {
    ".md": "markdown",
    ".markdown": "markdown",
    ".html": "html",
    ".htm": "html",
    ".docx": "docx",
}


class CardText(Value):
    """What somebody wrote."""

    text: str
    source: str = Field(description="where it stands")


class CardFact(Value):
    """A fact in a line."""

    name: str
    value: str


class CardTable(Value):
    """A table of a card, in words."""

    title: str = ""
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left_out: int = Field(default=0, description="rows that it has besides")


class CardSection(Value):
    """A part of a card, with a title."""

    listed: ClassVar = ("title", "facts", "tables", "missing")

    name: str
    title: str
    texts: tuple[CardText, ...] = ()
    facts: tuple[CardFact, ...] = ()
    tables: tuple[CardTable, ...] = ()
    charts: tuple[Drawn, ...] = ()
    missing: tuple[str, ...] = Field(default=(), description="what it does not tell, in sentences")

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to tell, and nothing missing."""
        return not (self.texts or self.facts or self.tables or self.charts or self.missing)


class CardField(Value):
    """A field that a complete card has."""

    listed: ClassVar = ("part", "there", "advice")

    part: CardPart
    title: str
    there: bool
    advice: str = Field(default="", description="how it is filled in, where it is missing")


class Card(Value):
    """The model card of a version, or of a saved model: then of its active version."""

    item: ItemId
    title: str
    version: ItemId = Field(description="that it is about")
    summary: str = Field(default="", description="what it is, in a line")
    digest: str = Field(description="of the item, to which approvals are bound")
    files: str = Field(description="digest of the version's files")
    filled: int = Field(description="fields that are there")
    fields: tuple[CardField, ...] = Field(description="that a complete card has")
    header: dict[str, str | tuple[str, ...]] = Field(
        default={}, description="metadata as on the Hugging Face hub"
    )
    sections: tuple[CardSection, ...]

    @property
    def complete(self) -> bool:
        """Whether no field is missing."""
        return self.filled == len(self.fields)

    @property
    def standing(self) -> str:
        """How complete it is, in words."""
        missing = ", ".join(each.title.lower() for each in self.fields if not each.there)
        said = f"{self.filled} of {len(self.fields)} fields"
        return f"{said}; missing: {missing}" if missing else said


class WrittenCard(Value):
    """A model card that was written to a file."""

    listed: ClassVar = ("item", "version", "format", "size", "filled", "of", "missing")

    item: ItemId
    version: ItemId = Field(description="that it is about")
    format: CardFormat
    size: int = Field(description="bytes")
    sha256: str
    filled: int = Field(description="fields that are there")
    of: int = Field(description="fields that a complete card has")
    missing: tuple[CardPart, ...] = ()


class VersionMetric(Value):
    """A metric of a version, as the newest evaluation tells it that has it."""

    version: str
    value: float
    low: float | None = Field(default=None, description="where its interval begins")
    high: float | None = None
    evaluation: str = Field(description="id of the evaluation")
    name: str = Field(description="of the evaluation")
    store: str | None = Field(default=None, description="that it is in")
    created: datetime


class VersionMetrics(Value):
    """A metric over the versions of a model, in the order in which they came."""

    model: ItemId
    metric: str = Field(description="its code; empty: no evaluation tells any")
    dataset: str = Field(description="on which it was measured; empty: on none that has a name")
    points: tuple[VersionMetric, ...] = ()
    left_out: int = Field(default=0, description="versions without it on this dataset")
    metrics: tuple[str, ...] = Field(default=(), description="codes of those that there are")
    datasets: tuple[str, ...] = Field(default=(), description="on which it was measured at all")


class MetricsChart(InNotebook):
    """A metric over versions, as a chart."""

    model: ItemId
    metric: str = Field(description="its code")


class ExportedMetrics(Value):
    """A file of a metric over versions."""

    model: ItemId
    metric: str
    points: int
    size: int = Field(description="in bytes")
