"""What went wrong: a sentence for people, a document for scripts, an exit code for both."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click
from pydantic import ValidationError

from modelyard import errors
from modelyard.cli.next_steps import next_steps
from modelyard.cli.place import Place
from modelyard.cli.words import seen
from modelyard.jobs.outcome import Interrupted
from modelyard.kernel.command import Command
from modelyard.kernel.faults import invalid
from modelyard.kernel.secrets import secret_fields

EXIT: dict[type[errors.ModelyardError], int] = {
    errors.Failed: 1,
    errors.Invalid: 2,
    errors.NotFound: 3,
    errors.Conflict: 4,
    errors.Unauthenticated: 5,
    errors.Forbidden: 5,
    errors.Blocked: 6,
    errors.Unsupported: 7,
    errors.Unavailable: 8,
}
INTERRUPTED = 130


def wants_json(words: Sequence[str]) -> bool:
    """Whether `--json` was typed, also where the rest cannot be read."""
    options = words[: words.index("--")] if "--" in words else words
    return "--json" in options


def wrong_values(command: type[Command[Any]], error: ValidationError) -> errors.Invalid:
    """The error that says which values were wrong, by the names they are typed under."""

    def typed(field: str) -> str:
        return field.upper() if field in command.arguments else f"--{field.replace('_', '-')}"

    return invalid(error, called=typed, secret=secret_fields(command))


@contextmanager
def told(place: Place | None = None, *, as_json: bool = False) -> Iterator[None]:
    """Tell on stderr what goes wrong inside, and end with the exit code for it.

    `place` is where jobs go on when Ctrl-C ends the following of one.
    """
    try:
        yield
    except errors.ModelyardError as error:
        tell(error, as_json=as_json)
        raise SystemExit(EXIT[type(error)]) from error
    except KeyboardInterrupt as stop:
        tell_interrupted(stop, place or Place(), as_json=as_json)
        raise SystemExit(INTERRUPTED) from None


def tell(error: errors.ModelyardError, *, as_json: bool) -> None:
    """Print an error on stderr, as a sentence or as JSON."""
    if as_json:
        _document(error.code, error.in_full(), error.context)
    else:
        click.echo(seen(f"{error.code}: {error.in_full()}"), err=True)


def tell_interrupted(stop: BaseException, place: Place, *, as_json: bool) -> None:
    """Say that Ctrl-C ended it; if a job was followed, that it goes on, and what to do about it."""
    job = stop.job if isinstance(stop, Interrupted) else None
    said = "interrupted" if job is None else f"interrupted; job {job.id} goes on"
    if as_json:
        _document("interrupted", said, {} if job is None else {"job": job.id})
        return
    click.echo(said, err=True)
    if job is not None:
        click.echo(next_steps(job, place), err=True)


def _document(code: str, detail: str, context: dict[str, Any]) -> None:
    problem = {"code": code, "detail": detail, "context": context}
    click.echo(json.dumps(problem, default=str), err=True)


def tell_usage(error: click.ClickException, *, as_json: bool) -> None:
    """Print what click cannot read on stderr: in its words, or as JSON."""
    if not as_json:
        error.show()
        return
    detail = " ".join(error.format_message().split())
    tell(errors.Invalid(detail, **_context(error)), as_json=True)


def _context(error: click.ClickException) -> dict[str, Any]:
    """The facts that click knows: which command, which word of it, what it may have meant."""
    above = getattr(error, "ctx", None)
    param = getattr(error, "param", None)
    named = getattr(error, "option_name", None) or getattr(error, "command_name", None)
    facts = {
        "command": above.command_path if above else None,
        "parameter": param.opts[0] if isinstance(param, click.Option) else param and param.name,
        "given": named,
        "near": getattr(error, "possibilities", None),
    }
    return {name: fact for name, fact in facts.items() if fact}
