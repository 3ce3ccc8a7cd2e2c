"""The words of comparisons: items, champion, differences, warnings, what all of it says."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from modelyard.analysis.group_types import Group
from modelyard.analysis.paired.types import Decisions, MetricDifference, PairedVerdict
from modelyard.analysis.types import Metric
from modelyard.evaluations.comparing.chart_types import Drawing
from modelyard.evaluations.types import Kind, ThresholdFrom
from modelyard.kernel.values import Name, OneLine, Value
from modelyard.models.types import VersionId
from modelyard.runtime.types import PredictionType

ITEM_PATTERN = r"^([A-Za-z0-9][A-Za-z0-9._-]{0,126}:)?[A-Za-z0-9][A-Za-z0-9._-]{0,126}$"
ItemText = Annotated[str, StringConstraints(pattern=ITEM_PATTERN)]
"""MODEL:VERSION, or the id of an evaluation."""

Colour = Literal[
    "champion",
    "challenger-1",
    "challenger-2",
    "challenger-3",
    "model",
    "current",
    "ink",
    "reference",
]
"""Roles of the theme of charts, in turn; the first one is the champion's."""


class ComparisonItem(Value):
    """What is kept of one of the things that are compared."""

    key: str = Field(description="as it was given: MODEL:VERSION, or the id of an evaluation")
    name: OneLine = Field(default="", description="in this comparison; empty: that of the thing")
    colour: Colour | None = Field(default=None, description="None: by its place")
    hidden: bool = False

    @property
    def version(self) -> tuple[str, str] | None:
        """Its model and version; none: it is an evaluation."""
        model, colon, version = self.key.partition(":")
        return (model, version) if colon else None


class Comparison(Value):
    """Versions and evaluations of one prediction type, side by side."""

    project: str
    name: Name
    description: str = ""
    prediction_type: PredictionType
    items: tuple[ComparisonItem, ...] = Field(default=(), description="in their order")
    champion: str | None = Field(default=None, description="key of the item that others challenge")
    created: datetime
    created_by: str | None = None
    changed: datetime


class ComparisonSummary(Value):
    """One line of a list of comparisons."""

    listed = ("name", "prediction_type", "items", "champion", "changed", "description")

    project: str
    name: Name
    description: str = ""
    prediction_type: PredictionType
    items: int = Field(description="how many there are")
    champion: str | None = Field(default=None, description="its key")
    created: datetime
    created_by: str | None = None
    changed: datetime


class ShownItem(Value):
    """One of the things that are compared, and what its evaluation says.

    `role` and `dash` are what charts draw it by: a colour role of the theme, and the place of its
    dash, which tells those of one colour apart.
    """

    key: str
    name: str = Field(description="what it is called here; no two items have the same")
    role: Colour
    dash: int = Field(description="0: solid")
    champion: bool
    hidden: bool
    model: Name | None = None
    version: VersionId | None = None
    active: bool = Field(default=False, description="whether it is the active version of its model")
    evaluation: str | None = Field(
        default=None,
        description="id of the evaluation whose numbers these are; of a version that which drift "
        "takes for its own",
    )
    evaluation_name: str | None = None
    kind: Kind | None = None
    gone: str | None = Field(default=None, description="why there are no numbers")
    dataset: str | None = None
    fingerprint: str | None = None
    rows: int | None = Field(default=None, description="that were used")
    threshold: float | None = None
    threshold_from: ThresholdFrom | None = None
    metrics: dict[str, Metric] = Field(default={}, description="with intervals, by their codes")
    screens: tuple[str, ...] = Field(default=(), description="that evaluations screen shows of it")
    evaluated: datetime | None = None


class Challenge(Value):
    """An item beside the champion, or beside the first item where there is none.

    Differences are the item's metrics minus those of `against`. On other rows they have intervals,
    but no test and no verdict.
    """

    key: str
    against: str = Field(description="key of the champion or the first item")
    paired: bool = Field(description="whether both were evaluated on the same rows")
    not_paired: str | None = Field(default=None, description="why not, in a sentence")
    rows: int | None = Field(default=None, description="that both were evaluated on")
    told: tuple[str, ...] = Field(
        default=(), description="codes of the metrics in title and detail, the first one foremost"
    )
    verdict: PairedVerdict = Field(description="on the first of them")
    differences: tuple[MetricDifference, ...] = ()
    decisions: Decisions | None = None
    title: str = Field(description="what the numbers say, in a sentence")
    detail: str = Field(description="on what it rests, and what would settle the rest")


class ComparisonWarning(Value):
    """Why numbers of these items may not be compared as they stand."""

    code: Literal[
        "gains", "lift_share", "threshold", "dataset", "averaging", "positive", "confidence", "gone"
    ]
    title: str
    detail: str


class ComparisonVerdict(Value):
    """What all of it comes to."""

    title: str
    detail: str


class ShownComparison(Drawing):
    """A comparison with all its numbers.

    Args:
        items: all, also hidden ones, in their order.
        challenges: one for each item that has numbers and is neither hidden nor compared with.
    """

    description: str = ""
    prediction_type: PredictionType
    champion: str | None = Field(default=None, description="key of an item")
    against: str | None = Field(
        default=None, description="key of the item that others are told beside"
    )
    threshold: float | None = Field(
        default=None, description="that all are told at; None: each at its own"
    )
    items: tuple[ShownItem, ...]
    codes: tuple[str, ...] = Field(description="of all metrics that any of them has, in order")
    challenges: tuple[Challenge, ...]
    waiting: tuple[str, ...] = Field(
        default=(), description="keys of items for which the seconds that were given were too few"
    )
    warnings: tuple[ComparisonWarning, ...] = ()
    verdict: ComparisonVerdict
    created: datetime
    created_by: str | None = None
    changed: datetime


class SliceValue(Value):
    """A metric of one item on one group, and how far it is from the champion's there."""

    key: str
    metric: Metric | None = Field(default=None, description="None: fewer rows than are told")
    difference: MetricDifference | None = Field(
        default=None, description="None: it is the one compared with, or not on the same rows"
    )


class ComparedGroup(Value):
    """A group of rows, as each item does on it."""

    group: Group
    rows: int
    values: tuple[SliceValue, ...] = Field(description="of the items, in their order")


class ComparedSlices(Value):
    """A metric of all items by the groups of a column.

    Verdicts of groups are corrected by Holm for the number of groups.
    """

    name: Name = Field(description="of the comparison")
    column: str
    metric: str = Field(description="its code")
    against: str | None = Field(description="key of the item that others are told beside")
    items: tuple[str, ...] = Field(description="keys of those that are told, in their order")
    names: tuple[str, ...] = Field(description="what they are called")
    groups: tuple[ComparedGroup, ...]
    left_out: dict[str, str] = Field(
        default={}, description="keys of items that are not told or not compared, and why"
    )
    sentences: tuple[str, ...] = Field(description="where each item wins and loses")


class ComparedFact(Value):
    """A fact of the models, side by side."""

    section: str
    name: str
    values: tuple[str | None, ...] = Field(description="of the items in their order; None: unknown")
    differs: bool = Field(description="whether any is other than that of the one compared with")
    differing: tuple[bool, ...] = Field(description="which of them are")


class ComparedImportance(Value):
    """A feature's weight in each model."""

    feature: str
    values: tuple[float | None, ...] = Field(description="of the items in their order")


class ComparedImportances(Value):
    """What features weigh, side by side, those first that weigh most anywhere."""

    measure: Literal["permutation", "own"] = Field(
        description="permutation: how much worse the metric gets without the column; own: what the "
        "models themselves say"
    )
    metric: str | None = Field(default=None, description="code of the metric that gets worse")
    features: tuple[ComparedImportance, ...]
    without: dict[str, str] = Field(
        default={}, description="keys of items that have none, and how to get them"
    )


class ComparedInformation(Value):
    """What is known of the models that are compared, with the rows marked that differ."""

    name: Name = Field(description="of the comparison")
    against: str | None = Field(description="key of the item that others are told beside")
    items: tuple[str, ...] = Field(description="keys of those that are shown, in their order")
    names: tuple[str, ...] = Field(description="what they are called")
    facts: tuple[ComparedFact, ...]
    importances: tuple[ComparedImportances, ...] = ()
