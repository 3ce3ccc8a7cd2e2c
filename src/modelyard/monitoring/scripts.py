"""Checks that are written in Python, which run in a process of their own."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import Any

from modelyard import errors
from modelyard.evaluations.types import Evaluation, EvaluationSummary, Figure
from modelyard.kernel.context import Context
from modelyard.kernel.settings import RuntimeSettings
from modelyard.monitoring.judging import Judged
from modelyard.monitoring.subjects import Subject
from modelyard.monitoring.types import CheckSettings
from modelyard.runtime.process import Lost
from modelyard.runtime.tasks import run_task

FUNCTION = "check"
GIVEN = ("metrics", "intervals", "labels", "history", "evaluation")
"""What the function may take, by the names of its parameters."""
MEMORY_MB = 1024
"""MiB that it may use, unless workers may use less."""
MOST_BEFORE = 1000
"""Evaluations of the history that it is given, the newest."""


def require_check(code: str) -> None:
    """Refuse code that has no function of the right kind; nothing of it is run.

    Raises:
        Invalid: it is no Python, has no function `check`, or that takes something unknown.
    """
    try:
        tree = ast.parse(code, FUNCTION)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as exc:
        raise errors.Invalid(f"that is no Python that can be read: {exc}", field="code") from exc
    found = [each for each in tree.body if isinstance(each, ast.FunctionDef)]
    node = next((each for each in reversed(found) if each.name == FUNCTION), None)
    takes = f"it may take {', '.join(GIVEN)}"
    if node is None:
        raise errors.Invalid(f"the code has no function {FUNCTION!r}; {takes}", field="code")
    arguments = node.args
    strange = [
        each.arg
        for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
        if each.arg not in GIVEN or each in arguments.posonlyargs
    ]
    if strange:
        raise errors.Invalid(
            f"{FUNCTION!r} takes {strange[0]!r}, which it is not given; {takes}", field="code"
        )


def run_script(check: CheckSettings, subject: Subject, name: str) -> Judged:
    """Call the function; what goes wrong there is an error that says why."""
    context = subject.context
    try:
        told = run_task(
            Path(sys.executable),
            "check",
            {"code": check.code, "name": name, "given": _given(subject)},
            settings=_limited(context),
            log=context.folder / "logs" / "workers" / "checks.log",
            timeout=check.seconds,
        )
    except errors.ModelyardError as exc:
        if isinstance(exc.__cause__, Lost) and exc.__cause__.cause == "overdue":
            return Judged(
                "error",
                "Its code took too long",
                f"it was stopped after {check.seconds:g} s",
                advice="Make it quicker, or let it take more seconds.",
            )
        return Judged(
            "error",
            "Its code failed",
            exc.detail.partition("\n")[0].partition("; its log")[0],
            advice="Mend the code; logs/workers/checks.log in the workspace has what it printed.",
        )
    outcome, message = told["outcome"], told["message"]
    return Judged(outcome, f"Its code says {outcome}", message)


def _limited(context: Context) -> RuntimeSettings:
    settings = context.settings.runtime
    least = min(MEMORY_MB, settings.memory_limit_mb)
    return settings.model_copy(update={"memory_limit_mb": least})


def _given(subject: Subject) -> dict[str, Any]:
    found = subject.evaluation
    return {
        "metrics": {code: each.value for code, each in found.metrics.items()},
        "intervals": {code: [each.low, each.high] for code, each in found.metrics.items()},
        "labels": found.labels,
        "history": [
            {**_facts(each), "metrics": _values(each.metrics), "labels": each.labels}
            for each in subject.before[-MOST_BEFORE:]
        ],
        "evaluation": _facts(found),
    }


def _values(metrics: dict[str, Figure]) -> dict[str, float | None]:
    return {code: each.value for code, each in metrics.items()}


def _facts(found: Evaluation | EvaluationSummary) -> dict[str, Any]:
    names = {"id", "name", "kind", "model", "version", "dataset", "rows", "created"}
    return found.model_dump(mode="json", include=names)
