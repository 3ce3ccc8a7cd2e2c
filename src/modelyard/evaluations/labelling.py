"""The labels that an evaluation has by itself, and what variables in others stand for."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import datetime

from pydantic import TypeAdapter, ValidationError

from modelyard import errors
from modelyard.evaluations.commands import EvaluateStandalone, RunEvaluation
from modelyard.evaluations.labels import LONGEST, LabelKey, LabelValue
from modelyard.evaluations.storing.reference import own_of_version
from modelyard.jobs.scenarios.parameters import filled
from modelyard.kernel.context import Context
from modelyard.kernel.values import now
from modelyard.models.types import ModelVersion
from modelyard.projects.access import require_project

KEY: TypeAdapter[str] = TypeAdapter(LabelKey)
VALUE: TypeAdapter[str] = TypeAdapter(LabelValue)
MOST_INHERITED = 20


def labels_of(
    context: Context,
    command: RunEvaluation | EvaluateStandalone,
    version: ModelVersion | None,
) -> dict[str, str]:
    """All labels of an evaluation; those that were given take the place of its own.

    These take the place of what was logged with the model as its metadata.

    Raises:
        Invalid: a variable is not known, or a value is none with what it stands for.
    """
    automatic = {
        "evaluation:date": f"{now():%Y-%m-%dT%H:%M:%SZ}",
        "evaluationDataset:dataset-name": command.dataset,
    }
    if version is not None:
        with context.read() as db:
            own = own_of_version(db, version)
        automatic |= _of_version(version)
        alone = command.dataset if command.store is None else None
        tested = version.lineage.test_dataset or (alone if own is None else own.dataset)
        automatic["testDataset:dataset-name"] = tested or ""
        automatic = _of_design(version) | automatic
    short = {key: value[:LONGEST] for key, value in automatic.items() if value}
    return short | expanded(context, command.project, command.label)


def expanded(context: Context, project: str, labels: dict[str, str]) -> dict[str, str]:
    """Labels with the values of the project's variables, written ${NAME} or ${project.NAME}.

    Raises:
        Invalid: a variable is not known, or a value is none with what it stands for.
    """
    with context.read() as db:
        variables = require_project(db, project).variables
    values = {**variables, **{f"project.{name}": each for name, each in variables.items()}}
    told = {}
    for key, text in labels.items():
        try:
            value = filled(text, values)
            as_text = value if isinstance(value, str) else json.dumps(value)
            told[key] = VALUE.validate_python(as_text)
        except errors.Invalid as exc:
            raise errors.Invalid(f"label {key!r}: {exc.detail}", field="label") from exc
        except ValidationError as exc:
            problem = exc.errors(include_url=False)[0]["msg"]
            raise errors.Invalid(f"label {key!r}, {text}: {problem}", field="label") from exc
    return told


def _of_version(version: ModelVersion) -> dict[str, str]:
    loaded = version.probe.loaded
    algorithm = (loaded.model_class or loaded.flavor).rpartition(".")[2]
    return {
        "evaluation:model-name": version.model,
        "model:name": version.name or version.version,
        "model:version": version.version,
        "model:algorithm": algorithm,
        "model:date": _moment(version.model_file.trained or version.imported),
        "trainDataset:dataset-name": version.lineage.train_dataset or "",
    }


def _of_design(version: ModelVersion) -> dict[str, str]:
    """What was logged with the model as its metadata, where it can be a label."""
    told = {}
    for key, value in version.model_file.metadata.items():
        if isinstance(value, str | int | float):
            text = value if isinstance(value, str) else json.dumps(value)
            with suppress(ValidationError):
                told[KEY.validate_python(key)] = VALUE.validate_python(text)
    return dict(list(told.items())[:MOST_INHERITED])


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
