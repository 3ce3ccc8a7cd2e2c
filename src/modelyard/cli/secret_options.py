"""Secrets on the command line: asked for, or read from standard input; never among the words."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import click
from pydantic.fields import FieldInfo

from modelyard import errors
from modelyard.kernel.command import Command
from modelyard.kernel.secrets import Secret, secret_fields


def options_of(name: str, field: FieldInfo) -> list[click.Parameter]:
    """The options of a secret: one that asks for it, unless it is asked for anyway, and stdin."""
    flag, text = f"--{name.replace('_', '-')}", field.description
    asking = click.Option([flag, name], is_flag=True, default=None, help=f"ask for it: {text}")
    reading = click.Option(
        [f"{flag}-stdin", f"{name}_stdin"],
        is_flag=True,
        default=None,
        help=f"read a line from standard input: {text}",
    )
    return [reading] if field.is_required() else [asking, reading]


def with_secrets(command: type[Command[Any]], given: Mapping[str, Any]) -> dict[str, Any]:
    """What was typed, with its secrets asked for or read, line by line in the order of fields."""
    filled = dict(given)
    for name, mark in secret_fields(command).items():
        if mark.part != "all":
            continue
        asked, read = filled.pop(name, None), filled.pop(f"{name}_stdin", None)
        if read:
            filled[name] = sys.stdin.readline().rstrip("\r\n")
        elif asked or command.model_fields[name].is_required():
            filled[name] = _ask(name, mark)
    return filled


def _ask(name: str, mark: Secret) -> str:
    flag = f"--{name.replace('_', '-')}"
    if not sys.stdin.isatty():
        raise errors.Invalid(
            f"{name} is asked for at a terminal, and this is none; give {flag}-stdin and write it "
            "to standard input"
        )
    typed: str = click.prompt(
        name.replace("_", " ").capitalize(), hide_input=True, confirmation_prompt=mark.new, err=True
    )
    return typed
