"""How the fields of an item are laid out: cards and tables, one inside another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from modelyard.governance.templates.conditions import Condition
from modelyard.governance.templates.fields import Help
from modelyard.kernel.values import OneLine, Value, Variable

MOST_PARTS = 300
DEEPEST = 4
"""Containers inside one another, the view itself counted."""


def _kind(given: Any) -> str:
    return "?field" if isinstance(given, str) else "?container"


class Container(Value):
    """Fields and further containers, side by side in columns, or as the rows of a table."""

    title: OneLine = ""
    help: Help = Field(default="", description="Markdown, without headings, pictures and HTML")
    layout: Literal["card", "table"] = "card"
    columns: int = Field(default=1, ge=1, le=4, description="of a card: parts side by side")
    headings: tuple[OneLine, ...] = Field(
        default=(), max_length=6, description="of a table: one for each column"
    )
    visible_if: Condition | None = None
    parts: tuple[Part, ...] = Field(
        min_length=1,
        max_length=MOST_PARTS,
        description="ids of fields, and containers; in a table each is a row",
    )

    @model_validator(mode="after")
    def _fits_its_layout(self) -> Self:
        if self.layout == "card" and self.headings:
            raise ValueError("headings are for the layout table")
        if self.layout == "table" and self.columns != 1:
            raise ValueError("a table has a column for each field of its longest row, no columns")
        return self

    @property
    def fields(self) -> Iterator[str]:
        """The ids of all fields in it, and in what it holds, in order."""
        for part in self.parts:
            if isinstance(part, Container):
                yield from part.fields
            else:
                yield part

    def narrowed(
        self, keeps: Callable[[str], bool], holds: Callable[[Container], bool]
    ) -> Self | None:
        """It with only the fields and containers that are kept; None: nothing is left of it."""
        if not holds(self):
            return None
        parts: list[Any] = []
        for part in self.parts:
            if isinstance(part, Container):
                parts += filter(None, [part.narrowed(keeps, holds)])
            elif keeps(part):
                parts.append(part)
        return self.model_copy(update={"parts": tuple(parts)}) if parts else None


Part = Annotated[
    Annotated[Variable, Tag("?field")] | Annotated[Container, Tag("?container")],
    Discriminator(_kind),
]


class View(Container):
    """How what a step asks for is laid out; of no step: what is read above all steps."""

    id: Variable
    step: Variable | None = Field(default=None, description="whose fields it lays out")
