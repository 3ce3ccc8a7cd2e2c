"""What charts are about, and what they answer."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, JsonValue

from modelyard.kernel.values import Value

Mode = Literal["light", "dark"]
Content = dict[str, Any]


class Subject(Value):
    """The words and settings that a chart needs besides its numbers."""

    target: str = "truth"
    positive: str = Field(default="the positives", description="as sentences name them")
    negative: str = "the negatives"
    labels: tuple[str, str] = Field(
        default=("positive", "negative"), description="of the positive and the negative class"
    )
    threshold: float | None = None
    confidence: float = 0.95
    weighted: bool = Field(default=False, description="rows are counted by their weights")


class Drawn(Value):
    """A chart, or why there is none."""

    title: str
    note: str = Field(default="", description="the number that sums it up, with its interval")
    description: str = Field(description="what is to be seen, in one sentence")
    reason: str | None = Field(default=None, description="why there is nothing to draw")
    spec: dict[str, JsonValue] | None = Field(
        default=None, description="Vega-Lite; as wide as what it stands in"
    )

    def titled(self) -> dict[str, Any]:
        """The spec, which says itself what it is."""
        title: Any = {"text": self.title, "subtitle": self.note} if self.note else self.title
        return {**(self.spec or {}), "title": title}


class NothingToDraw(ValueError):
    """A screen has no numbers that could be drawn; the message says why."""
