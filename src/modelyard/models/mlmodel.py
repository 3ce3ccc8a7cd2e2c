"""Reading the MLmodel file, in any layout from MLflow 1 to 3; nothing of the model is run."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import JsonValue, ValidationError

from modelyard import errors
from modelyard.models.plain_yaml import NotPlain, load_plain
from modelyard.models.types import FlavorFacts, ModelFile
from modelyard.runtime.types import InputColumn, InputTensor, ModelInputs, Param

NAME = "MLmodel"
PATH_KEYS = ("data", "model_path", "pickled_model", "model_data", "python_model", "code")
FORMATS = ("serialization_format", "model_format", "save_format", "cloudpickle_version")


def read_mlmodel(folder: Path) -> tuple[ModelFile, dict[str, Any]]:
    """Read a model folder's MLmodel file: what it says, and the plain mapping.

    Raises:
        Invalid: there is no MLmodel file, it is damaged, or a file that it names is missing.
    """
    raw = _load(folder)
    flavors = raw.get("flavors")
    if not isinstance(flavors, dict) or not flavors:
        raise errors.Invalid(f"{folder / NAME} is damaged: it names no flavors")
    if not all(isinstance(facts, dict) for facts in flavors.values()):
        raise errors.Invalid(f"{folder / NAME} is damaged: a flavor in it is no mapping")
    _check_files(folder, flavors)
    try:
        return _model_file(raw, flavors), raw
    except (ValidationError, ValueError, TypeError, AttributeError) as exc:
        raise errors.Invalid(f"{folder / NAME} is damaged: {_short(exc)}") from exc


def _load(folder: Path) -> dict[str, Any]:
    file = folder / NAME
    if not file.is_file():
        inside = sorted(path.parent for path in _nearby(folder))
        hint = f"; there is one in {', '.join(map(str, inside[:5]))}" if inside else ""
        raise errors.Invalid(
            f"{folder} is no MLflow model: it has no MLmodel file{hint}. Give the folder that "
            "mlflow's save_model or log_model wrote"
        )
    try:
        raw = load_plain(file.read_bytes())
    except NotPlain as exc:
        raise errors.Invalid(f"{file} is damaged: {exc}") from exc
    if not isinstance(raw, dict):
        raise errors.Invalid(f"{file} is damaged: it holds no mapping")
    return raw


def _nearby(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        for depth in ("*", "*/*", "*/*/*"):
            yield from folder.glob(f"{depth}/{NAME}")


def _check_files(folder: Path, flavors: Mapping[str, Mapping[str, Any]]) -> None:
    missing = sorted(
        {
            f"{path} ({flavor})"
            for flavor, facts in flavors.items()
            for path in _paths(facts)
            if not (folder / path).exists()
        }
    )
    if missing:
        raise errors.Invalid(
            f"{folder} is incomplete: its MLmodel file names {', '.join(missing)}, which "
            f"{'is' if len(missing) == 1 else 'are'} not there; copy the whole folder"
        )
    root = folder.resolve()
    for facts in flavors.values():
        for path in _paths(facts):
            if not (folder / path).resolve().is_relative_to(root):
                raise errors.Invalid(f"{folder / NAME} names {path}, which is outside its folder")


def _paths(facts: Mapping[str, Any]) -> Iterator[str]:
    named = [facts.get(key) for key in PATH_KEYS]
    artifacts = facts.get("artifacts")
    if isinstance(artifacts, dict):
        named += [part.get("path") for part in artifacts.values() if isinstance(part, dict)]
    for path in named:
        if isinstance(path, str) and path and "://" not in path:
            yield path


def _model_file(raw: Mapping[str, Any], flavors: Mapping[str, Mapping[str, Any]]) -> ModelFile:
    pyfunc = flavors.get("python_function", {})
    native = [facts for name, facts in flavors.items() if name != "python_function"]
    declared = raw.get("signature")
    signature = declared if isinstance(declared, dict) else None
    example = raw.get("saved_input_example_info")
    return ModelFile(
        mlflow_version=_text(raw.get("mlflow_version")),
        model_uuid=_text(raw.get("model_uuid")),
        trained=_moment(raw.get("utc_time_created")),
        flavors=tuple(FlavorFacts(name=str(name), facts=dict(facts)) for name, facts in flavors.items()),
        loader_module=_text(pyfunc.get("loader_module")),
        python_version=_text(pyfunc.get("python_version")),
        serialization_format=next(
            (_text(facts[key]) for facts in native for key in FORMATS if facts.get(key)), None
        ),
        run_id=_text(raw.get("run_id")),
        artifact_path=_text(raw.get("artifact_path")),
        inputs=None if signature is None else read_inputs(signature),
        outputs=None if signature is None else _outputs(signature.get("outputs")),
        input_example=_text(example.get("artifact_path")) if isinstance(example, dict) else None,
        metadata=raw.get("metadata") or {},
    )


def read_inputs(signature: Mapping[str, Any]) -> ModelInputs | None:
    """The inputs and params of a signature as MLflow writes it; None if it declares no inputs."""
    declared, params = _json(signature.get("inputs")), _json(signature.get("params"))
    if not declared and not params:
        return None
    columns, tensors = [], []
    for at, entry in enumerate(declared or ()):
        name = entry.get("name")
        if entry["type"] == "tensor":
            spec = entry["tensor-spec"]
            tensors.append(InputTensor(name=name, dtype=spec["dtype"], shape=tuple(spec["shape"])))
        else:
            required = entry.get("required", not entry.get("optional", False))
            columns.append(
                InputColumn(
                    name=str(at if name is None else name), type=entry["type"], required=required
                )
            )
    return ModelInputs(
        columns=tuple(columns),
        tensors=tuple(tensors),
        params=tuple(
            Param(
                name=entry["name"],
                type=str(entry.get("type", entry.get("dtype", "string"))),
                default=entry.get("default"),
                shape=entry.get("shape"),
            )
            for entry in params or ()
        ),
    )


def _outputs(declared: Any) -> tuple[dict[str, JsonValue], ...] | None:
    entries = _json(declared)
    return None if entries is None else tuple(entries)


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _moment(value: Any) -> datetime | None:
    """MLflow writes UTC without a zone."""
    if not isinstance(value, str):
        return None
    moment = datetime.fromisoformat(value.strip())
    return moment.replace(tzinfo=moment.tzinfo or UTC)


def _short(exc: Exception) -> str:
    return " ".join(str(exc).split())[:200]
