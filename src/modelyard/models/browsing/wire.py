"""MLflow's answers as they come, and as they are told here."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import quote

from pydantic import BaseModel, BeforeValidator, Field, ValidationError

from modelyard.models.browsing.types import (
    Experiment,
    LoggedModel,
    RegisteredModel,
    RegisteredVersion,
    TrackedRun,
)

HISTORY = "mlflow.log-model.history"
"""The tag in which clients before MLflow 3 note the models of a run."""


def _moment(value: Any) -> Any:
    """Milliseconds since 1970, which some servers write as a text; 0 stands for none."""
    try:
        return datetime.fromtimestamp(int(value) / 1000, UTC) if value else None
    except (TypeError, ValueError, OverflowError, OSError):
        return None


Moment = Annotated[datetime | None, BeforeValidator(_moment)]
Text = Annotated[str, BeforeValidator(lambda value: "" if value is None else str(value))]


class Answer(BaseModel):
    """A part of a list, and where it goes on."""

    next_page_token: str = ""


class Pair(BaseModel):
    """A tag or parameter."""

    key: Text
    value: Text = ""


class MetricPair(BaseModel):
    """A metric; MLflow writes NaN and infinities as texts."""

    key: Text
    value: Any = None


class Experiments(Answer):
    """Of experiments/search."""

    class Item(BaseModel):
        """An experiment."""

        experiment_id: Text
        name: Text
        creation_time: Moment = None
        last_update_time: Moment = None

    experiments: list[Item] = []

    def told(self, server: str) -> list[Experiment]:
        """The experiments."""
        return [
            Experiment(
                id=item.experiment_id,
                name=item.name,
                created=item.creation_time,
                updated=item.last_update_time,
                link=_page(server, "experiments", item.experiment_id),
            )
            for item in self.experiments
        ]


class LoggedModels(Answer):
    """Of logged-models/search, which servers have since MLflow 3."""

    class Item(BaseModel):
        """A logged model."""

        class Info(BaseModel):
            """What is told of it."""

            model_id: Text
            name: Text = ""
            source_run_id: Text = ""
            creation_timestamp_ms: Moment = None

        info: Info

    models: list[Item] = []


class Runs(Answer):
    """Of runs/search."""

    class Item(BaseModel):
        """A run."""

        class Info(BaseModel):
            """What is told of it."""

            run_id: Text
            experiment_id: Text
            run_name: Text = ""
            status: Text = ""
            user_id: Text = ""
            start_time: Moment = None
            end_time: Moment = None

        class Data(BaseModel):
            """What it logged."""

            metrics: list[MetricPair] = []
            params: list[Pair] = []
            tags: list[Pair] = []

        class Outputs(BaseModel):
            """The models that it logged by an MLflow 3 client."""

            model_outputs: list[dict[str, Any]] = []

        info: Info
        data: Data = Data()
        outputs: Outputs = Outputs()

    runs: list[Item] = []

    def with_outputs(self) -> list[str]:
        """The ids of the runs whose models are kept beside them."""
        return [item.info.run_id for item in self.runs if item.outputs.model_outputs]

    def told(self, server: str, logged: Iterable[LoggedModels.Item]) -> list[TrackedRun]:
        """The runs, each with its models."""
        beside: dict[str, list[LoggedModel]] = {}
        for model in logged:
            beside.setdefault(model.info.source_run_id, []).append(
                LoggedModel(
                    source=f"models:/{model.info.model_id}",
                    name=model.info.name,
                    logged=model.info.creation_timestamp_ms,
                )
            )
        return [_run(server, item, beside.get(item.info.run_id, [])) for item in self.runs]


class RegisteredVersions(Answer):
    """Of model-versions/search."""

    class Item(BaseModel):
        """A version."""

        name: Text
        version: Text
        current_stage: Text = ""
        status: Text = ""
        description: Text = ""
        user_id: Text = ""
        run_id: Text = ""
        creation_timestamp: Moment = None

    model_versions: list[Item] = []

    def told(self, server: str, aliases: dict[str, str]) -> list[RegisteredVersion]:
        """The versions, each with its aliases."""
        return [
            RegisteredVersion(
                name=item.name,
                version=item.version,
                source=f"models:/{item.name}/{item.version}",
                aliases=tuple(
                    sorted(a for a, version in aliases.items() if version == item.version)
                ),
                stage=item.current_stage if item.current_stage not in ("", "None") else None,
                status=item.status,
                description=item.description,
                user=item.user_id or None,
                run_id=item.run_id or None,
                created=item.creation_timestamp,
                link=_page(server, "models", item.name, "versions", item.version),
            )
            for item in self.model_versions
        ]


class Registered(BaseModel):
    """A registered model."""

    class Alias(BaseModel):
        """A name for one of its versions."""

        alias: Text
        version: Text

    name: Text
    description: Text = ""
    creation_timestamp: Moment = None
    last_updated_timestamp: Moment = None
    latest_versions: list[RegisteredVersions.Item] = []
    aliases: list[Alias] = []

    def aliased(self) -> dict[str, str]:
        """Versions by alias."""
        return {each.alias: each.version for each in self.aliases}

    def told(self, server: str) -> RegisteredModel:
        """The model."""
        numbers = [each.version for each in self.latest_versions]
        newest = max(numbers, key=lambda at: (len(at), at), default=None)
        return RegisteredModel(
            name=self.name,
            description=self.description,
            created=self.creation_timestamp,
            updated=self.last_updated_timestamp,
            latest=newest,
            aliases=self.aliased(),
            link=_page(server, "models", self.name),
        )


class RegisteredModels(Answer):
    """Of registered-models/search."""

    registered_models: list[Registered] = []


class OneRegistered(BaseModel):
    """Of registered-models/get."""

    registered_model: Registered


class _Noted(BaseModel):
    """A model in the history tag."""

    artifact_path: str
    flavors: dict[str, Any] = {}
    utc_time_created: Annotated[
        datetime | None, BeforeValidator(lambda text: f"{text}Z" if text else None)
    ] = None


class _History(BaseModel):
    models: list[_Noted] = Field(max_length=1000)


def _run(server: str, item: Runs.Item, logged: list[LoggedModel]) -> TrackedRun:
    info, tags = item.info, {tag.key: tag.value for tag in item.data.tags}
    models = logged or _noted(info.run_id, tags.get(HISTORY, ""))
    models.sort(key=lambda model: (model.name, model.source))
    return TrackedRun(
        id=info.run_id,
        name=info.run_name or tags.get("mlflow.runName", ""),
        status=info.status,
        user=tags.get("mlflow.user") or info.user_id or None,
        started=info.start_time,
        ended=info.end_time,
        metrics={metric.key: _finite(metric.value) for metric in item.data.metrics},
        params={param.key: param.value for param in item.data.params},
        models=tuple(models),
        sources=tuple(model.source for model in models),
        link=_page(server, "experiments", info.experiment_id, "runs", info.run_id),
    )


def _noted(run_id: str, history: str) -> list[LoggedModel]:
    """The models of a run by its tag; a later one at the same path has taken its place."""
    try:
        found = _History(models=json.loads(history or "[]"))
    except (ValueError, RecursionError, ValidationError):
        return []
    by_path = {noted.artifact_path: noted for noted in found.models}
    return [
        LoggedModel(
            source=f"runs:/{run_id}/{path}",
            name=path,
            flavors=tuple(sorted(set(noted.flavors) - {"python_function"})) or tuple(noted.flavors),
            logged=noted.utc_time_created,
        )
        for path, noted in by_path.items()
    ]


def _finite(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _page(server: str, *parts: str) -> str:
    return f"{server}/#/{'/'.join(quote(part, safe='') for part in parts)}"
