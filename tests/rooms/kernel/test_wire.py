"""What a command looks like as a request, and back."""

from __future__ import annotations

import re
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from modelyard import errors
from modelyard.data.commands import CreateConnection
from modelyard.governance.commands import CreateUser
from modelyard.kernel.command import Command, ProjectCommand
from modelyard.kernel.values import Value
from modelyard.kernel.wire import read_json, read_query, read_request, request_of


class Place(Value):
    name: str
    size: int = 0


class Look(ProjectCommand[None]):
    """Ask for something."""

    needs = "numbers:read"
    route = "GET /things/{thing}/of/{of}"

    thing: str
    of: str | None = None
    words: tuple[str, ...] = ()
    count: int | None = None
    exact: bool = False
    kind: Literal["a", "b"] = "a"
    place: Place | None = None


class Change(Look):
    """Change something."""

    route = "POST /things/{thing}/of/{of}"


class Remove(Command[None]):
    """Remove something."""

    needs = "numbers:write"
    route = "DELETE /things/{thing}"

    thing: str
    force: bool = Field(default=False)


def sent_and_read(command):
    """The command that a server makes of the request that a client makes of it."""
    sent = request_of(command)
    path, _, query = sent.target.partition("?")
    route = f"/api/v1{command.http()[1]}"
    pattern = re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", route)
    found = re.fullmatch(pattern, path)
    assert found, path
    body = {} if sent.body is None else sent.body
    return read_request(type(command), found.groupdict(), read_query(query), body)


text = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


@pytest.mark.parametrize("kind", [Look, Change])
@given(
    thing=text.filter(bool),
    of=st.none() | text.filter(lambda name: name not in ("", "@default")),
    words=st.lists(text),
    count=st.none() | st.integers(-(2**40), 2**40),
    exact=st.booleans(),
    place=st.none() | st.builds(Place, name=text, size=st.integers(0, 99)),
)
def test_a_request_says_the_whole_command(kind, thing, of, words, count, exact, place):
    command = kind(
        thing=thing, of=of, words=tuple(words), count=count, exact=exact, place=place, kind="b"
    )
    assert sent_and_read(command) == command


def test_a_deletion_has_its_fields_in_the_query():
    sent = request_of(Remove(thing="a/b", force=True))
    assert (sent.target, sent.body) == ("/api/v1/things/a%2Fb?force=true", None)
    assert sent_and_read(Remove(thing="a/b", force=True)).force


def test_what_was_not_given_is_not_sent():
    sent = request_of(Look(thing="x"))
    assert sent.target == "/api/v1/projects/default/things/x/of/@default"


@pytest.mark.parametrize("place", ["{", '{"name": NaN}', '{"size": 1}', "7"])
def test_structures_in_a_query_are_json(place):
    with pytest.raises(errors.Invalid, match="place"):
        read_request(Look, {"project": "p", "thing": "x", "of": "y"}, [("place", place)], {})


@pytest.mark.parametrize("body", [b"[1]", b"{", b"\xff", b'{"a": Infinity}', b"[" * 1000])
def test_bodies_that_are_no_object(body):
    with pytest.raises(errors.Invalid, match="body"):
        read_json(body)


def test_no_body_is_an_empty_object():
    assert read_json(b" \n") == {}


def test_what_is_secret_is_not_repeated():
    for command, path, body in (
        (CreateUser, {}, {"name": "ada", "password": ["hunter2"]}),
        (CreateConnection, {"project": "red"}, {"name": "db", "database": ["hunter2"]}),
    ):
        with pytest.raises(errors.Invalid) as refused:
            read_request(command, path, [], body)
        assert {fault["field"] for fault in refused.value.context["faults"]} & {*body}
        told = refused.value.detail, refused.value.context, refused.value.__cause__
        assert "hunter2" not in str(told)


def test_no_text_holds_nul():
    with pytest.raises(errors.Invalid, match="NUL"):
        read_request(Remove, {"thing": "a%00b"}, [], {})
    with pytest.raises(errors.Invalid, match="NUL"):
        read_request(Change, {"project": "p", "thing": "x", "of": "y"}, [], {"words": ["a", "b\0"]})
