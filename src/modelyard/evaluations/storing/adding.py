"""Evaluations of metrics that were computed elsewhere."""

from __future__ import annotations

from modelyard.analysis.types import Gains, Metric
from modelyard.data.types import Sampling
from modelyard.evaluations.custom_types import CustomMetric
from modelyard.evaluations.keeping import keep
from modelyard.evaluations.labelling import expanded
from modelyard.evaluations.storing.commands import AddEvaluation
from modelyard.evaluations.storing.placing import check_place
from modelyard.evaluations.types import Evaluation
from modelyard.kernel.context import Context
from modelyard.kernel.values import name_by, named_by, now
from modelyard.models.commands import ShowModel, ShowVersion
from modelyard.runtime.types import PredictionType

NO_INTERVAL = "a metric that was computed elsewhere has no interval"


def add(context: Context, command: AddEvaluation) -> Evaluation:
    """Keep the metrics as an evaluation without rows and screens.

    Raises:
        NotFound: the store, the saved model or its version is not there.
        Conflict: an evaluation elsewhere has the id.
    """
    check_place(context, command.project, command.store, command.id)
    kind, digest = _of_version(context, command)
    created = now()
    own = {"evaluation:date": f"{created:%Y-%m-%dT%H:%M:%SZ}"}
    evaluation = Evaluation(
        id=command.id or named_by(created),
        project=command.project,
        store=command.store,
        name=command.name or name_by(created),
        kind="custom",
        labels=own | expanded(context, command.project, command.label),
        model=command.model,
        version=command.version,
        version_digest=digest,
        prediction_type=kind,
        averaging="weighted",
        gains=Gains(),
        lift_share=0.4,
        confidence=0.95,
        dataset=command.dataset or None,
        sampling=Sampling(),
        target=None,
        threshold_from="none",
        rows=0,
        metrics={
            code: Metric(code=code, value=value, reason=NO_INTERVAL)
            for code, value in command.metric.items()
        },
        custom_metrics=tuple(
            CustomMetric(
                name=code,
                description=command.meaning.get(code, ""),
                greater_is_better=code not in command.lower_is_better,
            )
            for code in command.metric
        ),
        prediction_column=None,
        created=created,
        created_by=context.identity.name,
        seconds=0,
    )
    return keep(context, evaluation, {}, {})


def _of_version(context: Context, command: AddEvaluation) -> tuple[PredictionType, str | None]:
    """The prediction type of what the metrics are of, and the digest of its version."""
    if command.model is None:
        return "other", None
    named = {"project": command.project}
    if command.version is None:
        model = context.caller.run(ShowModel(name=command.model, **named))
        return model.prediction_type, None
    version = context.caller.run(ShowVersion(model=command.model, version=command.version, **named))
    return version.prediction_type, version.digest
