"""The command line: one group per room, one command per verb."""

from __future__ import annotations

import inspect
import json
import sys
from typing import Any

import click
from pydantic import TypeAdapter, ValidationError

from modelyard import __version__, errors
from modelyard.cli.options import parameters_of, values_from
from modelyard.kernel.command import Command
from modelyard.verbs import Verbs
from modelyard.workspace import open_workspace

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
NAMES_RULE = "begin with a letter or digit, then letters, digits, '.', '-' and '_', no blanks"
EPILOG = """\b
Try:
  modelyard models create churn --prediction-type binary_classification
  modelyard versions import churn v1 ./mlflow-model --target churned --classes no,yes
  modelyard scoring run churn --input holdout.csv --output scored.parquet
"""


def build() -> click.Group:
    """Build the command line from the verbs."""
    root = click.Group(
        "modelyard",
        help="Manage the whole life cycle of any MLflow model.\n\n"
        "Every verb has --help, and --json for scripts.",
        epilog=EPILOG,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    click.version_option(__version__, prog_name="modelyard")(root)
    for room in Verbs.rooms:
        about = inspect.getdoc(room)
        root.add_command(click.Group(room.__name__.lower(), help=about, short_help=about))
    for room_name, name, command in Verbs.commands():
        group = root.commands[room_name]
        if isinstance(group, click.Group):
            group.add_command(click_command(name, command))
    return root


def click_command(name: str, command: type[Command[Any]]) -> click.Command:
    """Make the click command of one command."""

    def callback(*, workspace: str | None, as_json: bool, **given: Any) -> None:
        try:
            run(command, given, workspace=workspace, as_json=as_json)
        except errors.ModelyardError as error:
            tell(error, as_json=as_json)
            raise SystemExit(EXIT[type(error)]) from error
        except KeyboardInterrupt:
            click.echo("interrupted", err=True)
            raise SystemExit(INTERRUPTED) from None

    about = inspect.getdoc(command) or ""
    return click.Command(
        name,
        params=parameters_of(command),
        callback=callback,
        help=f"{about}{_arguments_help(command)}",
        short_help=about.partition("\n\n")[0],
    )


def _arguments_help(command: type[Command[Any]]) -> str:
    """What each argument by position is; click shows only options."""
    lines = [
        f"  {name.upper():10} {command.model_fields[name].description}"
        for name in command.arguments
    ]
    return "\n\n\b\nArguments:\n" + "\n".join(lines) if lines else ""


def run(
    command: type[Command[Any]], given: dict[str, Any], *, workspace: str | None, as_json: bool
) -> None:
    """Fill the command from what was typed, run it, and print its result."""
    try:
        filled = command.model_validate(values_from(command, given))
    except ValidationError as error:
        raise errors.Invalid(sentence(command, error)) from error
    # Tables and progress bars are only needed once a command runs.
    from modelyard.cli.render import progress_bar, show  # noqa: PLC0415

    with progress_bar(enabled=command.background) as progress:
        result = open_workspace(workspace, progress=progress).run(filled)
    if as_json:
        click.echo(TypeAdapter(command.result_type()).dump_json(result, indent=2))
    else:
        show(result)


def sentence(command: type[Command[Any]], error: ValidationError) -> str:
    """Say in words which values were wrong."""
    parts = []
    for fault in error.errors(include_url=False):
        field = str(fault["loc"][0]) if fault["loc"] else ""
        shown = field.upper() if field in command.arguments else f"--{field.replace('_', '-')}"
        said = fault["msg"].removeprefix("Value error, ")
        if fault["type"] == "string_pattern_mismatch":
            said = NAMES_RULE
        parts.append(f"{shown}: {said} (given: {fault['input']!r})" if field else said)
    return "; ".join(parts)


def tell(error: errors.ModelyardError, *, as_json: bool) -> None:
    """Print an error on stderr, as a sentence or as JSON."""
    if as_json:
        problem = {"code": error.code, "detail": error.detail, "context": error.context}
        click.echo(json.dumps(problem, default=str), err=True)
    else:
        click.echo(f"{error.code}: {error.detail}", err=True)


def main() -> None:
    """Run the command line."""
    try:
        build()(standalone_mode=True)
    except BrokenPipeError:  # the reader of our output went away, as `| head` does
        sys.stderr.close()
        raise SystemExit(0) from None
