"""Reading the MLmodel file, in any layout from MLflow 1 to 3; nothing of the model is run."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from modelyard import errors
from modelyard.kernel.faults import located
from modelyard.models.declared_inputs import DamagedSignature, read_inputs, read_outputs
from modelyard.models.inner_paths import leaves_folder
from modelyard.models.plain_yaml import NotPlain, load_plain
from modelyard.models.types import FlavorFacts, ModelFile

NAME = "MLmodel"
NEARBY_DEPTH = 3
NEARBY_FOLDERS = 2_000
PATH_KEYS = (
    *("data", "model_path", "pickled_model", "model_data", "python_model"),
    *("code", "model_binary", "saved_model_dir", "crate", "pr_data"),
)
FORMATS = ("serialization_format", "model_format", "save_format")


def read_mlmodel(folder: Path) -> tuple[ModelFile, dict[str, Any]]:
    """Read a model folder's MLmodel file: what it says, and all of it as plain JSON values.

    Raises:
        Invalid: there is no MLmodel file (folders below that have one are named), it is damaged, or
            it names files that are missing or outside the folder.
    """
    raw = _load(folder)
    file = folder / NAME
    flavors = raw.get("flavors")
    if not isinstance(flavors, dict) or not flavors:
        raise errors.Invalid(f"{file} is damaged: it names no flavors")
    for name, facts in flavors.items():
        if not isinstance(facts, dict):
            raise errors.Invalid(f"{file} is damaged: its flavor {name} is no mapping")
    _check_files(folder, flavors)
    try:
        return _model_file(raw, flavors), raw
    except DamagedSignature as exc:
        raise errors.Invalid(f"{file} is damaged: its signature cannot be read: {exc}") from exc
    except ValidationError as exc:
        raise errors.Invalid(f"{file} is damaged: {located(exc.errors()[0])}") from exc


def _load(folder: Path) -> dict[str, Any]:
    file = folder / NAME
    if not file.is_file():
        inside = [path.relative_to(folder).as_posix() for path in _nearby(folder)]
        what_to_do = "give the folder that MLflow's save_model or log_model wrote"
        if inside:
            what_to_do = f"below it there is one in: {', '.join(inside[:5])}; give that folder"
        raise errors.Invalid(f"{folder} is no MLflow model: it has no MLmodel file; {what_to_do}")
    try:
        raw = load_plain(file.read_bytes())
    except NotPlain as exc:
        raise errors.Invalid(f"{file} is damaged: it cannot be read as YAML: {exc}") from exc
    except OSError as exc:
        raise errors.Invalid(f"{file} cannot be read: {exc.strerror}") from exc
    if not isinstance(raw, dict):
        raise errors.Invalid(f"{file} is damaged: it holds no mapping of names to values")
    return raw


def _nearby(folder: Path) -> Iterator[Path]:
    """Folders some levels down that have an MLmodel file."""
    for path, folders, files in islice(os.walk(folder), NEARBY_FOLDERS):
        if NAME in files:
            yield Path(path)
        folders.sort()
        if len(Path(path).relative_to(folder).parts) >= NEARBY_DEPTH or NAME in files:
            folders.clear()


def _check_files(folder: Path, flavors: Mapping[str, Mapping[str, Any]]) -> None:
    missing = {}
    root = folder.resolve()
    for flavor, facts in flavors.items():
        for path in _paths(facts):
            if leaves_folder(path) or not (folder / path).resolve().is_relative_to(root):
                raise errors.Invalid(
                    f"{folder / NAME} names {path} (flavor {flavor}), which is outside its folder"
                )
            if not (folder / path).exists():
                missing[path] = flavor
    if missing:
        names = ", ".join(f"{path} (flavor {flavor})" for path, flavor in missing.items())
        raise errors.Invalid(
            f"{folder} is incomplete: its MLmodel file names {names}, which "
            f"{'is' if len(missing) == 1 else 'are'} not there; copy the whole folder"
        )


def _paths(facts: Mapping[str, Any]) -> Iterator[str]:
    named = [facts.get(key) for key in PATH_KEYS]
    code = facts.get("model_code_path")
    if isinstance(code, str):
        named.append(re.split(r"[/\\]", code)[-1])  # where it was saved from; only its name counts
    artifacts = facts.get("artifacts")
    if isinstance(artifacts, dict):
        named += [part.get("path") for part in artifacts.values() if isinstance(part, dict)]
    for path in named:
        if isinstance(path, str) and path and "://" not in path:
            yield path


def _model_file(raw: Mapping[str, Any], flavors: Mapping[str, Mapping[str, Any]]) -> ModelFile:
    pyfunc = flavors.get("python_function", {})
    signature = raw.get("signature")
    if signature is not None and not isinstance(signature, dict):
        raise DamagedSignature("it is no mapping")
    example = raw.get("saved_input_example_info")
    metadata = raw.get("metadata")
    return ModelFile(
        mlflow_version=_text(raw.get("mlflow_version")),
        model_uuid=_text(raw.get("model_uuid")),
        trained=_moment(raw.get("utc_time_created")),
        flavors=tuple(FlavorFacts(name=name, facts=dict(facts)) for name, facts in flavors.items()),
        loader_module=_text(pyfunc.get("loader_module")),
        python_version=_text(pyfunc.get("python_version")),
        serialization_format=_format(flavors),
        run_id=_text(raw.get("run_id")),
        artifact_path=_text(raw.get("artifact_path")),
        inputs=read_inputs(signature) if signature else None,
        outputs=read_outputs(signature) if signature else None,
        input_example=_text(example.get("artifact_path")) if isinstance(example, dict) else None,
        metadata=metadata if isinstance(metadata, dict) else {},
    )


def _format(flavors: Mapping[str, Mapping[str, Any]]) -> str | None:
    """How the model itself is written, where a flavor says so."""
    for facts in flavors.values():
        for key in FORMATS:
            if facts.get(key):
                return str(facts[key])
    by_cloudpickle = any(facts.get("cloudpickle_version") for facts in flavors.values())
    return "cloudpickle" if by_cloudpickle else None


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _moment(value: Any) -> datetime | None:
    """When MLflow saved the model; it writes UTC without a zone, in one of several forms."""
    try:
        moment = datetime.fromisoformat(str(value).strip())
    except ValueError:
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC)
