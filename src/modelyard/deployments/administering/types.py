"""The words of administering API nodes."""

from __future__ import annotations

from modelyard.analysis.activity_types import ActivityChart
from modelyard.analysis.charts.types import Drawn
from modelyard.kernel.values import Name


class ActivityDrawn(Drawn):
    """A chart of what a service answered, or why there is none."""

    node: Name
    service: Name
    chart: ActivityChart
