"""`modelyard node serve`: the processes of an API node."""

from __future__ import annotations

import inspect
import sys
from pathlib import Path
from typing import Any

import click

from modelyard.cli.problems import told


def node_serve(folder: click.Option) -> click.Command:
    """The command; `folder` is the option that names the node."""
    about = inspect.getdoc(_serve) or ""
    return click.Command(
        "serve",
        params=[
            folder,
            _option("--host", str, "address to listen at", "127.0.0.1"),
            _option("--port", click.IntRange(0, 65_535), "port to listen at; 0: any free", "8500"),
            _option(
                "--processes",
                click.IntRange(1, 256),
                "processes that share the port, each with workers of its own",
                "1",
            ),
            click.Option(
                ["--leashed"], is_flag=True, help="stop, too, when standard input comes to its end"
            ),
        ],
        callback=_serve,
        help=about,
        short_help=about.partition("\n")[0],
    )


def _serve(
    folder: str | None,
    host: str | None,
    port: int | None,
    processes: int | None,
    *,
    leashed: bool,
) -> None:
    """Answer queries over HTTP, by the generations that are active, until SIGTERM or Ctrl-C.

    It needs nobody else while it runs, and follows what the other commands change. What is under
    way is answered before it ends.
    """
    # The server brings what answers, which help pages should not wait for.
    from modelyard.serving.server import serve  # noqa: PLC0415

    def announce(address: str) -> None:
        click.echo(f"the node answers at {address}")

    with told():
        path = Path(folder or "node").expanduser()
        leash = sys.stdin.fileno() if leashed else None
        serve(path, announce, host=host, port=port, processes=processes, leash=leash)


def _option(name: str, kind: Any, about: str, usual: str) -> click.Option:
    return click.Option([name], type=kind, help=f"{about}  [default: of node.toml, else {usual}]")
