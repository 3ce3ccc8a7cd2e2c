"""Everything that is checked about an evaluation before its first row is scored."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

from modelyard import errors
from modelyard.data.access import RowFilter, Source, check_output, open_source, require_columns
from modelyard.data.types import Sampling
from modelyard.evaluations.asked_types import Judging
from modelyard.evaluations.asserting import read_assertions
from modelyard.evaluations.commands import EvaluateStandalone, RunEvaluation
from modelyard.evaluations.custom import CustomCode, read_code
from modelyard.evaluations.figures import Threshold
from modelyard.evaluations.judging import (
    positive_class,
    require_numbers,
    standalone_classes,
    threshold_of,
)
from modelyard.evaluations.labelling import labels_of
from modelyard.evaluations.outputs import check_metrics
from modelyard.evaluations.scored import PREDICTION, PROBABILITY
from modelyard.evaluations.shaping import Columns
from modelyard.evaluations.storing.placing import check_place
from modelyard.evaluations.time_overlap import open_training
from modelyard.evaluations.types import View
from modelyard.kernel.context import Context
from modelyard.kernel.values import FILES, TRANSIT
from modelyard.models.access import find_version
from modelyard.models.types import ModelVersion
from modelyard.runtime.envs.codeenvs import INHERIT, RESERVED, ensure_env
from modelyard.runtime.types import PredictionType

SKIPPED = "performance was left out, as it was asked for; rows and predictions are kept"
NO_TRUTH = (
    "models of prediction type 'other' answer anything, which cannot be compared with a truth; "
    "their rows are scored and kept"
)
NO_TARGET = "no column was named that holds the truth; rows and predictions are kept"


@dataclass(frozen=True)
class Plan:
    """An evaluation that can be carried out."""

    command: RunEvaluation | EvaluateStandalone
    version: ModelVersion | None
    """Whose predictions are evaluated; none: something else's."""
    target: str | None
    """The column that holds the truth; none: it is not looked at."""
    view: View
    threshold: Threshold
    source: Source
    """The dataset."""
    sampling: Sampling
    columns: Columns | None
    """Where predictions are already; none: the version makes them."""
    filters: tuple[RowFilter, ...]
    """Of the assertions, in their order."""
    custom: CustomCode
    """Further metrics."""
    labels: dict[str, str]
    """With what variables stand for."""
    folder: str
    """Where files of it are put meanwhile, among the project's files."""
    reference: Source | None = None
    """The dataset that drift is told from, where one was given."""
    training: Source | None = None
    """The dataset that the model learned from, where it was named."""

    @property
    def rows(self) -> str:
        """What is scored: the dataset, or the file that holds its sample."""
        if self.sampling.takes_all:
            return self.command.dataset
        return f"{FILES}{self.folder}/rows.parquet"

    @property
    def no_metrics(self) -> str | None:
        """Why nothing is compared with a truth, if it is not."""
        is_other = self.view.prediction_type == "other"
        if is_other and (self.version is not None or self.target is not None):
            return NO_TRUTH
        if self.target is not None:
            return None
        return SKIPPED if self.command.skip_performance else NO_TARGET


def make_plan(command: RunEvaluation, context: Context) -> Plan:
    """Open what an evaluation names, and check that it goes together.

    Raises:
        NotFound: the model, version, dataset or store is not there.
        Blocked: the version may not run.
        Invalid: a column is missing or not what it should be, or an option does not fit.
        Unsupported: a threshold for a model that gives labels only.
        Forbidden: whoever asks may not bring custom metrics.
        Conflict: an evaluation elsewhere has the id.
    """
    project = command.project
    check_place(context, project, command.store, command.id)
    version = find_version(context, project, command.model, command.version)
    source = open_source(context, project, command.dataset)
    target = _target(command, version, source)
    require_numbers(command.weights, source)
    kind, classes = version.prediction_type, version.core.classes
    positive = positive_class(command, kind, classes, version.model)
    columns = _columns_of(command, version, source) if command.skip_scoring else None
    rule = version.probe.interpretation and version.probe.interpretation.rule
    has_scores = rule != "labels" if columns is None else bool(columns.probabilities)
    view = _view(command, kind).model_copy(update={"classes": classes, "positive": positive})
    custom = read_code(context, command, kind, version.model)
    check_metrics(command.metrics, custom)
    require_columns(command.handling, source.schema.names, source.name)
    for output in (command.output, command.metrics_output):
        if output is not None:
            check_output(context, project, command.dataset, output)
    return Plan(
        command=command,
        version=version,
        target=target,
        view=view,
        threshold=threshold_of(
            command,
            view,
            own=version.core.threshold,
            has_scores=has_scores,
            called=f"version {version.version} of {version.model}",
        ),
        source=source,
        sampling=_sampling(command),
        columns=columns,
        filters=read_assertions(command.assertions, view, source, called=version.model),
        custom=custom,
        labels=labels_of(context, command, version),
        folder=_folder(command, source, version, custom),
        training=open_training(context, project, command, source),
    )


def make_standalone_plan(command: EvaluateStandalone, context: Context) -> Plan:
    """The same for a dataset that something else scored; errors as in `make_plan`."""
    project = command.project
    check_place(context, project, command.store, command.id)
    source = open_source(context, project, command.dataset)
    kind = _kind(command)
    custom = _custom(context, command, kind)
    named = [command.prediction, command.target, *command.probabilities.values(), *command.handling]
    require_columns([each for each in named if each is not None], source.schema.names, source.name)
    require_numbers(command.weights, source)
    for column in command.probabilities.values():
        require_numbers(column, source, "probabilities")
    target = None if command.skip_performance else command.target
    classes = standalone_classes(command, kind, source)
    columns = Columns(
        command.prediction,
        tuple(command.probabilities[str(each)] for each in classes)
        if command.probabilities
        else (),
    )
    if target is not None and not columns.predicts:
        raise errors.Invalid(
            "a truth is compared with predictions; name the columns that hold them by "
            "--prediction or --probabilities, or leave --target out",
            field="prediction",
        )
    _require_features(command, columns, source)
    positive = positive_class(command, kind, classes, "the dataset")
    view = _view(command, kind).model_copy(update={"classes": classes, "positive": positive})
    reference = None
    if command.reference is not None:
        reference = open_source(context, project, command.reference)
    return Plan(
        command=command,
        version=None,
        target=target,
        view=view,
        threshold=threshold_of(
            command,
            view,
            own=None,
            has_scores=bool(columns.probabilities),
            called="the dataset",
            origin="default",
        ),
        source=source,
        sampling=_sampling(command),
        columns=columns,
        filters=read_assertions(command.assertions, view, source, called="the dataset"),
        custom=custom,
        labels=labels_of(context, command, None),
        folder=_folder(command, source, None, custom),
        training=open_training(context, project, command, source),
        reference=reference,
    )


def _kind(command: EvaluateStandalone) -> PredictionType:
    predicts = command.prediction is not None or bool(command.probabilities)
    if command.prediction_type is None:
        if predicts:
            raise errors.Invalid(
                "what was predicted? Give --prediction-type", field="prediction_type"
            )
        return "other"
    if command.probabilities and command.prediction_type in {"regression", "other"}:
        raise errors.Invalid(
            f"--probabilities are of classes; the prediction type is {command.prediction_type}",
            field="probabilities",
        )
    return command.prediction_type


def _custom(context: Context, command: EvaluateStandalone, kind: PredictionType) -> CustomCode:
    """Its custom metrics, which have something to compare and an env to run in.

    Raises:
        NotFound: there is no such code env.
        Invalid: nothing is compared with a truth; or as in `read_code`, like what else it raises.
    """
    custom = read_code(context, command, kind)
    if not custom.every:
        if command.env != INHERIT:
            raise errors.Invalid(
                "--env is where custom metrics run, and there are none; name them by "
                "--custom-metrics or --plugged-metrics",
                field="env",
            )
        return custom
    if command.target is None:
        raise errors.Invalid(
            "custom metrics compare truth and prediction; name the column of the truth by --target",
            field="target",
        )
    if command.env not in RESERVED:
        ensure_env(context, None, named=command.env)
    return custom


def _require_features(command: EvaluateStandalone, columns: Columns, source: Source) -> None:
    """Refuse to leave all columns out."""
    apart = {command.target, command.weights}
    features = [name for name in columns.beside(source.schema.names) if name not in apart]
    if features and all(command.handling.get(name) == "excluded" for name in features):
        raise errors.Invalid(
            f"--handling leaves out all columns of {source.name}", field="handling"
        )


def _target(command: RunEvaluation, version: ModelVersion, source: Source) -> str | None:
    if command.skip_performance or (version.prediction_type == "other" and command.target is None):
        return None
    target = command.target or version.core.target
    if target is None:
        raise errors.Invalid(
            f"version {version.version} of {version.model} does not say which column it predicts; "
            "name the one that holds the truth: --target COLUMN; or leave the comparison out: "
            "--skip-performance"
        )
    require_columns([target], source.schema.names, source.name)
    features = {column.name for column in version.signature.inputs.columns}
    if target in features:
        raise errors.Invalid(
            f"the target {target!r} is one of the model's inputs, so that it would be told the "
            "truth; name another column by --target"
        )
    return target


def _columns_of(command: RunEvaluation, version: ModelVersion, source: Source) -> Columns:
    """The columns of a dataset that a version, or something in its place, scored before.

    Raises:
        Invalid: a column is missing or holds no numbers, or a class has no column.
    """
    classes, there = version.core.classes, source.schema.names
    named = {str(each): f"{PROBABILITY}{each}" for each in classes}
    if command.probabilities:
        require_same_classes(command.probabilities, named)
        named = command.probabilities
    elif not set(named.values()) <= set(there):
        named = {}
    prediction = command.prediction or PREDICTION
    if command.prediction or prediction in there or not named:
        require_columns([prediction, *named.values()], there, source.name)
    else:
        prediction = ""
    for column in named.values():
        require_numbers(column, source, "probabilities")
    order = tuple(named[str(each)] for each in classes) if named else ()
    return Columns(prediction or None, order)


def require_same_classes(given: dict[str, str], known: dict[str, str]) -> None:
    """Refuse probabilities that are not of all classes and of nothing else.

    Raises:
        Invalid: they are not.
    """
    strange, missing = [*(given.keys() - known)], [*(known.keys() - given)]
    if strange or missing:
        what = "is no class" if strange else "has no column"
        raise errors.Invalid(
            f"--probabilities: {(strange or missing)[0]!r} {what}; the classes are "
            f"{', '.join(list(known)[:20])}",
            field="probabilities",
        )


def _view(command: Judging, kind: PredictionType) -> View:
    fields = {"averaging", "gains", "lift_share", "confidence"}
    return View(prediction_type=kind, **command.model_dump(include=fields))


def _sampling(command: Sampling) -> Sampling:
    return Sampling.model_validate(command.model_dump(include=set(Sampling.model_fields)))


def _folder(
    command: RunEvaluation | EvaluateStandalone,
    source: Source,
    version: ModelVersion | None,
    custom: CustomCode,
) -> str:
    """The same for the same evaluation, so that one that was killed finds what it left."""
    facts = (
        command.model_dump_json(),
        *(("",) if version is None else (version.digest, version.imported.isoformat())),
        source.fingerprint or secrets.token_hex(),
        custom.text,
    )
    digest = hashlib.sha256("\n".join(facts).encode()).hexdigest()
    return f"{TRANSIT}/evaluation-{digest[:16]}"
