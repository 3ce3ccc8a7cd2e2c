"""Everything that is checked about an evaluation before its first row is scored."""

from __future__ import annotations

import hashlib
import math
import secrets
from dataclasses import dataclass

import pyarrow as pa

from modelyard import errors
from modelyard.analysis.labels import coded
from modelyard.data.access import (
    RowFilter,
    Source,
    open_source,
    open_target,
    require_columns,
    sampled,
)
from modelyard.data.types import Sampling
from modelyard.evaluations.asserting import read_assertions
from modelyard.evaluations.commands import RunEvaluation
from modelyard.evaluations.custom import CustomCode, read_code
from modelyard.evaluations.figures import Threshold
from modelyard.evaluations.types import View
from modelyard.kernel import paths
from modelyard.kernel.context import Context
from modelyard.kernel.values import FILES, TRANSIT
from modelyard.models.access import find_version
from modelyard.models.types import ModelVersion
from modelyard.runtime.types import Label

NUMBERS = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal, pa.types.is_boolean)
BATCH = 65_536
MOST_NAMED = 10


@dataclass(frozen=True)
class Plan:
    """An evaluation that can be carried out."""

    command: RunEvaluation
    version: ModelVersion
    target: str | None
    """The column that holds the truth; none: the prediction type has none."""
    view: View
    threshold: Threshold
    source: Source
    """The dataset."""
    sampling: Sampling
    filters: tuple[RowFilter, ...]
    """Of the assertions, in their order."""
    custom: CustomCode
    """Further metrics."""
    folder: str
    """Where files of it are put meanwhile, among the project's files."""

    @property
    def rows(self) -> str:
        """What is scored: the dataset, or the file that holds its sample."""
        if self.sampling.method == "none":
            return self.command.dataset
        return f"{FILES}{self.folder}/rows.parquet"


def make_plan(command: RunEvaluation, context: Context) -> Plan:
    """Open what an evaluation names, and check that it goes together.

    Raises:
        NotFound: the model, version or dataset is not there.
        Blocked: the version may not run.
        Invalid: a column is missing or not what it should be, or an option does not fit.
        Unsupported: a threshold for a model that gives labels only.
        Forbidden: whoever asks may not bring custom metrics.
    """
    version = find_version(context, command.project, command.model, command.version)
    source = open_source(context, command.project, command.dataset)
    target = _target(command, version, source)
    _require_numbers(command.weights, source)
    positive = _positive(command, version)
    asked = (command.custom_metrics, command.plugged_metrics)
    custom = read_code(context, command.project, *asked, version)
    return Plan(
        command=command,
        version=version,
        target=target,
        view=View(
            prediction_type=version.prediction_type,
            classes=version.core.classes,
            positive=positive,
            **command.model_dump(include={"averaging", "gains", "lift_share", "confidence"}),
        ),
        threshold=_threshold(command, version, positive),
        source=source,
        sampling=Sampling.model_validate(command.model_dump(include=set(Sampling.model_fields))),
        filters=read_assertions(command.assertions, version, source),
        custom=custom,
        folder=_folder(command, version, source, custom),
    )


def draw(plan: Plan, context: Context) -> None:
    """Draw the sample, and look at the truth of its rows before anything is scored.

    Raises:
        Invalid: no row has a truth, or it cannot be compared with predictions.
    """
    source = plan.source
    if plan.sampling.method != "none":
        source = _drawn(plan, context)
    if plan.target is not None:
        _require_truth(source, plan.target, plan.version)


def _target(command: RunEvaluation, version: ModelVersion, source: Source) -> str | None:
    if version.prediction_type == "other" and command.target is None:
        return None
    target = command.target or version.core.target
    if target is None:
        raise errors.Invalid(
            f"version {version.version} of {version.model} does not say which column it predicts; "
            "name the one that holds the truth: --target COLUMN"
        )
    require_columns([target], source.schema.names, source.name)
    features = {column.name for column in version.signature.inputs.columns}
    if target in features:
        raise errors.Invalid(
            f"the target {target!r} is one of the model's inputs, so that it would be told the "
            "truth; name another column by --target"
        )
    return target


def _require_numbers(weights: str | None, source: Source) -> None:
    if weights is None:
        return
    require_columns([weights], source.schema.names, source.name)
    kind = source.schema.field(weights).type
    if not any(fits(kind) for fits in NUMBERS):
        raise errors.Invalid(
            f"column {weights!r} of {source.name} holds {kind}, not numbers; weights are numbers"
        )


def _positive(command: RunEvaluation, version: ModelVersion) -> Label | None:
    asked = {
        "--positive": command.positive is not None,
        "--threshold": command.threshold is not None,
        "--optimise": command.optimise is not None,
    }
    if version.prediction_type != "binary_classification":
        for option in (name for name, given in asked.items() if given):
            raise errors.Invalid(
                f"{option} is for binary classification; {version.model} is of type "
                f"{version.prediction_type}"
            )
        return None
    classes = version.core.classes
    if command.positive is None:
        return classes[1]
    for label in classes:
        if str(label) == str(command.positive):
            return label
    raise errors.Invalid(
        f"--positive {command.positive!r} is no class of {version.model}; they are "
        f"{classes[0]!r} and {classes[1]!r}"
    )


def _folder(
    command: RunEvaluation, version: ModelVersion, source: Source, custom: CustomCode
) -> str:
    """The same for the same evaluation, so that one that was killed finds what it left."""
    facts = (
        command.model_dump_json(),
        version.digest,
        version.imported.isoformat(),
        source.fingerprint or secrets.token_hex(),
        custom.text,
    )
    digest = hashlib.sha256("\n".join(facts).encode()).hexdigest()
    return f"{TRANSIT}/evaluation-{digest[:16]}"


def _threshold(command: RunEvaluation, version: ModelVersion, positive: Label | None) -> Threshold:
    if positive is None:
        return Threshold()
    rule = version.probe.interpretation and version.probe.interpretation.rule
    if rule == "labels":
        if command.threshold is None and command.optimise is None:
            return Threshold()
        raise errors.Unsupported(
            f"a threshold needs probabilities; version {version.version} of {version.model} gives "
            "labels only",
            field="optimise" if command.threshold is None else "threshold",
        )
    if command.threshold is not None:
        return Threshold(command.threshold, "given")
    value = 0.5 if version.core.threshold is None else version.core.threshold
    if positive != version.core.classes[1]:
        # Just above: what lies on the version's threshold is of its second class.
        value = math.nextafter(1 - value, 2)
    return Threshold(value, "version", command.optimise)


def _drawn(plan: Plan, context: Context) -> Source:
    """The sample as a file; one that was drawn before is the same."""
    project, place = plan.command.project, plan.rows
    if not paths.find(context, project, place).exists():
        token = secrets.token_hex(16)
        with open_target(context, project, place, plan.source.schema, token=token) as target:
            rows = 0
            for batch in sampled(plan.source, plan.sampling):
                target.write(batch)
                rows += batch.num_rows
                context.progress("drawing the sample", rows=rows)
            target.commit()
    return open_source(context, project, place)


def _require_truth(source: Source, target: str, version: ModelVersion) -> None:
    """Look at the target alone, before anything is scored.

    Raises:
        Invalid: no row has a truth, or it cannot be compared with predictions.
    """
    column = pa.chunked_array(
        [batch.column(0) for batch in source.batches(rows=BATCH, columns=[target])],
        source.schema.field(target).type,
    )
    if len(column) and column.null_count == len(column):
        raise errors.Invalid(f"no row of {source.name} has a value in its target {target!r}")
    if version.prediction_type == "regression":
        if not any(fits(column.type) for fits in NUMBERS):
            raise errors.Invalid(
                f"the target {target!r} of {source.name} holds {column.type}, not numbers; "
                f"{version.model} is a regression"
            )
    elif version.core.classes:
        unknown = coded(column, version.core.classes).unknown
        if unknown:
            named = list(unknown.items())[:MOST_NAMED]
            told = ", ".join(f"{label!r} ({count:,} rows)" for label, count in named)
            more = f" and {len(unknown) - MOST_NAMED} more" if len(unknown) > MOST_NAMED else ""
            classes = ", ".join(map(repr, version.core.classes[:20]))
            raise errors.Invalid(
                f"the target {target!r} of {source.name} has labels that {version.model} does not "
                f"know: {told}{more}; its classes are {classes}. Leave these rows out, or name "
                "another --target",
                unknown=[str(label) for label in unknown][:100],
            )
