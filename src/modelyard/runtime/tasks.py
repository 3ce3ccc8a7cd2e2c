"""Work in a code env that is no prediction, such as asking MLflow's client for a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from modelyard.kernel.progress import Progress
from modelyard.kernel.settings import RuntimeSettings
from modelyard.runtime.failures import Occasion
from modelyard.runtime.isolation import usable_cores
from modelyard.runtime.process import Lost, WorkerProcess, WorkerSpec

Answers = Callable[[dict[str, Any]], dict[str, Any]]
"""Is given what a task asks, and gives the answer."""


def run_task(
    python: Path,
    task: str,
    arguments: Mapping[str, JsonValue],
    *,
    settings: RuntimeSettings,
    log: Path,
    environ: Mapping[str, str] | None = None,
    timeout: float = 3600,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Run `run` of the worker's module `tasks.<task>` in a process of its own.

    Args:
        python: interpreter of the code env.
        task: name of the module.
        arguments: what it is given.
        settings: the limit of memory.
        log: file that whatever it prints is appended to.
        environ: variables it needs beside those that every worker gets.
        timeout: seconds it may take.
        progress: hears how far it is.

    Raises:
        Invalid, Unsupported: the task refuses.
        Failed: it fails, dies, takes too long or too much memory.
    """
    spec = WorkerSpec(python, settings, usable_cores(), environ or {})
    return _run(spec, task, arguments, log, timeout, progress=progress)


def run_asking_task(
    python: Path,
    task: str,
    arguments: Mapping[str, JsonValue],
    *,
    answers: Answers,
    settings: RuntimeSettings,
    log: Path,
    timeout: float,
) -> dict[str, Any]:
    """The same for a task that asks before it answers."""
    spec = WorkerSpec(python, settings, usable_cores(), {})
    return _run(spec, task, arguments, log, timeout, answers=answers)


def _run(
    spec: WorkerSpec,
    task: str,
    arguments: Mapping[str, JsonValue],
    log: Path,
    timeout: float,
    **heard: Any,
) -> dict[str, Any]:
    more_time = f"it may take {timeout:,g} s; try again when what it waits for is quicker"
    occasion = Occasion(f"task {task!r}", "running", more_time, log, spec.settings)
    process = WorkerProcess(spec, log)
    try:
        request = {"op": "task", "task": task, "arguments": dict(arguments)}
        answer, _ = process.request(request, timeout=timeout, **heard)
    except Lost as lost:
        raise occasion.lost(lost) from lost
    finally:
        process.end()
    if "problem" in answer:
        raise occasion.problem(answer["problem"])
    return dict(answer["meta"])
