"""Changing what people say of a version; what could be wrong is tried before it is kept."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pyarrow as pa
from pydantic import JsonValue

from modelyard import errors
from modelyard.kernel.context import Context
from modelyard.models.access import refuse_untrusted
from modelyard.models.commands import UpdateVersion
from modelyard.models.facts import require_evaluation_of
from modelyard.models.loaded import loaded
from modelyard.models.metadata import (
    as_own,
    ordered_classes,
    require_classes,
    require_no_input,
)
from modelyard.models.request_rules import check_classes, check_threshold
from modelyard.models.running import predict_options
from modelyard.models.trial import sample
from modelyard.models.types import CoreMetadata, ModelVersion, Repair, SignatureReport
from modelyard.runtime.golden import read_arrow
from modelyard.runtime.pool import WorkerPool
from modelyard.runtime.types import Interpretation, PredictOptions


def changed_version(
    context: Context, version: ModelVersion, command: UpdateVersion
) -> ModelVersion:
    """Give the version as it will be.

    Raises:
        NotFound: there is no such evaluation.
        Invalid: nothing to change, an evaluation of something else, something that its prediction
            type does not have, an unknown column, classes that contradict the model, or an output
            that cannot be read so.
        Blocked: an interpretation cannot be tried, since the version may not run.
        Unavailable: it cannot be tried now, since as many models as may stay loaded are busy.
    """
    if not command.model_fields_set - {"project", "model", "version"}:
        raise errors.Invalid(
            "nothing to change: give --name, --description, --target, --classes, --threshold, "
            "--interpretation, --optional or --reference-evaluation"
        )
    said = {
        field: value
        for field, value in (("name", command.name), ("description", command.description))
        if value is not None
    }
    core = _changed_core(version, command)
    changed = version.model_copy(update={**said, "core": core})
    if command.optional:
        signature = with_optional(version.signature, command.optional)
        changed = changed.model_copy(update={"signature": signature})
    if "reference_evaluation" in command.model_fields_set:
        changed = _with_reference(context, changed, command.reference_evaluation)
    reads_anew = "interpretation" in command.model_fields_set
    if reads_anew:
        changed = _with_interpretation(changed, command.interpretation)
    if reads_anew or core.classes != version.core.classes:
        said_in = "interpretation" if reads_anew else "classes"
        changed = _tried(context, changed, said_in)
    elif core.threshold is not None and core.threshold != version.core.threshold:
        changed = _decided_anew(changed, core.threshold)
    return changed


def _with_reference(
    context: Context, version: ModelVersion, identifier: str | None
) -> ModelVersion:
    """The version with its reference, which has to be an evaluation of it as it is."""
    if identifier is not None:
        with context.read() as db:
            require_evaluation_of(db, version, identifier)
    return version.model_copy(update={"reference_evaluation": identifier})


def _changed_core(version: ModelVersion, command: UpdateVersion) -> CoreMetadata:
    """What it predicts, as it will be."""
    kind, core = version.prediction_type, version.core
    changes: dict[str, Any] = {}
    if command.target is not None:
        require_no_input(command.target, version.signature)
        changes["target"] = command.target or None
    if command.classes is not None:
        check_classes(version.model, kind, command.classes)
        given = as_own(command.classes, core.classes)
        if given != core.classes:
            classes, order = ordered_classes(kind, given, version.probe.loaded.classes)
            changes |= {"classes": classes, "class_order": order}
    check_threshold(version.model, kind, command.threshold)
    if command.threshold is not None:
        changes["threshold"] = command.threshold
    changed = core.model_copy(update=changes)
    if command.classes is not None:
        require_classes(kind, changed)
    return changed


def with_optional(report: SignatureReport, names: Iterable[str]) -> SignatureReport:
    """Let input columns hold missing values, as a repair that the report shows."""
    wanted = set(names)
    unknown = wanted - {column.name for column in report.inputs.columns}
    if unknown:
        known = ", ".join(column.name for column in report.inputs.columns)
        raise errors.Invalid(
            f"no input column is named {', '.join(sorted(unknown))}; there are: {known}"
        )
    columns = tuple(
        column.model_copy(update={"required": False}) if column.name in wanted else column
        for column in report.inputs.columns
    )
    repairs = tuple(
        Repair(
            column=column.name,
            kind="from_user",
            before=f"{column.type}, required",
            after=f"{column.type}, may be missing",
            reason="a user said so",
        )
        for column in report.inputs.columns
        if column.name in wanted and column.required
    )
    inputs = report.inputs.model_copy(update={"columns": columns})
    return report.model_copy(update={"inputs": inputs, "repairs": report.repairs + repairs})


def _with_interpretation(version: ModelVersion, read: Interpretation | None) -> ModelVersion:
    """Read the output another way; there have to be golden rows to try that on.

    None is to recognise it, which takes asking the model.
    """
    if version.prediction_type == "other":
        raise errors.Unsupported(
            f"{version.model!r} has prediction type 'other', whose output is not interpreted"
        )
    if version.golden is None:
        raise errors.Unsupported(
            f"{version.version!r} has no golden rows to try an interpretation on; import it with "
            "--interpretation"
        )
    before = version.probe.interpretation
    recognised = version.probe.recognised if before is None or before.overridden else before
    if read is not None:
        known = version.probe.loaded.classes or version.core.classes
        read = read.model_copy(update={"overridden": True, "classes": as_own(read.classes, known)})
    probe = version.probe.model_copy(update={"interpretation": read, "recognised": recognised})
    return version.model_copy(update={"probe": probe})


def _tried(context: Context, version: ModelVersion, said_in: str) -> ModelVersion:
    """The version with the first rows as they are read now, once all golden rows were.

    Somebody waits for this, so it is asked as `scoring predict` asks: of a version that stays
    loaded, within the seconds that an answer may take. What has no golden rows, or is not read at
    all, stays as it is. What does not fit is told of the field that it was `said_in`.
    """
    recognises = said_in == "interpretation" and version.probe.interpretation is None
    if version.golden is None or (version.probe.interpretation is None and not recognises):
        return version
    refuse_untrusted(context, version)
    with context.artifacts.open(version.golden.inputs) as source:
        rows = read_arrow(source)
    context.progress("reading the output of the golden rows")
    with loaded(context, version) as pool:
        try:
            if recognises:
                version = _recognised(version, pool, rows)
            answer = pool.predict(rows, predict_options(version, "restructured"))
        except errors.ModelyardError as exc:
            if "part" in exc.context:
                within = f".{exc.context['part']}" if said_in == "interpretation" else ""
                exc.context["field"] = f"{said_in}{within}"
            raise
    probe = version.probe.model_copy(update={"read": sample(answer.table)})
    return version.model_copy(update={"probe": probe})


def _recognised(version: ModelVersion, pool: WorkerPool, rows: pa.Table) -> ModelVersion:
    """The version with the interpretation that the import would choose by the same rows."""
    asked = PredictOptions(
        mode="probe",
        prediction_type=version.prediction_type,
        classes=version.core.classes or None,
        threshold=version.core.threshold,
        inputs=version.signature.inputs,
    )
    tried = pool.predict(
        rows.slice(0, version.probe.rows or None), asked
    )  # those after are edge rows
    read = Interpretation.model_validate(tried.meta["interpretation"])
    if read.rule == "values":
        raise errors.Unsupported(
            f"it is not recognised how the output is read: {read.reason}; say how", part="rule"
        )
    probe = version.probe.model_copy(update={"interpretation": read, "recognised": None})
    return version.model_copy(update={"probe": probe})


def _decided_anew(version: ModelVersion, threshold: float) -> ModelVersion:
    """The version with the labels that another threshold gives to the first rows."""
    read, classes = version.probe.read, version.core.classes
    if read is None or len(read.columns) != 1 + len(classes):
        return version  # labels alone, which have no probabilities to compare

    def label(positive: JsonValue) -> JsonValue:
        return classes[positive >= threshold] if isinstance(positive, int | float) else None

    rows = tuple((label(row[-1]), *row[1:]) for row in read.rows)
    probe = version.probe.model_copy(update={"read": read.model_copy(update={"rows": rows})})
    return version.model_copy(update={"probe": probe})
