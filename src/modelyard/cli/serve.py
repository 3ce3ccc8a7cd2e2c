"""`modelyard serve`: the workspace over HTTP."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import Any

import click

from modelyard.cli.logs import write_log
from modelyard.cli.place import IN_A_FOLDER
from modelyard.cli.problems import told
from modelyard.cli.services import worker_of
from modelyard.workspace import Workspace, open_workspace

ROLE = "MODELYARD_ROLE"


def _local_node(yard: Workspace) -> list[Callable[[], Any]]:
    """What runs the workspace's own API node beside the server, if it is to."""
    from modelyard.deployments.nodes.links import local_folder  # noqa: PLC0415  as below
    from modelyard.deployments.nodes.local_process import LocalProcess  # noqa: PLC0415

    nodes = yard.open().settings.nodes
    return [partial(LocalProcess, local_folder(yard.folder), nodes)] if nodes.local else []


@click.command("serve", short_help="Serve the workspace over HTTP.")
@click.option("--host", default="127.0.0.1", show_default=True, help="address to listen at")
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=8470,
    show_default=True,
    help="port to listen at; 0: any free one",
)
@click.option("--workspace", **IN_A_FOLDER)
@click.option(
    "--no-auth",
    is_flag=True,
    help="without login: everybody on this machine acts as you; only with a loopback --host",
)
@click.option(
    "--workers",
    type=click.IntRange(0, 64),
    default=1,
    show_default=True,
    help="workers that run jobs beside the server; 0: none, `modelyard worker` runs them",
)
@click.option(
    "--role",
    type=click.Choice(["design", "automation", "govern"]),
    help="what the server is for, before the setting role: to design projects, to run those that "
    "come as bundles, or to govern the things of other workspaces",
)
def serve(
    host: str, port: int, workspace: str | None, no_auth: bool, workers: int, role: str | None
) -> None:
    """Serve the workspace until Ctrl-C: its pages, and the API below /api/v1 (see /api/docs)."""
    # The server brings its web framework, which help pages should not wait for.
    from modelyard.web import crew, server  # noqa: PLC0415

    write_log()
    if role is not None:
        os.environ[ROLE] = role  # for the processes of its jobs as well
    yard = open_workspace(workspace)
    hires: list[Callable[[], crew.Works]] = [partial(worker_of, yard)] * workers
    with told():
        hires += _local_node(yard)
        server.serve(
            yard,
            host=host,
            port=port,
            no_auth=no_auth,
            crew=crew.Crew(hires),
            announce=click.echo,
        )
