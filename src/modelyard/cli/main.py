"""The command line: one group per room, one command per verb."""

from __future__ import annotations

import gc
import inspect
import sys
from collections.abc import Sequence
from contextlib import closing
from functools import cache
from typing import Any

import click
from pydantic import ValidationError

from modelyard import __version__
from modelyard.backups.commands import CreateBackup
from modelyard.cli.backups import restore
from modelyard.cli.interrupts import second_ends_at_once
from modelyard.cli.next_steps import next_steps
from modelyard.cli.node import node_group
from modelyard.cli.options import arguments_help, is_narrowed, parameters_of, values_from
from modelyard.cli.place import Place, chosen_place
from modelyard.cli.problems import (
    INTERRUPTED,
    tell_interrupted,
    tell_usage,
    told,
    wants_json,
    wrong_values,
)
from modelyard.cli.serve import serve
from modelyard.cli.services import run_job_command, worker_command
from modelyard.cli.waiting import wait_command
from modelyard.deployments.deploying.commands import ApplyFile
from modelyard.dossiers.commands import VerifyPackage
from modelyard.jobs.commands import SubmitJob
from modelyard.jobs.types import Job
from modelyard.kernel.command import Command
from modelyard.verbs import ROOMS, Verbs
from modelyard.workspace import verify_package

HELP = """Manage the whole life cycle of any MLflow model.

Every verb has --help, and --json for scripts: stdout then holds one document, and stderr that of
an error or nothing. A list is written a,b; where an item holds a comma '"a,b",c' or '["a,b","c"]';
or its option is given again.

A verb works in the folder --workspace (or MODELYARD_WORKSPACE), or on the server --url (or
MODELYARD_URL), to which it shows the API key in MODELYARD_API_KEY or in the file --api-key-file; a
key is never an argument, where others would see it. What is typed goes before what is set. What
takes long runs in place with its progress, or later as a job with --detach."""
EPILOG = """\b
Try:
  modelyard models create churn --prediction-type binary_classification
  modelyard versions import churn v1 ./mlflow-model --target churned --classes no,yes
  modelyard scoring run churn --input holdout.csv --output scored.parquet
  modelyard models list --url https://modelyard.example.org
"""


@cache
def build() -> click.Group:
    """Build the command line from the verbs, once."""
    root = click.Group(
        "modelyard",
        help=HELP,
        epilog=EPILOG,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    click.version_option(__version__, prog_name="modelyard")(root)
    for room in ROOMS.values():
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
    apply = click_command("apply", ApplyFile)
    next(each for each in apply.params if each.name == "file").opts.insert(0, "-f")
    for service in (
        serve,
        worker_command(),
        backup,
        apply,
        restore,
        run_job_command(),
        node_group(),
    ):
        root.add_command(service)
    return root


def click_command(name: str, command: type[Command[Any]]) -> click.Command:
    """Make the click command of one command."""

    def callback(
        *,
        workspace: str | None,
        url: str | None,
        api_key_file: str | None,
        as_json: bool,
        detach: bool = False,
        **given: Any,
    ) -> None:
        place = chosen_place(workspace=workspace, url=url, api_key_file=api_key_file)
        with told(place, as_json=as_json):
            run(command, given, place=place, as_json=as_json, detach=detach)

    about = inspect.getdoc(command) or ""
    return click.Command(
        name,
        params=parameters_of(command),
        callback=callback,
        help=f"{about}{arguments_help(command)}",
        short_help=about.partition("\n\n")[0],
    )


def run(
    command: type[Command[Any]],
    given: dict[str, Any],
    *,
    place: Place,
    as_json: bool,
    detach: bool,
) -> None:
    """Fill the command from what was typed, run or submit it, and print what comes of it."""
    try:
        filled = command.model_validate(values_from(command, given))
    except ValidationError as error:
        raise wrong_values(command, error) from error
    # Tables and progress bars are only needed once a command runs.
    from modelyard.cli.render import progress_bar, tell_result  # noqa: PLC0415

    with progress_bar(quiet=as_json) as progress:
        if isinstance(filled, VerifyPackage) and place.url is None:  # it needs no workspace
            told = filled.model_dump(include={"file", "key", "head"})
            result: Any = verify_package(**told, progress=progress)
        else:
            with closing(place.open(progress)) as yard:
                result = yard.submit(filled) if detach else yard.run(filled)
    kind = Job if detach else command.result_type()
    tell_result(result, kind, as_json=as_json, narrowed=is_narrowed(filled))
    if (detach or command is SubmitJob) and not as_json:
        click.echo(f"\n{next_steps(result, place)}")


def main(words: Sequence[str] | None = None) -> None:
    """Run the command line."""
    if words is None:  # the process is ours, and what it has imported stays: not to be searched
        gc.freeze()
    typed = sys.argv[1:] if words is None else list(words)
    try:
        with second_ends_at_once():
            code = build().main(typed, standalone_mode=False)
    except click.ClickException as error:
        tell_usage(error, as_json=wants_json(typed))
        code = error.exit_code
    except click.Abort as stop:
        tell_interrupted(stop, Place(), as_json=wants_json(typed))
        code = INTERRUPTED
    except BrokenPipeError:  # the reader of our output went away, as `| head` does
        sys.stderr.close()
        code = 0
    raise SystemExit(code)
