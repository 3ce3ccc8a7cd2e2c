"""`modelyard restore`, which makes a workspace and so is no verb of one."""

from __future__ import annotations

import click
from pydantic import BaseModel

from modelyard.cli.problems import told
from modelyard.workspace import check_backup, restore_workspace


@click.command("restore", short_help="Make a workspace of a backup.")
@click.argument("file")
@click.option(
    "--workspace",
    metavar="DIR",
    envvar="MODELYARD_WORKSPACE",
    help="folder of the workspace, new or empty  [default: ./.modelyard]",
)
@click.option(
    "--database",
    metavar="URL",
    default="",
    help="empty database, written into modelyard.toml; else MODELYARD_DATABASE, else an SQLite "
    "file in the folder",
)
@click.option("--check", is_flag=True, help="only read the backup: is it whole, and what is in it?")
@click.option("--json", "as_json", is_flag=True, help="print one JSON document")
def restore(file: str, workspace: str | None, database: str, *, check: bool, as_json: bool) -> None:
    """Make a workspace of a backup: all of it, or nothing.

    The whole backup is read first. Nothing is overwritten: the folder has to be new or empty, and
    so has the database. If it is interrupted, run it again; until then the folder cannot be used.

    \b
    Arguments:
      FILE       backup, as 'modelyard backup' writes it
    """  # noqa: D301  click looks for the character itself
    # Tables and progress bars are only needed once a command runs.
    from modelyard.cli.render import progress_bar, tell_result  # noqa: PLC0415

    with told(as_json=as_json):
        with progress_bar(quiet=as_json) as progress:
            result: BaseModel = (
                check_backup(file, progress=progress)
                if check
                else restore_workspace(file, workspace, database=database, progress=progress)
            )
        tell_result(result, type(result), as_json=as_json)
