"""Permutation importance and partial dependence of a version on the rows of an evaluation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
import pyarrow as pa

from modelyard import errors
from modelyard.analysis.arrays import Floats
from modelyard.analysis.dependence import partial_dependence
from modelyard.analysis.importance import Measure, Unmeasured, permutation_importance
from modelyard.analysis.names import HEADLINES, LOWER_IS_BETTER, OF_DRIFT
from modelyard.analysis.perturbing import Ask
from modelyard.analysis.types import Metric
from modelyard.data.access import require_columns
from modelyard.evaluations.asserting import PASSING
from modelyard.evaluations.binary import look
from modelyard.evaluations.explaining.asking import asking
from modelyard.evaluations.explaining.commands import MeasureDependence, MeasureImportance
from modelyard.evaluations.explaining.subject import Subject, draw, sent
from modelyard.evaluations.explaining.types import DependenceReport, ImportanceReport
from modelyard.evaluations.multiclass import look_at_classes
from modelyard.evaluations.outcomes import outcome_of
from modelyard.evaluations.regression import look_at_errors
from modelyard.evaluations.sample import Sample
from modelyard.evaluations.types import Evaluation
from modelyard.kernel.context import Context
from modelyard.kernel.values import now
from modelyard.models.types import ModelVersion
from modelyard.runtime.types import Label


def check_importance(
    command: MeasureImportance, sample: Sample, version: ModelVersion
) -> tuple[str, list[str]]:
    """Refuse what could only fail; gives the code of the metric, and the columns to be permuted.

    Raises:
        Invalid: there is no such metric or column.
        Unsupported: the metric cannot be computed of what the model answers.
    """
    code = _metric(sample.evaluation, command.metric)
    taken = [name for name in sent(sample, version) if name != sample.evaluation.truth_column]
    require_columns(command.columns, taken, f"what {version.model} {version.version} takes")
    return code, list(dict.fromkeys(command.columns)) or taken


def check_dependence(
    command: MeasureDependence, sample: Sample, version: ModelVersion
) -> Label | None:
    """Refuse what could only fail; gives the class whose probability is told, if there are any.

    Raises:
        Invalid: there is no such column or class, or the class has to be named.
    """
    evaluation = sample.evaluation
    taken = sent(sample, version)
    require_columns([command.by], list(taken), f"what {version.model} {version.version} takes")
    kind = sample.parquet.schema_arrow.field(taken[command.by]).type
    if kind.num_fields:
        raise errors.Invalid(f"column {command.by!r} holds {kind}; this takes single values")
    if evaluation.classes:
        return outcome_of(evaluation, command.outcome)
    if command.outcome is not None:
        raise errors.Invalid("--outcome names a class, and the model predicts numbers")
    return None


def importance(
    context: Context, command: MeasureImportance, sample: Sample, version: ModelVersion
) -> ImportanceReport:
    """Permute the columns of a sample, and compare a metric.

    Raises:
        Invalid: there is no such metric or column, or there are too few rows.
        Unsupported: the metric cannot be computed of the rows.
    """
    evaluation = sample.evaluation
    code, columns = check_importance(command, sample, version)
    subject = draw(sample, version, rows=command.rows, seed=command.seed)
    times = 1 + len(columns) * command.repeats
    with asking(context, version, evaluation, subject, times=times) as ask:
        try:
            found = permutation_importance(
                subject.table,
                columns,
                ask,
                measure_of(sample, subject, code),
                greater_is_better=code not in LOWER_IS_BETTER,
                repeats=command.repeats,
                seed=command.seed,
                confidence=evaluation.confidence,
            )
        except Unmeasured as exc:
            raise errors.Unsupported(
                f"{code} cannot be computed of the rows that were drawn: {exc}; ask for another "
                "--metric"
            ) from exc
    return ImportanceReport(
        **dict(found),
        evaluation=evaluation.id,
        seed=command.seed,
        confidence=evaluation.confidence,
        created=now(),
    )


def dependence(
    context: Context, command: MeasureDependence, sample: Sample, version: ModelVersion
) -> DependenceReport:
    """Put values into a column of a sample, and average what the version answers.

    Raises:
        Invalid: there is no such column or class, the class has to be named, or there are too few
            rows.
    """
    evaluation = sample.evaluation
    outcome = check_dependence(command, sample, version)
    subject = draw(sample, version, rows=command.rows, seed=command.seed)
    at = None if outcome is None else evaluation.classes.index(outcome)
    has_probabilities = subject.scored.probabilities is not None
    random = np.random.default_rng((command.seed, int.from_bytes(b"curves")))
    curves = np.sort(random.permutation(len(subject.rows))[: command.curves])
    with asking(context, version, evaluation, subject, times=1 + command.points) as ask:
        found = partial_dependence(
            subject.table,
            command.by,
            ask if at is None else of_class(ask, at, has_probabilities=has_probabilities),
            log_odds=at is not None and has_probabilities,
            weights=subject.scored.weights,
            points=command.points,
            curves=curves,
        )
    told = dict(found)
    told["curves"] = tuple(
        curve.model_copy(update={"row": int(subject.rows[curve.row])}) for curve in found.curves
    )
    return DependenceReport(
        **told, evaluation=evaluation.id, seed=command.seed, outcome=outcome, created=now()
    )


def _metric(evaluation: Evaluation, asked: str | None) -> str:
    """The metric that is asked for, else the headline, else the first that there is."""
    own = {PASSING, *OF_DRIFT, *(each.name for each in evaluation.custom_metrics)}
    known = [code for code in evaluation.metrics if code not in own]
    there = [code for code in known if evaluation.metrics[code].value is not None]
    if asked is None:
        usual = [code for code in (*HEADLINES, "accuracy") if code in there] or there
        if usual:
            return usual[0]
        raise errors.Unsupported("no metric of the evaluation could be computed")
    if asked not in known:
        raise errors.Invalid(
            f"no permutation can be compared by {asked!r}; the evaluation has: {', '.join(known)}"
        )
    if asked not in there:
        raise errors.Unsupported(
            f"{asked} cannot be computed: {evaluation.metrics[asked].reason}; ask for another "
            "--metric"
        )
    return asked


def measure_of(sample: Sample, subject: Subject, code: str) -> Measure:
    """A metric of answers to the rows of a subject."""
    evaluation = sample.evaluation

    def measure(answers: Floats) -> Metric:
        predicted = answers[:, 0]
        if evaluation.classes:
            predicted = np.where(np.isnan(predicted), -1, predicted).astype(np.int64)
        some = answers[:, 1:] if answers.shape[1] > 1 else None
        scored = replace(subject.scored, predicted=predicted, probabilities=some)
        if evaluation.prediction_type == "binary_classification":
            return look(evaluation, scored).metric(code, sample.threshold)
        if evaluation.prediction_type == "multiclass":
            return look_at_classes(evaluation, scored).metric(code)
        metrics = look_at_errors(evaluation, scored).metrics()
        return next(each for each in metrics if each.code == code)

    return measure


def of_class(ask: Ask, at: int, *, has_probabilities: bool) -> Ask:
    """The probability of a class; where there are labels only, whether it is predicted."""

    def asked(tables: Iterable[pa.Table]) -> Iterator[Floats]:
        for answers in ask(tables):
            if has_probabilities:
                yield answers[:, at + 1 : at + 2]
            else:
                predicted = answers[:, :1]
                yield np.where(np.isnan(predicted), np.nan, predicted == at)

    return asked
