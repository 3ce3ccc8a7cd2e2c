"""What drift analysis answers: of columns, all data together, predictions and performance."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from modelyard.analysis.types import Gaps, Metric, Numbers, Table
from modelyard.kernel.values import Value

ColumnKind = Literal["numeric", "categorical", "text"]
Outcome = Literal["stable", "look", "drifted", "unknown"]
ThresholdOrigin = Literal["default", "given", "reference"]
Change = Literal["better", "worse", "same", "unknown"]


Handling = Literal["numeric", "categorical", "text", "excluded"]


class DriftSettings(Value):
    """How two sides are compared."""

    bins: int = Field(default=10, ge=2, le=200, description="of numeric columns")
    confidence: float = Field(default=0.95, gt=0.5, lt=1, description="level of the intervals")
    level: float = Field(
        default=0.05, gt=0, lt=1, description="p-values below it are told as no chance"
    )
    handling: dict[str, Handling] = Field(
        default={}, description="by column, how to look at it instead of how it would be"
    )
    thresholds: dict[str, float] = Field(
        default={}, description="by test, from which statistic on a column counts as drifted"
    )
    false_alarms: float | None = Field(
        default=0.01,
        gt=0,
        lt=0.5,
        description="share of chunks of the reference itself that may be past a threshold; none: "
        "the tests' own thresholds",
    )
    false_alarms_of: Literal["column", "report"] = Field(
        default="column",
        description="whether each column may give so many, or all columns of a report together",
    )
    text: bool = Field(default=False, description="whether to look into columns of text")
    seed: int = Field(default=1337, ge=0, lt=2**32, description="another seed draws other rows")


class DriftTestResult(Value):
    """What one drift test says of one column: how far it moved, and whether that may be chance."""

    test: str = Field(description="name of the test, such as psi or ks")
    of: str | None = Field(
        default=None, description="class whose probability was tested, of predictions"
    )
    statistic: float | None = Field(default=None, description="size of the change, never negative")
    p_value: float | None = Field(
        default=None, description="of no change at all; None: the test has none"
    )
    corrected: float | None = Field(
        default=None, description="p-value corrected for the number of columns (Holm)"
    )
    threshold: float | None = Field(default=None, description="of the statistic")
    threshold_from: ThresholdOrigin = Field(
        default="default",
        description="the test's own, the settings, or chance: what chunks of the reference reach",
    )
    chance: float | None = Field(
        default=None,
        description="statistic that all but the allowed share of the reference's own chunks, as "
        "large as current, stay below",
    )
    exceeded: bool | None = Field(
        default=None, description="whether the statistic is past the threshold"
    )
    exact: bool = Field(
        default=True, description="False: from a stored profile, whose bins round the statistic"
    )
    reason: str | None = Field(default=None, description="why there is no statistic")
    note: str | None = Field(default=None, description="what the statistic does not tell")


class Shares(Table):
    """Shares of the rows of both sides, by bin of a numeric column or by category.

    The bins of missing, infinite and all other values stand among them under their names. Of the
    outermost ranges, low and high are the least and the greatest value of both sides.
    """

    bin: tuple[str, ...] = Field(description="category, or what a range is called")
    low: Gaps = Field(default=(), description="of numeric ranges, else none")
    high: Gaps = Field(default=(), description="of numeric ranges, else none")
    reference: Numbers
    current: Numbers
    change: Gaps = Field(
        default=(), description="in percent of the reference's share; none: that is zero"
    )


class ColumnDrift(Value):
    """How one column moved."""

    name: str
    kind: ColumnKind = Field(description="how it was looked at")
    found: ColumnKind = Field(description="how it would be looked at if nobody said otherwise")
    reference_rows: int = 0
    current_rows: int = 0
    reference_missing: float | None = Field(default=None, description="share of the rows")
    current_missing: float | None = None
    missing_p_value: float | None = Field(
        default=None, description="of equal shares of missing values"
    )
    tests: tuple[DriftTestResult, ...] = ()
    shares: Shares | None = None
    new: tuple[str, ...] = Field(
        default=(), description="categories of current alone, the commonest first, at most 20"
    )
    gone: tuple[str, ...] = Field(
        default=(), description="categories of the reference alone, the commonest first, at most 20"
    )
    new_share: float | None = Field(
        default=None, description="of current's rows that hold new categories"
    )
    types_differ: bool = Field(
        default=False, description="whether both sides hold values that cannot be compared"
    )
    by_profile: bool = Field(
        default=False,
        description="whether it was compared with the stored profile of the reference; else with "
        "its rows",
    )
    outcome: Outcome = "unknown"
    why: str | None = Field(default=None, description="what the outcome rests on, or why none")
    drift_importance: float | None = Field(
        default=None, description="share of what tells both sides apart that is this column's"
    )
    model_importance: float | None = Field(
        default=None, description="share of the model's importance that is this column's"
    )


class GlobalDrift(Value):
    """How well a classifier tells rows of both sides apart: 0.5 is not at all.

    Rows of both sides are as many; each row is judged by a classifier that did not learn from it.
    Where many rows hold the same, it learned from earlier folds alone, and the first is not judged.
    """

    accuracy: Metric
    p_value: float | None = Field(
        default=None, description="one-sided binomial test of accuracy at most 0.5"
    )
    level: float = 0.05
    detected: bool | None = Field(default=None, description="whether p is below the level")
    auc: Metric
    rows: int = Field(default=0, description="of both sides together")
    judged: int = Field(default=0, description="rows that were judged")
    folds: int = 0
    columns: tuple[str, ...] = Field(default=(), description="that it learned from")
    left_out: dict[str, str] = Field(default={}, description="columns it did not, with the reason")
    importance: dict[str, float] = Field(
        default={}, description="by column, shares that sum to one, the largest first"
    )
    reason: str | None = Field(default=None, description="why there is no result")
    note: str | None = Field(default=None, description="what the result does not tell")


class EmbeddingDrift(Value):
    """How texts moved as vectors of numbers."""

    embedding: str = Field(description="name of what makes vectors of texts")
    distance: float | None = Field(default=None, description="Euclidean, of the mean vectors")
    cosine: float | None = Field(
        default=None, description="cosine similarity of the mean vectors: 1 where they agree"
    )
    auc: Metric | None = Field(
        default=None, description="of a classifier that tells both sides' vectors apart"
    )
    reason: str | None = Field(default=None, description="why there is no result")


class TextDrift(Value):
    """How a column of texts moved."""

    name: str
    rows: int = Field(default=0, description="of each side that were looked at")
    length: DriftTestResult | None = Field(
        default=None, description="KS distance of the numbers of characters"
    )
    reference_length: float | None = Field(default=None, description="mean, in characters")
    current_length: float | None = None
    reference_unknown: Metric | None = Field(
        default=None,
        description="share of the words in half of the reference's texts that the other half "
        "does not have",
    )
    current_unknown: Metric | None = Field(
        default=None, description="share of the words in current's texts that this half lacks"
    )
    unknown: Metric | None = Field(default=None, description="current minus reference")
    new_words: tuple[str, ...] = Field(
        default=(),
        description="in the most texts of current, and in none of the reference; at most 20",
    )
    accuracy: Metric | None = Field(
        default=None, description="of a classifier that tells both sides' texts apart by words"
    )
    auc: Metric | None = None
    p_value: float | None = Field(
        default=None, description="one-sided binomial test of accuracy at most 0.5"
    )
    embedding: EmbeddingDrift | None = None
    reason: str | None = Field(default=None, description="why there is no result")


class Density(Table):
    """Densities of a predicted number or probability on both sides."""

    value: Numbers
    reference: Numbers
    current: Numbers


class PredictionDrift(Value):
    """How predictions moved; no truth is needed."""

    tests: tuple[DriftTestResult, ...] = Field(
        default=(),
        description="PSI and chi-square of classes; PSI, KS and Wasserstein of numbers; PSI and KS "
        "of the probability of each class",
    )
    shares: Shares | None = Field(
        default=None,
        description="of each predicted class, or of each tenth of the reference's predictions",
    )
    densities: dict[str, Density] = Field(
        default={}, description="of probabilities by class; of numbers under 'prediction'"
    )
    by_profile: bool = Field(
        default=False,
        description="whether they were compared with the stored profile of the reference's; else "
        "with the reference's own",
    )
    outcome: Outcome = "unknown"
    why: str | None = Field(default=None, description="what the outcome rests on")
    reason: str | None = Field(default=None, description="why there is no result")


class MetricChange(Value):
    """A metric of both sides, and its change with an interval."""

    code: str
    reference: Metric
    current: Metric
    difference: Metric = Field(description="current minus reference")
    change: Change = Field(
        default="unknown", description="better or worse if the interval excludes zero"
    )


class PerformanceDrift(Value):
    """How performance moved; both sides need a truth."""

    metrics: tuple[MetricChange, ...] = ()
    outcome: Outcome = "unknown"
    reason: str | None = Field(default=None, description="why there is no result")


ASSUMED = (
    "truth depends on what the model is given as it did in the reference; a change of that cannot "
    "be seen without a truth"
)


class Expected(Value):
    """What performance is to be expected of current, without its truth."""

    method: Literal["confidence", "loss"] = Field(
        description="from calibrated probabilities, or from a model of the loss"
    )
    metrics: tuple[Metric, ...] = Field(
        default=(), description="with limits that should hold what comes true of these rows"
    )
    assumes: str = Field(default=ASSUMED, description="what cannot be seen without a truth")
    realised: tuple[Metric, ...] = Field(default=(), description="where current has a truth")
    errors: dict[str, float] = Field(
        default={}, description="by metric: mean absolute error on the reference's own chunks"
    )
    trusted: bool = True
    doubts: tuple[str, ...] = Field(default=(), description="why it cannot be trusted")
    reason: str | None = Field(default=None, description="why there is no result")


class Contribution(Value):
    """What of a change is one column's."""

    column: str
    mix: Metric = Field(description="because its values are mixed otherwise")
    relation: Metric = Field(description="because within them the model does otherwise")


class Why(Value):
    """A change of a metric, split: the data are mixed otherwise, or the model does otherwise."""

    code: str
    reference: float | None = None
    current: float | None = None
    mix: Metric | None = Field(default=None, description="the change that the mix explains")
    relation: Metric | None = Field(default=None, description="the rest of the change")
    columns: tuple[Contribution, ...] = Field(default=(), description="the largest first")
    doubts: tuple[str, ...] = ()
    reason: str | None = Field(default=None, description="why there is no result")


class Verdict(Value):
    """What the figures of a comparison come to, in sentences."""

    outcome: Outcome = Field(
        description="'drifted': something that matters moved; 'look': something moved; 'unknown': "
        "too little could be computed"
    )
    headline: str = Field(description="one sentence")
    details: tuple[str, ...] = Field(default=(), description="sentences: the sizes and the doubts")
