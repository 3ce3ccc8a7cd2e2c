"""Commands as requests: how their fields travel in a path, a query or a JSON body.

One rule for all: the fields that a route names in braces stand in its path, percent-encoded; GET
and DELETE have the other fields in the query, every other method has them in a JSON object. In a
query lists repeat their name and structures are JSON. A field of the path that may be left out is
written `@default` then. Where the body is the bytes of a file, all other fields stand in the query;
the field that names the file does not travel.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote_to_bytes, urlencode

from pydantic import ValidationError
from pydantic_core import from_json

from modelyard import errors
from modelyard.kernel.command import Command
from modelyard.kernel.faults import invalid
from modelyard.kernel.secrets import secret_fields
from modelyard.kernel.shapes import is_list, is_structure, plain

PREFIX = "/api/v1"
LEFT_OUT = "@default"
ACTING = "modelyard-acting-as"
"""The header that names the user whom the key of an instance admin acts for this once."""
RESULT = "modelyard-result"
"""The header that holds the result where the body is the bytes of a file."""


@dataclass(frozen=True)
class Sent:
    """A command as an HTTP request."""

    method: str
    target: str
    """Path and query."""
    body: dict[str, Any] | None


def request_of(command: Command[Any], prefix: str = PREFIX) -> Sent:
    """Write a command as a request; what was not given to it is not sent either."""
    method, route = command.http()
    given = command.model_dump(mode="json", exclude_unset=True)
    given.pop(transfer_field(type(command)), None)
    segments = []
    for part in route.strip("/").split("/"):
        name = field_in(part)
        segments.append(part if name is None else _segment(getattr(command, name)))
        given.pop(name or "", None)
    path = "/".join((prefix, *segments))
    if not in_query(type(command)):
        return Sent(method, path, given)
    query = urlencode(list(_pairs(given)))
    return Sent(method, f"{path}?{query}" if query else path, None)


def read_request(
    command: type[Command[Any]],
    path: Mapping[str, str],
    query: Sequence[tuple[str, str]],
    body: Mapping[str, Any],
    *,
    transfer: str | None = None,
) -> Command[Any]:
    """The command that a request asks for; `path` holds the raw segments by their fields.

    `transfer` is the file of the server's own whose bytes come in the body or go out in the answer.

    Raises:
        Invalid: a field is missing, unknown, given twice, or has a wrong value.
    """
    fields = command.model_fields
    values = {
        name: read_text(segment)
        for name, segment in path.items()
        if segment != LEFT_OUT or fields[name].is_required()
    }
    found = {**_from_query(command, query), **body}
    _refuse_misplaced(command, path, query, body)
    if transfer is not None:
        values[transfer_field(command)] = transfer
    _refuse_nul(found)
    try:
        return command.model_validate({**values, **found})
    except ValidationError as exc:
        raise invalid(exc, secret=secret_fields(command)) from None  # it would show what was given


def in_query(command: type[Command[Any]]) -> bool:
    """Whether the fields that are not in its path stand in the query."""
    return command.http()[0] in {"GET", "DELETE"} or bool(command.sends)


def transfer_field(command: type[Command[Any]]) -> str:
    """The field that names a file of the caller's, whose bytes travel instead of its name."""
    return command.sends or command.receives


def read_json(body: bytes) -> dict[str, Any]:
    """The JSON object in a body; nothing at all is an empty one.

    Raises:
        Invalid: it is no JSON, or no object.
    """
    try:
        found = from_json(body, allow_inf_nan=False) if body.strip() else {}
    except ValueError as exc:
        raise errors.Invalid(f"the body is not JSON: {exc}; send one JSON object") from exc
    if not isinstance(found, dict):
        raise errors.Invalid("the body is JSON, but no object; send {…} with the fields in it")
    return found


def read_text(encoded: str) -> str:
    """A percent-encoded text.

    Raises:
        Invalid: it is not UTF-8, or holds a NUL.
    """
    try:
        text = unquote_to_bytes(encoded).decode("utf-8")
    except UnicodeDecodeError as exc:
        raise errors.Invalid(f"{encoded!r} is not percent-encoded UTF-8") from exc
    _refuse_nul(text)
    return text


def read_query(query: str) -> list[tuple[str, str]]:
    """The names and values of a query.

    Raises:
        Invalid: a part of it is not UTF-8, or holds a NUL.
    """
    pairs = (part.replace("+", " ").partition("=") for part in query.split("&") if part)
    return [(read_text(name), read_text(value)) for name, _, value in pairs]


def field_in(part: str) -> str | None:
    """The field that a segment of a route names in braces, if it names one."""
    return part[1:-1] if part.startswith("{") and part.endswith("}") else None


def _segment(value: Any) -> str:
    return LEFT_OUT if value is None else quote(str(value), safe="")


def _pairs(given: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    for name, value in given.items():
        for each in value if isinstance(value, list) else [value]:
            if each is not None:
                yield name, each if isinstance(each, str) else json.dumps(each)


def _refuse_misplaced(
    command: type[Command[Any]],
    path: Mapping[str, str],
    query: Iterable[tuple[str, str]],
    body: Mapping[str, Any],
) -> None:
    """Each field has one place; elsewhere it would be passed over, or contradict."""
    asked, sent = {name for name, _ in query}, set(body)
    transferred = transfer_field(command)
    if transferred in asked | sent:
        raise errors.Invalid(f"{transferred}: its bytes travel, not its name")
    wrong = [(name, "the path") for name in sorted((asked | sent) & set(path))]
    if in_query(command):
        wrong += [(name, "the query") for name in sorted(sent - set(path))]
    else:
        wrong += [(name, "the JSON body") for name in sorted(asked - set(path))]
    if wrong:
        raise errors.Invalid(
            "; ".join(f"{name}: its place is {place}" for name, place in wrong),
            faults=[{"field": name, "problem": f"its place is {place}"} for name, place in wrong],
        )


def _from_query(command: type[Command[Any]], query: Iterable[tuple[str, str]]) -> dict[str, Any]:
    given: dict[str, list[str]] = {}
    for name, text in query:
        given.setdefault(name, []).append(text)
    fields = command.model_fields
    return {
        name: _read(name, plain(fields[name].annotation), texts) if name in fields else texts[0]
        for name, texts in given.items()
    }


def _read(name: str, shape: Any, texts: Sequence[str]) -> Any:
    if is_list(shape):
        return list(texts)
    if len(texts) > 1:
        raise errors.Invalid(
            f"{name} is given {len(texts)} times in the query; give it once",
            faults=[{"field": name, "problem": "is given more than once"}],
        )
    if is_structure(shape):
        try:
            return from_json(texts[0], allow_inf_nan=False)
        except ValueError as exc:
            raise errors.Invalid(
                f"{name} in the query is not JSON: {exc}",
                faults=[{"field": name, "problem": "is not JSON"}],
            ) from exc
    return texts[0]


def _refuse_nul(value: Any) -> None:
    """No text may hold a NUL: no database and no file system takes one."""
    if isinstance(value, str):
        if "\0" in value:
            raise errors.Invalid("a text holds a NUL character, which nothing here may")
    elif isinstance(value, Mapping):
        for name, each in value.items():
            _refuse_nul(name)
            _refuse_nul(each)
    elif isinstance(value, list):
        for each in value:
            _refuse_nul(each)
