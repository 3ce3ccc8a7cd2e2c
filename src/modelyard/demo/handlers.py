"""How the demo is loaded: by commands that whoever asks could run one by one."""

from __future__ import annotations

from typing import Any

from modelyard import errors
from modelyard.demo.commands import LoadDemo
from modelyard.demo.contents import DESCRIPTION, MARK, Step, steps
from modelyard.demo.types import LoadedDemo
from modelyard.kernel.bus import handles
from modelyard.kernel.command import Caller, Command
from modelyard.kernel.context import Context
from modelyard.kernel.progress import Progress
from modelyard.projects.commands import CreateProject, ShowProject


@handles(LoadDemo)
def load_demo(command: LoadDemo, context: Context) -> LoadedDemo:
    """Make what is missing, step by step."""
    made = _claim(command.project, context.caller)
    plan = steps(command.project)
    whole, done = sum(step.weight for step in plan), 0
    for step in plan:
        part = (done / whole, (done + step.weight) / whole)
        if _find(context.caller, step.looks) is None:
            _make(step, context, _stretch(context.progress, step.what, *part))
            made.append(step.what)
        done += step.weight
        context.progress(step.what, fraction=part[1])
    return LoadedDemo(project=command.project, made=tuple(made))


def _claim(key: str, caller: Caller) -> list[str]:
    """Make the project, unless it is the demo's already; gives what was made."""
    found = _find(caller, ShowProject(key=key))
    if found is None:
        try:
            caller.run(CreateProject(key=key, description=DESCRIPTION, variables=MARK))
        except errors.Conflict:  # it is there, where the caller must not see it
            raise _foreign(key) from None
        return [f"project {key}"]
    if not MARK.items() <= found.variables.items():
        raise _foreign(key)
    return []


def _foreign(key: str) -> errors.Conflict:
    return errors.Conflict(
        f"there is a project {key!r} already, and it is not the demo: load the demo into another "
        "project ('demo load --project NAME', or on the page /demo)",
        field="project",
    )


def _find(caller: Caller, command: Command[Any]) -> Any:
    """What a command shows; None where there is nothing."""
    try:
        return caller.run(command)
    except errors.NotFound:
        return None


def _make(step: Step, context: Context, progress: Progress) -> None:
    progress("begins")
    try:
        context.caller.telling(progress).run(step.makes)
    except (errors.Failed, errors.Unavailable) as exc:
        raise type(exc)(
            f"the demo is not whole, since its {step.what} could not be made: {exc.detail}. "
            "What is there stays: settle this and load the demo again; it goes on from there",
            **exc.context,
        ) from exc


def _stretch(progress: Progress, what: str, begin: float, end: float) -> Progress:
    """Tell what a step tells as a part of the whole, which never goes back.

    Whatever is told without a fraction is a quarter of what is left of the step.
    """
    reached = begin

    def tell(message: str, /, *, fraction: float | None = None, rows: int | None = None) -> None:
        nonlocal reached
        left = end - reached
        reached = max(reached, begin + (end - begin) * fraction) if fraction else reached + left / 4
        progress(f"{what}: {message}", fraction=reached, rows=rows)

    return tell
