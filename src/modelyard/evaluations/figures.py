"""What an evaluation tells of scored rows: metrics, screens, slices, the threshold."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from pydantic import BaseModel, JsonValue

from modelyard.analysis.group_types import Slices
from modelyard.analysis.grouping import Grouping
from modelyard.analysis.types import Intake, Metric
from modelyard.evaluations.asked_types import ThresholdMetric
from modelyard.evaluations.types import ThresholdFrom

Content = BaseModel | dict[str, JsonValue]
LABELS_ONLY = "what is predicted are labels without probabilities"


@dataclass(frozen=True)
class Threshold:
    """From which score the positive class is predicted.

    Args:
        value: the threshold; none: the model gives labels only, or has other classes or none.
        origin: where it comes from.
        optimise: the metric for which a better one is to be looked for among the rows.
    """

    value: float | None = None
    origin: ThresholdFrom = "none"
    optimise: ThresholdMetric | None = None


class Figures(Protocol):
    """All numbers of one prediction type; each is computed when it is asked for."""

    threshold: Threshold

    @property
    def intake(self) -> Intake:
        """Which rows were used."""

    def metrics(self) -> tuple[Metric, ...]:
        """All metrics of the prediction type, in their order."""

    def screens(self, names: Collection[str] | None = None) -> dict[str, Content]:
        """Screens by name.

        Args:
            names: those that are asked for; None: all that there are.
        """

    def slices(self, column: str, grouping: Grouping, code: str | None = None) -> Slices:
        """Metrics of each group of a column's values.

        Args:
            column: its name.
            grouping: of all rows that came.
            code: of the only metric that is told; None: all of them.
        """
