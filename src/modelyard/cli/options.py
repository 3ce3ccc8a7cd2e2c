"""A command's fields as arguments and options of the command line."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import click
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from modelyard import errors
from modelyard.cli.lists import read_labels, read_list
from modelyard.cli.place import place_options
from modelyard.cli.secret_options import options_of, with_secrets
from modelyard.kernel.command import Command, ProjectCommand
from modelyard.kernel.faults import located
from modelyard.kernel.secrets import is_secret
from modelyard.kernel.shapes import is_list, plain
from modelyard.kernel.values import Emptied
from modelyard.runtime.types import Label

STDIN = "-"
"""In place of KEY=VALUE: a JSON object is read from standard input."""
NOT_NARROWING = ("limit", "sort", "tracking_uri", "registry_uri")
"""Options of lists that leave nothing out: they say how many, in which order, and where."""


def parameters_of(command: type[Command[Any]]) -> list[click.Parameter]:
    """Make the parameters of a command, and the options that every verb has."""
    detach = click.Option(
        ["--detach"], is_flag=True, help="submit it as a job that a worker runs, and do not wait"
    )
    background: list[click.Parameter] = [detach] if command.background else []
    return [*own_parameters(command), *background, *common_options()]


def own_parameters(command: type[Command[Any]]) -> list[click.Parameter]:
    """Make the parameters of a command's own fields."""
    fields = dict(command.model_fields)
    arguments = [_argument(name, fields.pop(name)) for name in command.arguments]
    return [*arguments, *_options(command, fields)]


def arguments_help(command: type[Command[Any]]) -> str:
    """What each argument by position is; click shows only options."""
    lines = [
        f"  {name.upper():10} {command.model_fields[name].description}"
        for name in command.arguments
    ]
    return "\n\n\b\nArguments:\n" + "\n".join(lines) if lines else ""


def common_options() -> list[click.Parameter]:
    """The options of all that prints a result."""
    return [*place_options(), json_option()]


def json_option() -> click.Option:
    """`--json`, of all that prints a result."""
    return click.Option(["--json", "as_json"], is_flag=True, help="print one JSON document")


def _options(
    command: type[Command[Any]], fields: Mapping[str, FieldInfo]
) -> Iterator[click.Parameter]:
    for name, field in fields.items():
        if is_secret(command, name):
            yield from options_of(name, field)
        else:
            yield _option(name, field)


def values_from(command: type[Command[Any]], given: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that were typed, in the shape that the command validates."""
    return {
        name: value
        if name in command.arguments and not _is_pairs(command.model_fields[name])
        else _field_value(
            command.model_fields[name], value, name if name in command.arguments else _flag(name)
        )
        for name, value in with_secrets(command, given).items()
        if value is not None and value != ()
    }


def _is_pairs(field: FieldInfo) -> bool:
    return get_origin(plain(field.annotation)) is dict


def _field_value(field: FieldInfo, typed: Any, option: str) -> Any:
    if typed in ("", ("",)) and Emptied.is_mark_of(field):
        return None
    return _value(plain(field.annotation), typed, option)


def _value(shape: Any, typed: Any, option: str) -> Any:
    if is_list(shape) and _is_structure(get_args(shape)[0]):
        return [part for text in typed for part in _structures(get_args(shape)[0], text, option)]
    if is_list(shape):
        return (read_labels if get_args(shape)[0] == Label else read_list)(typed, option)
    if get_origin(shape) is dict:
        if tuple(typed) == (STDIN,):
            return _object_read(option)
        return dict(_pair(part, option) for part in typed)
    if _is_structure(shape):
        return _structure(shape, typed, option)
    return typed


def _argument(name: str, field: FieldInfo) -> click.Argument:
    shape = plain(field.annotation)
    many = is_list(shape) or get_origin(shape) is dict
    metavar = "KEY=VALUE..." if get_origin(shape) is dict else None
    return click.Argument(
        [name], required=field.is_required(), nargs=-1 if many else 1, metavar=metavar
    )


def _option(name: str, field: FieldInfo) -> click.Option:
    flag = _flag(name)
    shape = plain(field.annotation)
    text = field.description or ""
    if shape is bool:
        if field.default is True:
            text = f"{text}  [default: yes]"
        names = [f"{flag}/--no-{flag[2:]}"] if field.default is not False else [flag]
        return click.Option([*names, name], is_flag=True, default=None, help=text)
    default = field.default
    if default not in (None, "", (), {}, PydanticUndefined) and not field.is_required():
        text = f"{text}  [default: {default}]"
    kind = _click_type(shape)
    return click.Option(
        [flag, name],
        type=OrEmpty(kind) if Emptied.is_mark_of(field) else kind,
        required=field.is_required(),
        multiple=get_origin(shape) is dict or is_list(shape),
        metavar=_metavar(shape),
        help=text,
    )


class OrEmpty(click.ParamType[Any]):
    """What another type takes, or an empty text."""

    def __init__(self, kind: click.ParamType[Any]) -> None:
        self.kind = kind
        self.name = kind.name

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Leave an empty text as it is."""
        return value if value == "" else self.kind.convert(value, param, ctx)

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str | None:
        """As the other type says."""
        return self.kind.get_metavar(param, ctx)


def _click_type(shape: Any) -> click.ParamType[Any]:
    if get_origin(shape) is Literal:
        return click.Choice([str(value) for value in get_args(shape)])
    if shape is int:
        return click.INT
    return click.FLOAT if shape is float else click.STRING


def _metavar(shape: Any) -> str | None:
    if is_list(shape):
        return "JSON|@FILE" if _is_structure(get_args(shape)[0]) else "A,B,…"
    if get_origin(shape) is dict:
        return "KEY=VALUE"
    return "JSON" if _is_structure(shape) else None


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _object_read(option: str) -> dict[str, Any]:
    """The JSON object on standard input."""
    try:
        found = json.load(sys.stdin)
    except (ValueError, RecursionError) as error:
        raise errors.Invalid(f"{option}: standard input holds no JSON: {error}") from error
    if not isinstance(found, dict):
        raise errors.Invalid(f"{option}: standard input holds JSON, but no object; write {{…}}")
    return found


def _pair(text: str, option: str) -> tuple[str, Any]:
    """`KEY=text`, or `KEY:=JSON` for what is no text."""
    key, equals, value = text.partition("=")
    if not equals:
        raise errors.Invalid(f"{option} takes KEY=VALUE or KEY:=JSON, not {text!r}")
    if not key.endswith(":"):
        return key.strip(), value
    try:
        return key[:-1].strip(), json.loads(value)
    except ValueError as error:
        raise errors.Invalid(f"{option} {text!r}: what follows := is no JSON: {error}") from error


def is_narrowed(command: Command[Any]) -> bool:
    """Whether fewer things were asked for than there are: by more than where they are."""
    where = {*command.arguments, *NOT_NARROWING}
    if isinstance(command, ProjectCommand):
        where.add(command.project_field)
    return any(
        name not in where and getattr(command, name) is not True
        for name in command.model_fields_set
    )


def _is_structure(shape: Any) -> bool:
    return isinstance(shape, type) and issubclass(shape, BaseModel)


def _structures(shape: type[BaseModel], text: str, option: str) -> list[BaseModel]:
    """One structure, a JSON array of them, or `@FILE` that holds either."""
    if text.startswith("@"):
        try:
            text = Path(text[1:]).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise errors.Invalid(f"{option} {text}: the file cannot be read: {error}") from error
    if not text.lstrip().startswith("["):
        return [_structure(shape, text, option)]
    try:
        parts = json.loads(text)
    except ValueError as error:
        raise errors.Invalid(f"{option} is no JSON: {error}") from error
    return [_structure(shape, json.dumps(part), option) for part in parts]


def _structure(shape: type[BaseModel], text: str, option: str) -> BaseModel:
    try:
        return shape.model_validate_json(text)
    except ValidationError as error:
        faults = "; ".join(map(located, error.errors(include_url=False)))
        raise errors.Invalid(f"{option} {text!r}: {faults}") from error
