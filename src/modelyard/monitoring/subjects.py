"""What a check may look at: an evaluation, those before it, its reference, its drift."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from modelyard import errors
from modelyard.analysis.names import LOWER_IS_BETTER, name_of
from modelyard.analysis.types import Metric
from modelyard.evaluations.access import (
    DriftSummary,
    Reference,
    evaluations_before,
    newest_drift,
    reference_for,
)
from modelyard.evaluations.types import Evaluation, EvaluationSummary
from modelyard.kernel.context import Context


@dataclass(frozen=True)
class Subject:
    """An evaluation that is checked; what lies around it is read when it is asked for."""

    context: Context
    evaluation: Evaluation

    @cached_property
    def before(self) -> list[EvaluationSummary]:
        """The evaluations of its store that were made before it, the oldest first."""
        with self.context.read() as db:
            return evaluations_before(db, self.evaluation)

    @cached_property
    def reference(self) -> Reference | None:
        """What it is compared with."""
        return reference_for(self.context, self.evaluation)

    @cached_property
    def drift(self) -> DriftSummary | None:
        """Its newest drift report."""
        with self.context.read() as db:
            return newest_drift(db, self.evaluation)

    def metric(self, code: str) -> Metric:
        """A metric of it; one without a value says why there is none."""
        found = self.evaluation.metrics.get(code)
        if found is not None:
            return found
        missing = errors.NotFound.among("metric", code, self.evaluation.metrics).detail
        return Metric(code=code, reason=self.evaluation.no_metrics or missing)

    def is_lower_better(self, code: str) -> bool:
        """Whether a metric falls as it gets better."""
        own = {each.name: each for each in self.evaluation.custom_metrics}
        return not own[code].greater_is_better if code in own else code in LOWER_IS_BETTER

    def called(self, code: str) -> str:
        """What people call a metric."""
        return name_of(code)
