"""Carrying out a comparison: each part by itself, so that one that fails stops no other."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

import pyarrow as pa

from modelyard import errors
from modelyard.analysis.arrays import absent
from modelyard.analysis.drift.classifier import global_drift
from modelyard.analysis.drift.columns import columns_drift
from modelyard.analysis.drift.pairing import Reference
from modelyard.analysis.drift.performance import performance_drift
from modelyard.analysis.drift.predictions import Predictions, by_threshold, prediction_drift
from modelyard.analysis.drift.text import text_drift
from modelyard.analysis.drift.types import (
    ColumnDrift,
    DriftSettings,
    Expected,
    GlobalDrift,
    PerformanceDrift,
    PredictionDrift,
    TextDrift,
    Why,
)
from modelyard.analysis.drift.verdict import Figures as Found
from modelyard.analysis.drift.verdict import verdict
from modelyard.analysis.types import Metric
from modelyard.data.access import near
from modelyard.evaluations.drifting.expecting import expect
from modelyard.evaluations.drifting.planning import Answering, Evaluated, Named, Plan
from modelyard.evaluations.drifting.profiling import keeper_of, of_columns, of_predictions
from modelyard.evaluations.drifting.sides import Answers, OpenSide, Sides, opened
from modelyard.evaluations.drifting.splitting import split
from modelyard.evaluations.drifting.types import Drift, Drifting
from modelyard.evaluations.explaining.keeping import find_kept
from modelyard.evaluations.explaining.types import ImportanceReport
from modelyard.evaluations.judged import FIGURES
from modelyard.kernel.context import Context
from modelyard.kernel.values import named_by, now

R = TypeVar("R")
NO_MODEL = "no model is known; name one by --model, or compare evaluations"
ANYTHING = "a model of type 'other' answers anything, which cannot be compared"
REFUSED = (ArithmeticError, MemoryError, ValueError, pa.ArrowException)
"""What libraries refuse odd data with: a part that ends so stops no other."""


def compute(plan: Plan, context: Context, *, by_profile: bool = False) -> Drift:
    """Open the sides and compare them.

    Args:
        plan: what is compared.
        context: the workspace.
        by_profile: compare columns and predictions with a profile that the reference keeps, which
            is made if there is none, rather than with its rows.

    Raises:
        Invalid: the sides share no column, nor predictions, or data are damaged.
    """
    with opened(context, plan) as sides:
        current, reference = sides.open(plan.current), sides.open(plan.reference)
        for other in (plan.prediction_reference, plan.performance_reference):
            sides.open(other)
        began = time.perf_counter()
        found = _Comparison(context, plan, sides, by_profile=by_profile).found(current, reference)
        created = now()
        return Drift(
            **_told(plan, sides, current, reference),
            **found,
            id=named_by(created),
            project=plan.command.project,
            created=created,
            created_by=context.identity.name,
            seconds=round(time.perf_counter() - began, 3),
        )


def _told(plan: Plan, sides: Sides, current: OpenSide, reference: OpenSide) -> dict[str, Any]:
    """What was compared."""
    others = {"prediction_reference": plan.prediction_reference}
    others["performance_reference"] = plan.performance_reference
    of = next((each for each in plan.evaluations if each.model is not None), None)
    told = {
        "model": plan.version.model if plan.version else of and of.model,
        "version": plan.version.version if plan.version else of and of.version,
        "prediction_type": plan.answering.view.prediction_type if plan.answering else None,
        "current": current.told(),
        "reference": reference.told(),
        "settings": Drifting.model_validate(
            plan.command.model_dump(include=set(Drifting.model_fields))
        ),
    }
    for name, other in others.items():
        told[name] = None if other is plan.reference else sides.open(other).told()
    return told


class _Comparison:
    """The parts of a comparison."""

    def __init__(self, context: Context, plan: Plan, sides: Sides, *, by_profile: bool) -> None:
        self._context, self._plan, self._sides = context, plan, sides
        self._by_profile = by_profile
        self._settings = DriftSettings.model_validate(
            plan.command.model_dump(include=set(DriftSettings.model_fields))
        )

    def found(self, current: OpenSide, reference: OpenSide) -> dict[str, Any]:
        """Every part, and the verdict."""
        names = self._columns(current, reference)
        columns = self._part(
            "comparing columns", lambda: self._each(current, reference, names), lambda _why: ()
        )
        together = self._part(
            "telling the sides apart",
            lambda: global_drift(
                reference.rows,
                current.rows,
                self._settings,
                columns=names,
                cap=self._plan.command.classifier_rows,
            ),
            lambda why: GlobalDrift(
                accuracy=absent("accuracy", why), auc=absent("auc", why), reason=why
            ),
        )
        columns = _with_importance(columns, together, self._importance())
        performance = self._part(
            "comparing performance",
            lambda: self._performance(current),
            lambda why: PerformanceDrift(reason=why),
        )
        parts: dict[str, Any] = {
            "columns": columns,
            "performance": performance,
            "texts": self._texts(current, reference, columns),
            "predictions": self._part(
                "comparing predictions",
                lambda: self._predictions(current),
                lambda why: PredictionDrift(reason=why),
            ),
        }
        if self._plan.answering is not None:
            parts["expected"] = self._part(
                "expecting performance",
                lambda: self._expected(current, performance, together, names),
                self._not_expected,
            )
        if not performance.reason:
            parts["why"] = self._part(
                "splitting the change",
                lambda: self._why(current, names),
                lambda why: Why(code="logLoss", reason=why),
            )
        told = {name: part for name, part in parts.items() if name != "texts"}
        of = Found(
            reference=reference.named.name,
            current=current.named.name,
            together=together,
            confidence=self._settings.confidence,
            **told,
        )
        warnings = tuple(dict.fromkeys(self._sides.warnings))
        return {**parts, "global_": together, "verdict": verdict(of), "warnings": warnings}

    def _part(self, doing: str, made: Callable[[], R], failed: Callable[[str], R]) -> R:
        """A part, or the reason why there is none."""
        self._context.progress(doing)
        try:
            return made()
        except errors.ModelyardError as exc:
            return failed(str(exc))
        except REFUSED as exc:
            said = str(exc).partition("\n")[0] or type(exc).__name__
            self._sides.warnings.append(f"{doing} failed: {said}")
            return failed(said)

    def _columns(self, current: OpenSide, reference: OpenSide) -> tuple[str, ...]:
        """The columns to compare: those named, else what a version takes, else what both have.

        Raises:
            Invalid: a column is on neither side, or there is nothing to compare.
        """
        there = dict.fromkeys((*reference.rows.schema.names, *current.rows.schema.names))
        asked = self._plan.command.columns
        if asked:
            for name in (name for name in asked if name not in there):
                raise errors.Invalid(
                    f"neither {reference.named.name} nor {current.named.name} has a column "
                    f"{name!r}{near(name, there)}",
                    field="columns",
                )
            return asked
        taken = [side.features for side in (reference, current) if side.taken]
        if taken:
            return tuple(dict.fromkeys(name for names in taken for name in names))
        shared = tuple(name for name in reference.features if name in current.features)
        for side, other in ((reference, current), (current, reference)):
            alone = [name for name in side.features if name not in other.features]
            if alone:
                more = f" and {len(alone) - 10} more" if len(alone) > 10 else ""
                named = ", ".join(map(repr, alone[:10]))
                self._sides.warnings.append(
                    f"only {side.named.name} has {named}{more}, which could not be compared"
                )
        if not shared and None in (current.answers, reference.answers):
            raise errors.Invalid(
                f"{reference.named.name} and {current.named.name} share no column that could be "
                f"compared; {'; '.join(self._sides.warnings)}"
            )
        return shared

    def _importance(self) -> dict[str, float]:
        """Shares of what the model takes from each column, where an evaluation keeps them."""
        for of in self._plan.evaluations:
            kept = find_kept(self._context, of, "importance") if of.model is not None else None
            if kept is not None:
                found = ImportanceReport.model_validate(kept)
                sizes = [max(value or 0.0, 0.0) for value in found.importance]
                total = sum(sizes) or 1.0
                return {name: size / total for name, size in zip(found.column, sizes, strict=True)}
        return {}

    def _each(
        self, current: OpenSide, reference: OpenSide, names: Sequence[str]
    ) -> tuple[ColumnDrift, ...]:
        if not names:
            return ()
        before: Reference = reference.rows
        if keeper := self._keeper(reference):
            before = of_columns(self._context, keeper, reference.rows, names, self._settings)
        return columns_drift(
            before, current.rows, self._settings, rows=reference.rows, columns=names
        )

    def _keeper(self, reference: OpenSide) -> Evaluated | None:
        """What keeps profiles of a reference, if these are to be compared with."""
        return keeper_of(reference) if self._by_profile else None

    def _texts(
        self, current: OpenSide, reference: OpenSide, columns: Sequence[ColumnDrift]
    ) -> tuple[TextDrift, ...]:
        """Columns of texts, which the classifier of all columns leaves out."""

        def looked(name: str) -> TextDrift:
            return self._part(
                f"comparing texts of {name}",
                lambda: text_drift(
                    *(name, reference.rows, current.rows, self._settings),
                    embedding=self._plan.command.embeddings,
                ),
                lambda why: TextDrift(name=name, reason=why),
            )

        texts = [each.name for each in columns if each.kind == "text"]
        asked = self._settings.text or self._plan.command.embeddings is not None
        return tuple(map(looked, texts)) if asked else ()

    def _answered(
        self, current: OpenSide, other: Named
    ) -> tuple[Answering, OpenSide, tuple[Answers, Answers]]:
        """A side whose predictions can be compared with the current ones, and the answers of both.

        Raises:
            Unsupported: they cannot be compared.
        """
        reference, answering = self._sides.open(other), self._plan.answering
        if answering is None:
            raise errors.Unsupported(NO_MODEL)
        if answering.view.prediction_type == "other":
            raise errors.Unsupported(ANYTHING)
        answers = [
            _require(side.answers, side.unanswered or f"nothing is predicted for {side.named.name}")
            for side in (reference, current)
        ]
        before, after = (self._kind(side) for side in (reference, current))
        if before != after:
            raise errors.Unsupported(
                f"the predictions for {reference.named.name} are {before}, those for "
                f"{current.named.name} are {after}"
            )
        return answering, reference, (answers[0], answers[1])

    def _kind(self, side: OpenSide) -> str:
        """Of which type predictions are, and of which classes."""
        of, version = side.named.evaluation, self._plan.version
        if of is not None:
            kind, classes = of.prediction_type, of.classes
        elif version is not None:
            kind, classes = version.prediction_type, version.core.classes
        else:
            return "of no known model"
        named = f" ({', '.join(map(str, classes))})" if classes else ""
        return f"of type {kind}{named}"

    def _predictions(self, current: OpenSide) -> PredictionDrift:
        answering, reference, answers = self._answered(current, self._plan.prediction_reference)
        before, after = (partial(_predicted, side, answering) for side in answers)
        if keeper := self._keeper(reference):
            profile = of_predictions(self._context, keeper, answering, before)
            return prediction_drift(profile, after(), self._settings)
        return prediction_drift(before(), after(), self._settings)

    def _performance(self, current: OpenSide) -> PerformanceDrift:
        answering, reference, answers = self._answered(current, self._plan.performance_reference)
        compute = FIGURES[answering.view.prediction_type]
        view = answering.view.model_copy(update={"confidence": self._settings.confidence})
        metrics: list[tuple[Metric, ...]] = []
        shares: list[tuple[float, ...]] = []
        for side, told in zip((reference, current), answers, strict=True):
            told.require_truth(side.named.name, view.classes)
            scored = told.scored(view.classes)
            metrics.append(compute(view, scored, answering.threshold).metrics())
            shares.append(scored.weight_of_classes(len(view.classes)))
        return performance_drift(
            metrics[0], metrics[1], classes=(shares[0], shares[1]) if view.classes else None
        )

    def _expected(
        self,
        current: OpenSide,
        performance: PerformanceDrift,
        together: GlobalDrift,
        names: Sequence[str],
    ) -> Expected:
        answering, reference, answers = self._answered(current, self._plan.performance_reference)
        answers[0].require_truth(reference.named.name, answering.view.classes)
        return expect(
            answering,
            (reference, current),
            [each.current for each in performance.metrics],
            together.auc,
            self._settings,
            names,
        )

    def _not_expected(self, why: str) -> Expected:
        answering = self._plan.answering
        of_numbers = answering is not None and answering.view.prediction_type == "regression"
        return Expected(method="loss" if of_numbers else "confidence", trusted=False, reason=why)

    def _why(self, current: OpenSide, names: Sequence[str]) -> Why:
        answering, reference, _ = self._answered(current, self._plan.performance_reference)
        cap = self._plan.command.classifier_rows
        return split(answering, (reference, current), self._settings, names, cap)


def _predicted(answers: Answers, answering: Answering) -> Predictions:
    """The predictions of a side, of binary models at the threshold that both sides have."""
    view, threshold = answering.view, answering.threshold.value
    predicted = answers.rows.stored(answers.prediction)
    if not view.classes:
        return Predictions(numbers=predicted)
    names = [str(label) for label in view.classes]
    probabilities = {
        name: answers.rows.stored(stored)
        for name, stored in zip(names, answers.probabilities, strict=False)
    }
    if view.positive is not None and threshold is not None and probabilities:
        positive = str(view.positive)
        negative = next(name for name in names if name != positive)
        predicted = by_threshold(probabilities[positive], threshold, positive, negative)
    return Predictions(classes=predicted, probabilities=probabilities)


def _require(found: R | None, otherwise: str) -> R:
    if found is None:
        raise errors.Unsupported(otherwise)
    return found


def _with_importance(
    columns: tuple[ColumnDrift, ...], together: GlobalDrift, own: dict[str, float]
) -> tuple[ColumnDrift, ...]:
    return tuple(
        each.model_copy(
            update={
                "drift_importance": together.importance.get(each.name),
                "model_importance": own.get(each.name),
            }
        )
        for each in columns
    )
