"""`modelyard jobs wait`: a job followed to its end."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import click

from modelyard.cli.options import common_options
from modelyard.cli.place import chosen_place
from modelyard.cli.problems import told
from modelyard.verbs import CATALOG


def wait_command() -> click.Command:
    """`modelyard jobs wait`."""
    return click.Command(
        "wait",
        help="Wait for a job to end: print what its command gave back, or fail as it failed.\n\n"
        "Ctrl-C stops the waiting, not the job.\n\n\b\nArguments:\n  ID         id of the job",
        short_help="Wait for a job to end, and print its result.",
        params=[click.Argument(["id"]), *common_options()],
        callback=_wait,
    )


def _wait(*, id: str, as_json: bool, **where: Any) -> None:  # noqa: A002  as it is typed
    place = chosen_place(**where)
    # Tables and progress bars are only needed once a command runs.
    from modelyard.cli.render import progress_bar, tell_result  # noqa: PLC0415

    with told(place, as_json=as_json):
        with progress_bar(quiet=as_json) as progress, closing(place.open(progress)) as yard:
            job = yard.jobs.show(id=id)
            result = yard.follow(job)
        tell_result(result, CATALOG[job.command].result_type(), as_json=as_json)
