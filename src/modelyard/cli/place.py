"""Where a command is carried out: in a workspace folder here, or on a server."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from modelyard import errors
from modelyard.client import Client, connect
from modelyard.client.address import API_KEY, URL
from modelyard.kernel.progress import Progress
from modelyard.workspace import Workspace, open_workspace

WORKSPACE = "MODELYARD_WORKSPACE"
IN_A_FOLDER: dict[str, Any] = {
    "metavar": "DIR",
    "envvar": WORKSPACE,
    "help": "folder of the workspace  [default: ./.modelyard]",
}
"""What `--workspace` is, wherever it is an option."""


def workspace_option() -> click.Option:
    """`--workspace`, of what works in a folder."""
    return click.Option(["--workspace"], **IN_A_FOLDER)


def place_options() -> list[click.Parameter]:
    """The options of what works in a folder or on a server."""
    return [
        workspace_option(),
        click.Option(
            ["--url"],
            metavar="URL",
            envvar=URL,
            help=f"server to work on instead; it is shown the API key in {API_KEY}",
        ),
        click.Option(
            ["--api-key-file"], metavar="FILE", help="file that holds the API key for the server"
        ),
    ]


@dataclass(frozen=True)
class Place:
    """A workspace folder, or a server; `typed` are the words that named it on the command line."""

    folder: str | None = None
    url: str | None = None
    key_file: str | None = None
    typed: tuple[str, ...] = ()

    def open(self, progress: Progress) -> Workspace | Client:
        """The workspace there. Nothing is read or sent before its first command.

        Raises:
            Invalid: the URL is none, or the file holds no key.
        """
        if self.url is None:
            return open_workspace(self.folder, progress=progress)
        key = None if self.key_file is None else _read_key(self.key_file)
        return connect(self.url, key, progress=progress)

    def command(self, *words: str) -> str:
        """A command line that works in the same place."""
        return shlex.join(("modelyard", *words, *self.typed))


def chosen_place(*, workspace: str | None, url: str | None, api_key_file: str | None) -> Place:
    """The place that was named: what was typed goes before what the environment says.

    Raises:
        UsageError: a folder and a server were named, or a key for no server.
    """
    if workspace is not None and url is not None:
        typed = [name for name in ("workspace", "url") if _was_typed(name)]
        if len(typed) == 2:
            raise click.UsageError("--workspace and --url exclude each other; give one of them")
        if not typed:
            raise click.UsageError(
                f"{WORKSPACE} and {URL} are both set; say by --workspace or --url which is meant"
            )
        workspace, url = (workspace, None) if typed == ["workspace"] else (None, url)
    if api_key_file is not None and url is None:
        raise click.UsageError(f"--api-key-file is for a server; name that by --url or {URL}")
    named = {"workspace": workspace, "url": url, "api_key_file": api_key_file}
    words = [
        (f"--{name.replace('_', '-')}", value)
        for name, value in named.items()
        if value is not None and _was_typed(name)
    ]
    return Place(workspace, url, api_key_file, tuple(word for pair in words for word in pair))


def _was_typed(name: str) -> bool:
    source = click.get_current_context().get_parameter_source(name)
    return source is ParameterSource.COMMANDLINE


def _read_key(file: str) -> str:
    try:
        key = Path(file).expanduser().read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise errors.Invalid(f"--api-key-file {file} cannot be read: {error}") from error
    if not key:
        raise errors.Invalid(f"--api-key-file {file} is empty; write the API key into it")
    return key
