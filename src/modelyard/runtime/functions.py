"""Calls a function that somebody wrote in Python, in a process of its own with limits."""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from modelyard import errors
from modelyard.kernel.context import Context
from modelyard.runtime import repository as envs
from modelyard.runtime.envs.codeenvs import env_python
from modelyard.runtime.envs.local import LOCAL
from modelyard.runtime.process import Lost
from modelyard.runtime.tasks import Answers, run_asking_task, run_task

MEMORY_MB = 1024
"""MiB that it may use, unless workers may use less."""


def require_code_allowed(context: Context, what: str) -> None:
    """Refuse code where the settings let in none that nobody has looked at, by Blocked."""
    allowed = context.settings.trust.allowed
    if "needs_review" not in allowed:
        raise errors.Blocked(
            f"{what} is code, and the setting trust.allowed lets in {', '.join(allowed)} alone; "
            "it takes needs_review"
        )


def python_in(context: Context, env: str) -> Path:
    """The interpreter of a code env that code is to run in; `local` is the one of this process.

    Raises:
        NotFound: there is no such code env.
    """
    if env == LOCAL:
        return Path(sys.executable)
    with context.read() as db:
        found = envs.get_env(db, env)
    return env_python(context, found)


def require_function(code: str, name: str, given: Sequence[str]) -> None:
    """Refuse code that has no function of the right kind; nothing of it is run.

    Args:
        code: the text.
        name: what the function is called.
        given: the parameters that it may take.

    Raises:
        Invalid: it is no Python, has no such function, or that takes something unknown.
    """
    try:
        tree = ast.parse(code, name)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as exc:
        raise errors.Invalid(f"that is no Python that can be read: {exc}", field="code") from exc
    found = [each for each in tree.body if isinstance(each, ast.FunctionDef)]
    node = next((each for each in reversed(found) if each.name == name), None)
    takes = f"it may take {', '.join(given)}"
    if node is None:
        raise errors.Invalid(f"the code has no function {name!r}; {takes}", field="code")
    arguments = node.args
    strange = [
        each.arg
        for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
        if each.arg not in given or each in arguments.posonlyargs
    ]
    if strange:
        raise errors.Invalid(
            f"{name!r} takes {strange[0]!r}, which it is not given; {takes}", field="code"
        )


def call_function(
    context: Context,
    task: str,
    about: Mapping[str, Any],
    given: Mapping[str, Any],
    *,
    seconds: float,
    log: str,
    python: Path | None = None,
    answers: Answers | None = None,
) -> dict[str, Any]:
    """Have a worker's task call it.

    Args:
        context: the workspace.
        task: name of the worker's module, which knows what the function may return.
        about: `code` and `name`, and what else the task takes.
        given: values by the parameters that may take them.
        seconds: that it may take.
        log: file in logs/workers that whatever it prints is appended to.
        python: interpreter of its code env; None: this one.
        answers: answers what the task asks meanwhile, if it does.

    Raises:
        Failed: it raised, died, returned something else, or took more than its time; the message
            says which, and `overdue` whether it was the time.
    """
    settings = context.settings.runtime
    least = min(MEMORY_MB, settings.memory_limit_mb)
    run = run_task if answers is None else partial(run_asking_task, answers=answers)
    try:
        return run(
            python or Path(sys.executable),
            task,
            {**about, "given": dict(given)},
            settings=settings.model_copy(update={"memory_limit_mb": least}),
            log=context.folder / "logs" / "workers" / log,
            timeout=seconds,
        )
    except errors.ModelyardError as exc:
        overdue = isinstance(exc.__cause__, Lost) and exc.__cause__.cause == "overdue"
        said = exc.detail.partition("\n")[0].partition("; its log")[0]
        said = f"it was stopped after {seconds:g} s" if overdue else said
        raise errors.Failed(said, overdue=overdue) from exc
