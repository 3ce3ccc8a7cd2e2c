"""Custom metrics: functions of a file or of packages, which run in a process of their own."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from modelyard import errors
from modelyard.analysis.arrays import Bools
from modelyard.analysis.intake import keep
from modelyard.analysis.names import NAMES
from modelyard.analysis.types import Metric
from modelyard.evaluations.asserting import Answers
from modelyard.evaluations.commands import EvaluateStandalone, RunEvaluation
from modelyard.evaluations.custom_types import CustomMetric
from modelyard.evaluations.scored import Scored, names_of_probabilities
from modelyard.kernel import paths
from modelyard.kernel.context import Context
from modelyard.models.access import require_code
from modelyard.runtime.envs.codeenvs import env_python
from modelyard.runtime.tasks import run_task
from modelyard.runtime.types import CodeEnv, PredictionType

GIVEN = ("truth", "predicted", "probabilities", "weights", "frame")
"""What a function may take, by the names of its parameters."""
LARGEST = 1 << 20
MOST = 100
ROWS = "used-rows.arrow"


@dataclass(frozen=True)
class CustomCode:
    """Metrics that are asked for beside the usual ones.

    Args:
        file: what messages call the file of metrics.
        text: its code, which was read but not run.
        functions: what is known of its metrics without running them.
        plugs: metrics that packages of the code env bring.
    """

    file: str = "no file"
    text: str = ""
    functions: tuple[CustomMetric, ...] = ()
    plugs: tuple[CustomMetric, ...] = ()

    @property
    def every(self) -> tuple[CustomMetric, ...]:
        """All of them, those of the file first."""
        return (*self.functions, *self.plugs)


@dataclass(frozen=True)
class Computed:
    """What came of custom metrics: the functions as they describe themselves, and their values."""

    functions: tuple[CustomMetric, ...] = ()
    metrics: tuple[Metric, ...] = ()


def read_code(
    context: Context,
    command: RunEvaluation | EvaluateStandalone,
    kind: PredictionType,
    model: str | None = None,
) -> CustomCode:
    """Read the metrics of a file, if whoever asks may bring code, and take those of packages.

    Args:
        context: the workspace.
        command: what was asked for.
        kind: what was predicted.
        model: by what; none: no saved model.

    Raises:
        Forbidden: whoever asks may not import models, which are code as well.
        Blocked: the settings let in no code that nobody has looked at.
        NotFound, Invalid: there is no such file, it is no Python that holds metrics, or metrics
            are called alike.
    """
    file, plugs = command.custom_metrics, dict.fromkeys(command.plugged_metrics)
    if (file or plugs) and kind == "other":
        raise errors.Invalid(
            "custom metrics compare truth and prediction, and what is of prediction type 'other' "
            "may answer anything"
        )
    code = CustomCode() if file is None else _of_file(context, command.project, file, model)
    code = replace(code, plugs=tuple(CustomMetric(name=name) for name in plugs))
    names = [each.name for each in code.every]
    for name in names:
        if name in NAMES or names.count(name) > 1:
            raise errors.Invalid(
                f"there is a metric {name!r} already; call the custom one another name"
            )
    return code


def _of_file(context: Context, project: str, file: str, model: str | None) -> CustomCode:
    require_code(context, project, file, model or "any")
    text = _text(paths.find(context, project, file), file)
    found = _functions(text, file)
    for node in found:
        _require_known(node, file)
    functions = (
        CustomMetric(
            name=node.name,
            description=(ast.get_docstring(node) or "").partition("\n")[0],
            needs_probability="probabilities" in _parameters(node),
        )
        for node in found
    )
    return CustomCode(file, text, tuple(functions))


def _text(path: Path, file: str) -> str:
    try:
        with path.open("rb") as source:
            content = source.read(LARGEST + 1)
    except FileNotFoundError as exc:
        raise errors.NotFound(f"there is no file {file}") from exc
    except OSError as exc:
        raise errors.Invalid(f"{file} cannot be read: {exc.strerror}") from exc
    if len(content) > LARGEST:
        raise errors.Invalid(f"{file} is larger than 1 MiB; metrics are short")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise errors.Invalid(f"{file} is no text in UTF-8: {exc.reason}") from exc


def _functions(text: str, file: str) -> list[ast.FunctionDef]:
    try:
        tree = ast.parse(text, file)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as exc:
        raise errors.Invalid(f"{file} is no Python that can be read: {exc}") from exc
    found = {
        node.name: node
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    }
    if not 1 <= len(found) <= MOST:
        raise errors.Invalid(
            f"{file} has {len(found)} functions; each is a metric, unless its name begins with _, "
            f"and there have to be 1 to {MOST}"
        )
    return list(found.values())


def _parameters(node: ast.FunctionDef) -> list[str]:
    return [each.arg for each in (*node.args.args, *node.args.kwonlyargs)]


def _require_known(node: ast.FunctionDef, file: str) -> None:
    arguments = node.args
    plain = [each.arg for each in arguments.args]
    needed = plain[: len(plain) - len(arguments.defaults)]
    needed += [
        each.arg
        for each, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
        if default is None
    ]
    strange = [*(each.arg for each in arguments.posonlyargs), *(set(needed) - set(GIVEN))]
    if strange:
        raise errors.Invalid(
            f"{node.name!r} of {file} takes {strange[0]!r}, which it is not given; a metric may "
            f"take {', '.join(GIVEN)}"
        )


def compute(
    code: CustomCode,
    context: Context,
    env: CodeEnv,
    file: Path,
    scored: Scored,
    answers: Answers,
    confidence: float,
) -> Computed:
    """Run the functions in a process of their own.

    What fails there is a metric without a value, which says why.

    Args:
        code: the metrics.
        context: the workspace.
        env: the code env that they run in.
        file: the scored rows.
        scored: truth, probabilities and weights of these rows.
        answers: what was predicted.
        confidence: level of the intervals.
    """
    rows = file.with_name(ROWS)
    _write_used(rows, scored, answers)
    arguments: dict[str, Any] = {
        "code": code.text,
        "file": code.file,
        "functions": [each.name for each in code.functions],
        "plugs": [each.name for each in code.plugs],
        "rows": str(rows),
        "sample": str(file),
        "probabilities": names_of_probabilities(pq.read_schema(file).names),
        "classes": list(answers.classes),
        "confidence": confidence,
    }
    try:
        told = run_task(
            env_python(context, env),
            "metrics",
            arguments,
            settings=context.settings.runtime,
            log=context.folder / "logs" / "workers" / "metrics.log",
            timeout=context.settings.runtime.predict_timeout,
            progress=context.progress,
        )["metrics"]
    except errors.ModelyardError as exc:
        reason = str(exc).partition("\n")[0]
        failed = (Metric(code=each.name, reason=reason) for each in code.every)
        return Computed(code.every, tuple(failed))
    return Computed(tuple(_described(code, told)), tuple(_metrics(code, told)))


def _write_used(place: Path, scored: Scored, answers: Answers) -> None:
    """The rows that metrics use: their places, truth, prediction and weight.

    Truth and prediction of classifiers are positions among the classes.
    """
    used = np.flatnonzero(_used(scored, answers))
    weights = np.ones(len(used)) if scored.weights is None else scored.weights[used]
    columns = {"row": used, "truth": scored.truth[used], "predicted": answers.values[used]}
    table = pa.table({**columns, "weights": weights})
    with pa.OSFile(str(place), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)


def _used(scored: Scored, answers: Answers) -> Bools:
    truth = scored.truth >= 0 if answers.classes else np.isfinite(scored.truth)
    known = answers.known
    if scored.probabilities is not None:
        known = known & ~np.isnan(scored.probabilities).any(axis=1)
    mask = keep(truth, known, scored.weights).mask
    return np.ones(len(truth), bool) if mask is None else mask


def _described(code: CustomCode, told: dict[str, Any]) -> Iterator[CustomMetric]:
    for each in code.every:
        facts = {
            name: told[each.name][name] for name in CustomMetric.model_fields if name != "name"
        }
        yield each.model_copy(update=facts)


def _metrics(code: CustomCode, told: dict[str, Any]) -> Iterator[Metric]:
    for each in code.every:
        found = {name: told[each.name][name] for name in ("value", "low", "high", "reason")}
        yield Metric(code=each.name, method=None if found["low"] is None else "bootstrap", **found)
