"""The command line: one group per room, one command per verb."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Sequence
from typing import Any

import click
from pydantic import TypeAdapter, ValidationError

from modelyard import __version__, errors
from modelyard.backups.commands import CreateBackup
from modelyard.cli.backups import restore
from modelyard.cli.options import parameters_of, values_from
from modelyard.cli.problems import EXIT, tell, tell_usage, wants_json, wrong_values
from modelyard.cli.serve import serve
from modelyard.cli.services import run_job_command, wait_command, worker_command
from modelyard.kernel.command import Command
from modelyard.verbs import Verbs
from modelyard.workspace import open_workspace

INTERRUPTED = 130
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
        "Every verb has --help, and --json for scripts. A list is written a,b; where an item holds "
        """a comma '"a,b",c' or '["a,b","c"]'; or its option is given again.""",
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
    jobs = root.commands["jobs"]
    if isinstance(jobs, click.Group):
        jobs.add_command(wait_command())
    backup = click_command("backup", CreateBackup)
    for service in (serve, worker_command(), backup, restore, run_job_command()):
        root.add_command(service)
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
        raise wrong_values(command, error) from error
    # Tables and progress bars are only needed once a command runs.
    from modelyard.cli.render import progress_bar, show  # noqa: PLC0415

    with progress_bar(enabled=command.background or bool(command.receives)) as progress:
        result = open_workspace(workspace, progress=progress).run(filled)
    if as_json:
        click.echo(TypeAdapter(command.result_type()).dump_json(result, indent=2))
    else:
        show(result)


def main(words: Sequence[str] | None = None) -> None:
    """Run the command line."""
    typed = sys.argv[1:] if words is None else list(words)
    try:
        code = build().main(typed, standalone_mode=False)
    except click.ClickException as error:
        tell_usage(error, as_json=wants_json(typed))
        code = error.exit_code
    except click.Abort:
        click.echo("interrupted", err=True)
        code = INTERRUPTED
    except BrokenPipeError:  # the reader of our output went away, as `| head` does
        sys.stderr.close()
        code = 0
    raise SystemExit(code)
