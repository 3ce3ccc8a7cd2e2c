"""What one can ask of comparisons."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from modelyard.evaluations.comparing.types import (
    Colour,
    ComparedInformation,
    ComparedSlices,
    Comparison,
    ComparisonSummary,
    ItemText,
    ShownComparison,
)
from modelyard.kernel.command import ProjectCommand
from modelyard.kernel.paging import Paged
from modelyard.kernel.values import EMPTIED, Description, Name, OneLine
from modelyard.runtime.types import PredictionType

NAME = "name of the comparison"
ITEMS = "MODEL:VERSION, or ids of evaluations"
MOST_ITEMS = 500


class CreateComparison(ProjectCommand[Comparison]):
    """Create a comparison of versions and evaluations that predict the same.

    A version stands for its own evaluation: the first one of it that is in no store. The champion,
    which the others challenge, is the active version where it is among them.
    """

    needs = "evaluations:write"
    route = "POST /comparisons"
    arguments = ("name",)

    name: Name = Field(description="unique name inside the project", examples=["autumn"])
    items: tuple[ItemText, ...] = Field(
        default=(),
        max_length=MOST_ITEMS,
        description=ITEMS,
        examples=[["churn:v1", "churn:v2"]],
    )
    champion: ItemText | None = Field(
        default=None, description="one of the items  [the active version, if it is one of them]"
    )
    prediction_type: PredictionType | None = Field(
        default=None, description="what all items predict  [that of the first item]"
    )
    description: Description = Field(default="", description="one line for people")

    @model_validator(mode="after")
    def _has_a_type(self) -> Self:
        if not self.items and self.prediction_type is None:
            raise ValueError("give --items, or --prediction-type for a comparison without any")
        return self


class ListComparisons(ProjectCommand[list[ComparisonSummary]], Paged):
    """List the comparisons of a project by name."""

    needs = "evaluations:read"
    route = "GET /comparisons"


class ShowComparison(ProjectCommand[ShownComparison]):
    """Show a comparison: metrics with intervals, and whether differences are real.

    Each item is told beside the champion, or beside the first one where there is none. Where both
    were evaluated on the same rows, differences are tested row by row; what was found is kept, so
    that only the first look takes long.
    """

    needs = "evaluations:read"
    route = "GET /comparisons/{name}"
    arguments = ("name",)

    name: Name = Field(description=NAME)
    threshold: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="binary: all at this one threshold  [each at that of its evaluation]",
    )
    seconds: float | None = Field(
        default=None,
        ge=0,
        description="compare for at most this long and tell what is waiting  [until all is told]",
    )


class UpdateComparison(ProjectCommand[Comparison]):
    """Change a comparison, or how its items are called, ordered and drawn; the rest stays."""

    needs = "evaluations:write"
    route = "PATCH /comparisons/{name}"
    guarded = True
    arguments = ("name",)

    name: Name = Field(description=NAME)
    rename: Name | None = Field(default=None, description="a new name of the comparison")
    description: Description | None = Field(default=None, description="one line for people")
    champion: Annotated[ItemText | None, EMPTIED] = Field(
        default=None, description="key of the item that others challenge; empty: none"
    )
    order: tuple[ItemText, ...] = Field(
        default=(),
        max_length=MOST_ITEMS,
        description="keys of the items that come first, in this order; the others follow",
    )
    hide: tuple[ItemText, ...] = Field(
        default=(), max_length=MOST_ITEMS, description="keys of items to leave out of all screens"
    )
    unhide: tuple[ItemText, ...] = Field(
        default=(), max_length=MOST_ITEMS, description="keys of items to show again"
    )
    call: dict[ItemText, OneLine] = Field(
        default={},
        max_length=MOST_ITEMS,
        description="names of items in this comparison by their keys; an empty one: their own",
        examples=[{"churn:v2": "with fares"}],
    )
    colour: dict[ItemText, Colour] = Field(
        default={}, max_length=MOST_ITEMS, description="colours of items by their keys"
    )
    reset_colours: bool = Field(default=False, description="give all items the colours they had")


class AddItems(ProjectCommand[Comparison]):
    """Add versions or evaluations to a comparison; they come last."""

    needs = "evaluations:write"
    route = "POST /comparisons/{name}/items"
    arguments = ("name", "items")

    name: Name = Field(description=NAME, examples=["autumn"])
    items: tuple[ItemText, ...] = Field(
        min_length=1, max_length=MOST_ITEMS, description=ITEMS, examples=[["churn:v3"]]
    )


class RemoveItems(ProjectCommand[Comparison]):
    """Take items out of a comparison; versions and evaluations stay as they are."""

    needs = "evaluations:write"
    route = "POST /comparisons/{name}/items/remove"
    arguments = ("name", "items")

    name: Name = Field(description=NAME, examples=["autumn"])
    items: tuple[ItemText, ...] = Field(
        min_length=1,
        max_length=MOST_ITEMS,
        description="keys of items",
        examples=[["churn:v3"]],
    )


class CompareSlices(ProjectCommand[ComparedSlices]):
    """Tell a metric of all items by the groups of a column: where each wins and loses.

    Groups are those of `evaluations slices`. Items on other rows than the champion are left out.
    """

    needs = "evaluations:read"
    route = "GET /comparisons/{name}/slices"
    arguments = ("name",)

    name: Name = Field(description=NAME)
    by: str = Field(description="column whose values make the groups", examples=["plan"])
    metric: str | None = Field(
        default=None, description="code of the metric  [auc, mrocAUC or r2, else the first one]"
    )
    threshold: float | None = Field(
        default=None, ge=0, le=1, description="binary: all at this one threshold"
    )


class CompareInformation(ProjectCommand[ComparedInformation]):
    """Show what is known of the models of a comparison, with marks where they differ.

    Importances of features are those that were measured (`evaluations importance`), and what the
    models themselves say (`versions importances`).
    """

    needs = "evaluations:read"
    route = "GET /comparisons/{name}/information"
    arguments = ("name",)

    name: Name = Field(description=NAME)


class DeleteComparison(ProjectCommand[None]):
    """Delete a comparison; versions and evaluations stay as they are."""

    needs = "evaluations:write"
    route = "DELETE /comparisons/{name}"
    guarded = True
    arguments = ("name",)

    name: Name = Field(description=NAME)
