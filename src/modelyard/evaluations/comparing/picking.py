"""The items of a comparison that are drawn, with what charts draw of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from modelyard.analysis.charts.compared import Compared, Left, most_of
from modelyard.evaluations import repository as evaluations
from modelyard.evaluations.commands import ShowScreen
from modelyard.evaluations.comparing import repository
from modelyard.evaluations.comparing.chart_commands import AboutComparisonPart
from modelyard.evaluations.comparing.resolving import resolved
from modelyard.evaluations.comparing.showing import shown_items
from modelyard.evaluations.comparing.types import ShownComparison, ShownItem
from modelyard.evaluations.explaining.keeping import OWN, find_kept
from modelyard.evaluations.screens import screen
from modelyard.evaluations.types import Evaluation
from modelyard.kernel.context import Context
from modelyard.runtime.types import PredictionType

R = TypeVar("R")
Content = dict[str, Any]


@dataclass(frozen=True)
class Picked:
    """The items that are neither hidden nor without numbers, in their order."""

    project: str
    prediction_type: PredictionType
    items: tuple[ShownItem, ...]

    def compared(self, contents: Mapping[str, Content]) -> list[Compared]:
        """Those that have a content, by their keys, as charts are given them."""
        return [
            Compared(each.name, each.role, each.dash, each.champion, contents[each.key])
            for each in self.items
            if each.key in contents
        ]

    def evaluation(self, context: Context, item: ShownItem) -> Evaluation:
        """The evaluation of an item."""
        with context.read() as db:
            return evaluations.get(db, self.project, item.evaluation or "")

    def screens(self, context: Context, name: str) -> tuple[list[Compared], Left]:
        """A screen of the first items that have it, and what is said of the others."""
        there = [each for each in self.items if name in each.screens]
        drawn = there[: most_of(name)]
        contents = {}
        for each in drawn:
            asked = ShowScreen(project=self.project, id=each.evaluation or "", screen=name)
            contents[each.key] = dict(
                screen(context, self.evaluation(context, each), asked).content
            )
        without = tuple(each.name for each in self.items if each not in there)
        return self.compared(contents), Left(without, len(there) - len(drawn))

    def importances(self, context: Context) -> tuple[str, str, list[Compared], Left]:
        """Importances of columns: how they are measured, of which metric, of which items.

        Where none was measured by permuting columns, what the models themselves say.
        """
        for name, read in ((PERMUTATION, _permuted), (OWN, _own)):
            found: dict[str, Content] = {}
            for each in self.items:
                if len(found) < most_of(name) and each.kind == "model":
                    kept = find_kept(context, self.evaluation(context, each), name)
                    if kept is not None:
                        found[each.key] = read(dict(kept))
            if found:
                without = tuple(each.name for each in self.items if each.key not in found)
                metrics = {str(each["metric"]) for each in found.values()}
                metric = metrics.pop() if len(metrics) == 1 else ""
                return name, metric, self.compared(found), Left(without)
        return PERMUTATION, "", [], Left()


PERMUTATION = "importance"


def pick(context: Context, asked: AboutComparisonPart[R], threshold: float | None = None) -> Picked:
    """Look the items up.

    Args:
        context: the workspace.
        asked: which comparison.
        threshold: at which their metrics are told; None: each at its own.

    Raises:
        NotFound: there is no such comparison.
    """
    with context.read() as db:
        comparison = repository.get(db, asked.project, asked.name)
        found = resolved(db, comparison)
    items = shown_items(context, comparison, found, threshold)
    seen = tuple(each for each in items if not each.hidden and each.evaluation is not None)
    return Picked(asked.project, comparison.prediction_type, seen)


def foremost(found: ShownComparison) -> str | None:
    """The challenger that does best, else the first one."""
    better = [each.key for each in found.challenges if each.verdict == "better"]
    return next(iter(better or [each.key for each in found.challenges]), None)


def _permuted(kept: Content) -> Content:
    return {name: kept[name] for name in ("metric", "column", "importance", "low", "high")}


def _own(kept: Content) -> Content:
    """The last effect: that of the positive class, where there are several."""
    values = kept["effects"][-1]["values"]
    none = [None] * len(values)
    return {
        "metric": "",
        "column": kept["features"][: len(values)],
        "importance": values,
        "low": none,
        "high": none,
    }
