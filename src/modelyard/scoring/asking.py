"""How a version is asked: the mode, threshold and parameters that fit it."""

from __future__ import annotations

import json

from pydantic import JsonValue

from modelyard import errors
from modelyard.models.access import predict_options
from modelyard.models.types import ModelVersion
from modelyard.runtime.types import Mode, Param, PredictOptions
from modelyard.scoring.types import Asking


def how_to_ask(
    version: ModelVersion, asking: Asking, *, percentile: bool = False
) -> tuple[Mode, PredictOptions]:
    """The mode to use and what a worker is told, once the options fit each other and the version.

    Raises:
        Invalid: options contradict each other, or a parameter is unknown or no JSON.
        Unsupported: the model cannot give what is asked.
    """
    mode = _mode(version, asking, percentile=percentile)
    return mode, predict_options(
        version,
        mode,
        threshold=asking.threshold,
        params=_params(asking.params, version.signature.inputs.params, version),
        on_error=asking.on_error,
        probabilities=asking.probabilities or percentile,
    )


def _mode(version: ModelVersion, asking: Asking, *, percentile: bool) -> Mode:
    kind = version.prediction_type
    mode: Mode = asking.mode or ("direct" if kind == "other" else "restructured")
    asked = {"--threshold": asking.threshold is not None, "--percentile": percentile}
    for option in (name for name, given in asked.items() if given):
        if mode == "direct":
            raise errors.Invalid(
                f"{option} needs --mode restructured; direct output is untouched", field=option[2:]
            )
        if kind != "binary_classification":
            raise errors.Invalid(
                f"{option} is for binary classification; {version.model} is of type {kind}",
                field=option[2:],
            )
        rule = version.probe.interpretation and version.probe.interpretation.rule
        if rule == "labels":
            raise errors.Unsupported(
                f"{option} needs probabilities; version {version.version} of {version.model} gives "
                "labels only",
                field=option[2:],
            )
    if mode == "direct" and not asking.probabilities:
        raise errors.Invalid("--no-probabilities needs --mode restructured", field="probabilities")
    return mode


def _params(
    given: dict[str, JsonValue], known: tuple[Param, ...], version: ModelVersion
) -> dict[str, JsonValue]:
    """The given parameters as the signature types them; text from a command line becomes JSON."""
    declared = {param.name: param for param in known}
    values: dict[str, JsonValue] = {}
    for name, value in given.items():
        if name not in declared:
            names = ", ".join(declared) or "none"
            raise errors.Invalid(
                f"version {version.version} of {version.model} has no parameter {name!r}; "
                f"its signature declares: {names}",
                field="params",
            )
        param = declared[name]
        is_text = param.type in {"string", "datetime"} and param.shape is None
        if isinstance(value, str) and not is_text:
            try:
                value = json.loads(value)  # noqa: PLW2901
            except json.JSONDecodeError as exc:
                raise errors.Invalid(
                    f"parameter {name!r} takes {param.type}, not {value!r}", field="params"
                ) from exc
        values[name] = value
    return values
