"""Write the reference pages from the verbs, the settings and the errors: `make docs`."""

from __future__ import annotations

import inspect
import sys
import types
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import click
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from modelyard import errors
from modelyard.cli.main import build
from modelyard.cli.problems import EXIT
from modelyard.kernel.command import Command, verbs_of
from modelyard.kernel.setting_names import every_setting, variable_of
from modelyard.kernel.settings import Settings
from modelyard.serving.administration.table import NODE_ROOMS, NodeVerbs
from modelyard.serving.settings import NodeSettings
from modelyard.verbs import ROOMS
from modelyard.web.problems import STATUS

HERE = Path(__file__).parent / "reference"
MADE = "<!-- made by docs/generate.py; change the code, then run: make docs -->\n"


def cli() -> str:
    """Every verb of the command line with its help."""
    root = build()
    parts = [MADE, "# Command line\n", f"{root.help}\n", "Exit codes: 0 done"]
    codes = "".join(f", {code} {kind.code}" for kind, code in EXIT.items())
    parts[-1] += (
        f"{codes}, 130 interrupted.\nWith `--json`, a failed command prints one document on "
    )
    parts[-1] += "stderr, with `code`, `detail` and `context`, and nothing else.\n"
    for room, group in root.commands.items():
        if group.hidden:
            continue
        if not isinstance(group, click.Group):
            parts.append(f"## {room}\n\n{_help(group, room)}")
            continue
        parts.append(f"## {room}\n\n{group.help}\n")
        parts += _of_group(group, room)
    return "\n".join(parts)


def _of_group(group: click.Group, above: str) -> list[str]:
    parts = []
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            parts += _of_group(command, f"{above} {name}")
        else:
            parts.append(f"### {above} {name}\n\n{_help(command, f'{above} {name}')}")
    return parts


def _help(command: click.Command, name: str) -> str:
    context = click.Context(command, info_name=f"modelyard {name}")
    context.max_content_width = 100
    return f"```text\n{command.get_help(context)}\n```\n"


def python() -> str:
    """Every verb of the Python API with its signature."""
    parts = [MADE, "# Python\n", "```python", "import modelyard\n"]
    parts += ['yard = modelyard.open("./yard")']
    parts += ["```\n", "Each verb takes keyword arguments and returns a frozen value.\n"]
    for room in ROOMS.values():
        parts.append(f"## yard.{room.__name__.lower()}\n\n{inspect.getdoc(room)}\n")
        for name, entry in verbs_of(room):
            parts.append(_method(f"yard.{room.__name__.lower()}.{name}", entry.command))
    parts.append(f"## node\n\n{inspect.getdoc(NodeVerbs)}\n")
    parts.append('```python\nnode = modelyard.node("./node")\n```\n')
    rooms = {"node": NodeVerbs, **{f"node.{name}": room for name, room in NODE_ROOMS.items()}}
    for room, of_room in rooms.items():
        for name, entry in vars(of_room).items():
            command = getattr(entry, "command", None)
            if command is not None:
                parts.append(_method(f"{room}.{name}", command))
    return "\n".join(parts)


def _method(name: str, command: type[Command[Any]]) -> str:
    lines = [
        f"### {name}\n",
        f"{inspect.getdoc(command)}\n",
        f"Returns `{_type(command.result_type())}`; needs `{command.needs}`"
        + ("; may take long and reports progress.\n" if command.background else ".\n"),
    ]
    if command.model_fields:
        lines += ["| argument | type | default | |", "|---|---|---|---|"]
    for field, info in command.model_fields.items():
        default = "required" if info.default is PydanticUndefined else f"`{info.default!r}`"
        kind = _type(info.annotation).replace("|", "\\|")
        lines.append(f"| {field} | `{kind}` | {default} | {info.description or ''} |")
    return "\n".join(lines) + "\n"


def _type(annotation: Any) -> str:
    """A type as people write it, without its constraints."""
    origin, args = get_origin(annotation), get_args(annotation)
    if annotation in (None, types.NoneType):
        return "None"
    if origin is Annotated:
        return _type(args[0])
    if origin in (Union, types.UnionType):
        return " | ".join(map(_type, args))
    if origin is Literal:
        return " | ".join(map(repr, args))
    if origin is not None:
        inner = ", ".join("..." if part is ... else _type(part) for part in args)
        return f"{origin.__name__}[{inner}]"
    return getattr(annotation, "__name__", str(annotation))


def settings() -> str:
    """Every setting with its variable."""
    parts = [
        MADE,
        "# Settings\n",
        "In `modelyard.toml` of the workspace folder, or as variables; see `settings show`.\n",
    ]
    parts += ["| setting | variable | default | |", "|---|---|---|---|", *_settings()]
    return "\n".join(parts) + "\n"


def _settings(kind: type[BaseModel] = Settings, above: tuple[str, ...] = ()) -> list[str]:
    return [
        f"| {'.'.join(path)} | `{variable_of((*above, *path))}` | `{info.default!r}` "
        f"| {info.description} |"
        for path, info in every_setting(kind)
    ]


def node_settings() -> str:
    """Every setting of an API node with its variable."""
    parts = [
        MADE,
        "# Settings of an API node\n",
        "In `node.toml` of its folder, or as variables.\n",
    ]
    parts += ["| setting | variable | default | |", "|---|---|---|---|"]
    return "\n".join([*parts, *_settings(NodeSettings, ("node",))]) + "\n"


def failures() -> str:
    """Every error with its code."""
    parts = [MADE, "# Errors\n", "| error | code | exit code | HTTP | |", "|---|---|---|---|---|"]
    for kind, code in EXIT.items():
        line = f"| `{kind.__name__}` | `{kind.code}` | {code} | {STATUS[kind]}"
        parts.append(f"{line} | {inspect.getdoc(kind)} |")
    parts.append(f"\nAll of them are `{errors.ModelyardError.__name__}`: {_root()}\n")
    return "\n".join(parts)


def _root() -> str:
    return " ".join((inspect.getdoc(errors.ModelyardError) or "").split())


PAGES = {
    "cli.md": cli,
    "python.md": python,
    "settings.md": settings,
    "node-settings.md": node_settings,
    "errors.md": failures,
}


def main() -> None:
    """Write the pages; with `--check`, only say which are out of date."""
    stale = [name for name, page in PAGES.items() if _read(HERE / name) != page()]
    if "--check" in sys.argv:
        sys.exit(f"out of date, run `make docs`: {', '.join(stale)}" if stale else 0)
    HERE.mkdir(exist_ok=True)
    for name in stale:
        (HERE / name).write_text(PAGES[name](), "utf-8")


def _read(page: Path) -> str:
    return page.read_text("utf-8") if page.exists() else ""


if __name__ == "__main__":
    main()
