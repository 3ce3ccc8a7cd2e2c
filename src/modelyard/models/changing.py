"""Changing what people say of a version; what could be wrong is tried before it is kept."""

from __future__ import annotations

from collections.abc import Iterable

from modelyard import errors
from modelyard.kernel.context import Context
from modelyard.models.access import refuse_untrusted
from modelyard.models.commands import UpdateVersion
from modelyard.models.golden import read_arrow
from modelyard.models.loaded import loaded
from modelyard.models.running import predict_options
from modelyard.models.types import ModelVersion, Repair, SignatureReport
from modelyard.runtime.types import Interpretation


def changed_version(
    context: Context, version: ModelVersion, command: UpdateVersion
) -> ModelVersion:
    """Give the version as it will be.

    Raises:
        Invalid: nothing to change, a threshold for a model that is not binary, an unknown column,
            or an interpretation that does not read the golden rows.
        Blocked: an interpretation cannot be tried, since the version may not run.
        Unavailable: it cannot be tried now, since as many models as may stay loaded are busy.
    """
    if not command.model_fields_set - {"project", "model", "version"}:
        raise errors.Invalid(
            "nothing to change: give --name, --description, --threshold, --interpretation or "
            "--optional"
        )
    if command.threshold is not None and version.prediction_type != "binary_classification":
        raise errors.Invalid(
            f"{version.model!r} has prediction type {version.prediction_type}, which has no "
            "threshold"
        )
    said = {
        field: value
        for field, value in (("name", command.name), ("description", command.description))
        if value is not None
    }
    changed = version.model_copy(update=said)
    if command.threshold is not None:
        core = version.core.model_copy(update={"threshold": command.threshold})
        changed = changed.model_copy(update={"core": core})
    if command.optional:
        signature = with_optional(version.signature, command.optional)
        changed = changed.model_copy(update={"signature": signature})
    if command.interpretation is not None:
        changed = with_interpretation(context, changed, command.interpretation)
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


def with_interpretation(
    context: Context, version: ModelVersion, read: Interpretation
) -> ModelVersion:
    """Read the output another way, once it has read the golden rows that way.

    Somebody waits for this, so it is asked as `scoring predict` asks: of a version that stays
    loaded, within the seconds that an answer may take.
    """
    refuse_untrusted(context, version)
    if version.prediction_type == "other":
        raise errors.Unsupported(
            f"{version.model!r} has prediction type 'other', whose output is not interpreted"
        )
    if version.golden is None:
        raise errors.Unsupported(
            f"{version.version!r} has no golden rows to try an interpretation on; import it with "
            "--interpretation"
        )
    probe = version.probe.model_copy(
        update={"interpretation": read.model_copy(update={"overridden": True})}
    )
    changed = version.model_copy(update={"probe": probe})
    with context.artifacts.open(version.golden.inputs) as source:
        rows = read_arrow(source)
    context.progress("trying the interpretation on the golden rows")
    with loaded(context, changed) as pool:
        pool.predict(rows, predict_options(changed, "restructured"))
    return changed
