"""What is known of the models of a comparison, side by side, with marks where they differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from modelyard import errors
from modelyard.evaluations.comparing import repository
from modelyard.evaluations.comparing.commands import CompareInformation
from modelyard.evaluations.comparing.resolving import Resolved, resolved
from modelyard.evaluations.comparing.showing import called, compared_with
from modelyard.evaluations.comparing.types import (
    ComparedFact,
    ComparedImportance,
    ComparedImportances,
    ComparedInformation,
)
from modelyard.evaluations.explaining.keeping import OWN, all_kept
from modelyard.evaluations.types import Evaluation
from modelyard.kernel.context import Context
from modelyard.models.commands import ShowVersion
from modelyard.models.types import ModelVersion

IMPORTANCE = "importance"
MOST_FEATURES = 200
Facts = dict[tuple[str, str], str]
"""By section and name."""


def compared_information(context: Context, asked: CompareInformation) -> ComparedInformation:
    """Look up what is known of each item that is not hidden.

    Raises:
        NotFound: there is no such comparison.
    """
    with context.read() as db:
        comparison = repository.get(db, asked.project, asked.name)
        every = resolved(db, comparison)
    names = dict(zip((each.item.key for each in every), called(every), strict=True))
    found = [each for each in every if not each.item.hidden]
    against = compared_with(comparison, every)
    columns = [_facts(context, comparison.project, each) for each in found]
    keys = [each.item.key for each in found]
    base = keys.index(against) if against in keys else 0
    places = dict.fromkeys(place for column in columns for place in column)
    sections = dict.fromkeys(section for section, _ in places)
    return ComparedInformation(
        name=asked.name,
        against=against,
        items=tuple(keys),
        names=tuple(names[key] for key in keys),
        facts=tuple(
            _fact(place, columns, base)
            for section in sections
            for place in places
            if place[0] == section
        ),
        importances=tuple(_importances(context, found)),
    )


def _fact(place: tuple[str, str], columns: Sequence[Facts], base: int) -> ComparedFact:
    values = tuple(column.get(place) for column in columns)
    differing = tuple(value != values[base] for value in values)
    section, name = place
    return ComparedFact(
        section=section, name=name, values=values, differs=any(differing), differing=differing
    )


def _facts(context: Context, project: str, each: Resolved) -> Facts:
    told: list[tuple[str, str, Any]] = []
    version = _version(context, project, each)
    if version is not None:
        told += [*_of_model(version), *_of_training(version), *_of_features(version)]
    if each.evaluation is not None:
        told += _of_evaluation(each.evaluation)
    return {(section, name): word for section, name, value in told if (word := _word(value))}


def _version(context: Context, project: str, each: Resolved) -> ModelVersion | None:
    """The version of an item; none: it has none, it is gone, or the asker may not see it."""
    if each.model is None or each.version is None:
        return None
    try:
        show = ShowVersion(project=project, model=each.model, version=each.version)
        return context.caller.run(show)
    except (errors.NotFound, errors.Forbidden):
        return None


def _of_model(of: ModelVersion) -> Iterator[tuple[str, str, Any]]:
    loaded, core = of.probe.loaded, of.core
    yield "Algorithm", "Algorithm", loaded.model_class
    yield "Algorithm", "Flavor", loaded.flavor
    for name, number in loaded.libraries.items():
        yield "Algorithm", name, number
    yield "Algorithm", "Python", of.env.python
    yield "Algorithm", "Packages", len(of.env.packages)
    yield "Algorithm", "Size in bytes", f"{sum(file.size for file in of.files):,}"
    yield "Algorithm", "Classes", core.classes
    yield "Algorithm", "Output is read as", of.probe.interpretation and of.probe.interpretation.rule
    for param in of.signature.inputs.params:
        yield "Algorithm", f"Parameter {param.name}", f"{param.type}, {param.default}"


def _of_training(of: ModelVersion) -> Iterator[tuple[str, str, Any]]:
    file, lineage = of.model_file, of.lineage
    yield "Training", "Trained", file.trained and f"{file.trained:%Y-%m-%d %H:%M}"
    yield "Training", "Imported", f"{of.imported:%Y-%m-%d %H:%M}"
    yield "Training", "Target", of.core.target
    yield "Training", "Experiment", lineage.experiment
    yield "Training", "Run", lineage.run_name or lineage.run_id
    yield "Training", "By", lineage.user
    yield "Training", "Commit", lineage.git_commit
    yield "Training", "Dataset", lineage.train_dataset
    yield "Training", "MLflow", file.mlflow_version
    for name, value in file.metadata.items():
        yield "Training", name, value


def _of_features(of: ModelVersion) -> Iterator[tuple[str, str, Any]]:
    for feature in of.core.features:
        yield "Features", feature.name, f"{feature.role}, {feature.type}"


def _of_evaluation(of: Evaluation) -> Iterator[tuple[str, str, Any]]:
    sampling = of.sampling.model_dump(exclude_defaults=True)
    gains = of.gains.model_dump().values()
    is_binary = of.prediction_type == "binary_classification"
    yield "Evaluation", "Dataset", of.dataset
    yield "Evaluation", "Rows", f"{of.intake.used:,}" if of.intake else None
    yield "Evaluation", "Sampling", [f"{name} {value}" for name, value in sampling.items()]
    yield "Evaluation", "Target", of.target
    yield "Evaluation", "Weights", of.weights
    yield "Evaluation", "Threshold", of.threshold
    yield "Evaluation", "Threshold from", None if of.threshold is None else of.threshold_from
    yield "Evaluation", "Positive class", of.positive
    yield "Evaluation", "Cost matrix (TP, FP, TN, FN)", list(gains) if is_binary else None
    yield "Evaluation", "Lift at", of.lift_share if is_binary else None
    yield "Evaluation", "Averages", of.averaging if of.prediction_type == "multiclass" else None
    yield "Evaluation", "Confidence", of.confidence


def _word(value: Any) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, list | tuple):
        return ", ".join(str(each) for each in value) or None
    return f"{value:g}" if isinstance(value, float) else str(value)


def _importances(context: Context, found: Sequence[Resolved]) -> Iterator[ComparedImportances]:
    """Importances by permutation, then what the models themselves say, where any item has some."""
    kept = [{} if each.evaluation is None else all_kept(context, each.evaluation) for each in found]
    measured = [_measured(each.get(IMPORTANCE)) for each in kept]
    metrics = {each[IMPORTANCE]["metric"] for each in kept if IMPORTANCE in each}
    if any(measured):
        one = metrics.pop() if len(metrics) == 1 else None
        yield _side_by_side("permutation", one, found, measured)
    own = [_own(each.get(OWN)) for each in kept]
    if any(own):
        yield _side_by_side("own", None, found, own)


def _measured(report: dict[str, Any] | None) -> dict[str, float]:
    if report is None:
        return {}
    pairs = zip(report["column"], report["importance"], strict=True)
    return {name: value for name, value in pairs if value is not None}


def _own(report: dict[str, Any] | None) -> dict[str, float]:
    """Of coefficients of several outcomes the largest of each feature."""
    if report is None:
        return {}
    weights: dict[str, float] = {}
    for effect in report["effects"]:
        for name, value in zip(report["features"], effect["values"], strict=True):
            if value is not None and abs(value) >= abs(weights.get(name, 0)):
                weights[name] = value
    return weights


def _side_by_side(
    measure: str, metric: str | None, found: Sequence[Resolved], columns: list[dict[str, float]]
) -> ComparedImportances:
    largest: dict[str, float] = {}
    for column in columns:
        for name, value in column.items():
            largest[name] = max(largest.get(name, 0), abs(value))
    order = sorted(largest, key=lambda name: (-largest[name], name))[:MOST_FEATURES]
    return ComparedImportances.model_validate(
        {
            "measure": measure,
            "metric": metric,
            "features": [
                ComparedImportance(
                    feature=name, values=tuple(column.get(name) for column in columns)
                )
                for name in order
            ],
            "without": {
                each.item.key: _how(measure, each)
                for each, column in zip(found, columns, strict=True)
                if not column
            },
        }
    )


def _how(measure: str, each: Resolved) -> str:
    """How an item gets importances."""
    if each.evaluation is None:
        return each.gone or "it has no numbers"
    if measure == "permutation":
        return f"modelyard evaluations importance {each.evaluation.id}"
    if each.model is None:
        return "it is of no version"
    return f"modelyard versions importances {each.model} {each.version}"
