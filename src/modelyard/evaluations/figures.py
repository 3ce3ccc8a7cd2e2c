"""What an evaluation tells of scored rows: metrics, screens, the threshold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import BaseModel, JsonValue

from modelyard.analysis.types import Intake, Metric
from modelyard.evaluations.types import ThresholdFrom

Content = BaseModel | dict[str, JsonValue]
LABELS_ONLY = "the model gives labels without probabilities"


@dataclass(frozen=True)
class Figures:
    """All numbers of an evaluation, before it is kept."""

    intake: Intake | None = None
    metrics: tuple[Metric, ...] = ()
    screens: Mapping[str, Content] = field(default_factory=dict)
    threshold: float | None = None
    threshold_from: ThresholdFrom = "none"
