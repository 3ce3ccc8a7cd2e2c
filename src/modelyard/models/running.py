"""Running a version: its folder, its env, and the check that it predicts what it did at import."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from math import isfinite
from pathlib import Path
from typing import Any

import pyarrow as pa
from pydantic import JsonValue

from modelyard import errors
from modelyard.kernel.context import Context
from modelyard.kernel.values import now
from modelyard.models.folders import fresh_folder, in_use, loadable_folder, write_files
from modelyard.models.mlmodel import read_mlmodel
from modelyard.models.types import Golden, ModelVersion, Verification
from modelyard.runtime import golden
from modelyard.runtime.envs.codeenvs import ensure_env, env_python
from modelyard.runtime.pool import ModelFolder, WorkerPool
from modelyard.runtime.types import CodeEnv, Mode, ModelInputs, OnError, PredictOptions

ENGINE = "worker"


@dataclass(frozen=True)
class RunnableVersion:
    """A version that may run here: its golden predictions were reproduced."""

    version: ModelVersion
    folder: ModelFolder


def model_folder(
    context: Context,
    env: CodeEnv,
    folder: Path,
    mlmodel: Mapping[str, Any],
    inputs: ModelInputs | None,
    *,
    name: str,
) -> ModelFolder:
    """What a worker needs to load a model; `name` is what messages call it."""
    options: dict[str, JsonValue] = {
        "mlmodel": dict(mlmodel),
        # The scan graded every type in these very files, and the settings let its verdict in.
        "trusted_types": ["*"],
        "inputs": None if inputs is None else inputs.model_dump(mode="json"),
    }
    return ModelFolder(env_python(context, env), folder, options, name)


@contextmanager
def open_pool(
    context: Context, model: ModelFolder, *, size: int = 1, timeout: float | None = None
) -> Iterator[WorkerPool]:
    """Workers for a model, with the limits of the settings; its folder stays until they end.

    `timeout`: seconds that predicting may take, instead of the setting.
    """
    settings = context.settings.runtime
    if timeout is not None:
        settings = settings.model_copy(update={"predict_timeout": timeout})
    log = context.folder / "logs" / "workers" / f"{model.folder.name[:16]}.log"
    with (
        in_use(context, model.folder),
        WorkerPool(model, size=size, settings=settings, log=log) as pool,
    ):
        yield pool


def predict_options(
    version: ModelVersion,
    mode: Mode,
    *,
    threshold: float | None = None,
    on_error: OnError = "fail",
    probabilities: bool = True,
    params: Mapping[str, JsonValue] | None = None,
) -> PredictOptions:
    """How a version is asked; a threshold given here goes before the version's own.

    Raises:
        Unsupported: its output cannot be restructured, because of its type or because the import
            could not find out how to read it.
    """
    read = version.probe.interpretation
    if mode == "restructured" and version.prediction_type == "other":
        raise errors.Unsupported(
            f"{version.model!r} has prediction type 'other', which is not interpreted; "
            "use mode 'direct'"
        )
    if mode == "restructured" and read is None:
        raise errors.Unsupported(
            f"how to read the output of {version.model!r} {version.version!r} is not known, "
            f"because {version.probe.problem}; import it with --dataset or --interpretation, "
            "or use mode 'direct'"
        )
    return PredictOptions(
        mode=mode,
        prediction_type=version.prediction_type,
        interpretation=read,
        classes=version.core.classes or None,
        threshold=version.core.threshold if threshold is None else threshold,
        params=dict(params or {}),
        on_error=on_error,
        probabilities=probabilities,
        inputs=version.signature.inputs,
    )


def predict_both(pool: WorkerPool, rows: pa.Table, options: PredictOptions) -> pa.Table:
    """Predict rows in both output modes, side by side; direct alone where no reading is known."""
    direct = pool.predict(rows, options.model_copy(update={"mode": "direct"})).table
    if options.prediction_type == "other" or options.interpretation is None:
        return golden.joined(direct, None)
    restructured = pool.predict(rows, options.model_copy(update={"mode": "restructured"})).table
    return golden.joined(direct, restructured)


def prepare(context: Context, version: ModelVersion) -> ModelFolder:
    """Make ready what a worker needs to load a version."""
    fill = partial(write_files, context, version.files)
    return _loadable(context, version, version.env, loadable_folder(context, version.digest, fill))


def _loadable(context: Context, version: ModelVersion, env: CodeEnv, folder: Path) -> ModelFolder:
    _, mlmodel = read_mlmodel(folder)
    name = f"{version.model} {version.version}"
    inputs = version.signature.inputs
    return model_folder(context, env, folder, mlmodel, inputs, name=name)


def golden_rows(context: Context, kept: Golden) -> pa.Table:
    """The rows that a version's golden predictions were made for."""
    with context.artifacts.open(kept.inputs) as source:
        return golden.read_arrow(source)


def verified(version: ModelVersion) -> bool:
    """Whether its golden predictions were reproduced in its env on this host, or it has none."""
    return version.golden is None or any(
        check.passed
        for check in version.verifications
        if (check.env, check.host, check.scoring_engine)
        == (version.env.id, platform.node(), ENGINE)
    )


def verify(context: Context, version: ModelVersion, *, env: str | None = None) -> Verification:
    """Write the version's files anew, load it in a fresh worker, predict its golden rows, compare.

    Raises:
        Failed: a file is damaged, or the model does not load or predict.
        Unsupported: the version has no golden predictions.
    """
    kept = version.golden
    if kept is None:
        raise errors.Unsupported(
            f"{version.model!r} {version.version!r} has no golden predictions: "
            f"{version.probe.problem or 'none could be made at import'}; "
            "import it again with --dataset"
        )
    built = version.env if env is None else ensure_env(context, version.env.asked, named=env)
    rows = golden_rows(context, kept)
    with context.artifacts.open(kept.outputs) as source:
        expected = golden.read_arrow(source)
    fill = partial(write_files, context, version.files)
    with (
        fresh_folder(context, version.digest, fill) as folder,
        open_pool(context, _loadable(context, version, built, folder)) as pool,
    ):
        found = predict_both(pool, rows, kept.options)
    result = golden.compare(expected, found, kept.tolerance)
    return Verification(
        env=built.id,
        host=platform.node(),
        scoring_engine=ENGINE,
        checked=now(),
        rows=result.rows,
        matching=result.rows - len(result.differing),
        largest_gap=result.largest_gap if isfinite(result.largest_gap) else None,
        differing=result.differing[: golden.NAMED_ROWS],
        details=result.details,
    )
