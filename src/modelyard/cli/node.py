"""`modelyard node`: an API node, administered in its folder."""

from __future__ import annotations

import inspect
from typing import Any

import click
from pydantic import ValidationError

from modelyard.cli.node_serve import node_serve
from modelyard.cli.options import arguments_help, json_option, own_parameters, values_from
from modelyard.cli.problems import told, wrong_values
from modelyard.kernel.command import Command
from modelyard.serving.administration.node import FOLDER, open_node
from modelyard.serving.administration.table import NODE_ROOMS, NodeVerbs

EPILOG = """\b
Try:
  modelyard node init --folder ./node
  modelyard node import --folder ./node p1.zip
  modelyard node activate --folder ./node churn-api p1
  modelyard node serve --folder ./node --port 8500
  modelyard node map --folder ./node churn-api p1=0.9 p2=0.1 --error-rate 0.02
  modelyard node keys create --folder ./node --service churn-api --label web
"""

EPILOGS = {
    "keys": """\b
Try:
  modelyard node keys list --folder ./node
  modelyard node keys create --folder ./node --service churn-api --label web --days 365
  modelyard node keys create --folder ./node --read-only --label dashboard
""",
    "connections": """\b
Try:
  modelyard node connections set --folder ./node warehouse \\
      --database 'postgresql://reader:${DB_PASSWORD}@db.example.org/sales'
  modelyard node connections list --folder ./node
  modelyard node connections test --folder ./node warehouse
  modelyard node connections use --folder ./node churn-api p1 lake=warehouse
""",
    "tokens": """\b
Try:
  modelyard node tokens set --folder ./node churn-api --issuer https://login.example.org \\
      --jwks https://login.example.org/keys --audience churn-api --scope predict
  modelyard node tokens test --folder ./node churn-api --token-stdin < token.txt
  modelyard node tokens list --folder ./node
""",
}


def folder_option() -> click.Option:
    """`--folder`, of all that is about a node."""
    return click.Option(
        ["--folder"],
        metavar="DIR",
        envvar=FOLDER,
        help="folder of the node  [default: ./node]",
    )


def node_group() -> click.Group:
    """`modelyard node` with its verbs."""
    about = inspect.getdoc(NodeVerbs)
    group = click.Group("node", help=about, short_help=_first(about), epilog=EPILOG)
    groups = {"node": group}
    for room, kind in NODE_ROOMS.items():
        about = inspect.getdoc(kind)
        groups[room] = click.Group(room, help=about, short_help=_first(about), epilog=EPILOGS[room])
        group.add_command(groups[room])
    for room, name, command in NodeVerbs.commands():
        groups[room].add_command(_click_command(name, command))
    group.add_command(node_serve(folder_option()))
    return group


def _click_command(name: str, command: type[Command[Any]]) -> click.Command:
    def callback(*, folder: str | None, as_json: bool, **given: Any) -> None:
        with told(as_json=as_json):
            _run(command, given, folder=folder, as_json=as_json)

    about = inspect.getdoc(command)
    return click.Command(
        name,
        params=[*own_parameters(command), folder_option(), json_option()],
        callback=callback,
        help=f"{about}{arguments_help(command)}",
        short_help=_first(about),
    )


def _run(
    command: type[Command[Any]], given: dict[str, Any], *, folder: str | None, as_json: bool
) -> None:
    try:
        filled = command.model_validate(values_from(command, given))
    except ValidationError as error:
        raise wrong_values(command, error) from error
    # Tables and progress bars are only needed once a command runs.
    from modelyard.cli.render import progress_bar, tell_result  # noqa: PLC0415

    with progress_bar(quiet=as_json) as progress:
        result = open_node(folder, progress=progress).run(filled)
    tell_result(result, command.result_type(), as_json=as_json)


def _first(about: str | None) -> str:
    return (about or "").partition("\n\n")[0]
