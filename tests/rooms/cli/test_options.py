"""Fields as options, and what was typed as fields."""

from __future__ import annotations

import re
from typing import Annotated, Literal

import click
import pytest
from click.testing import CliRunner
from pydantic import Field

from modelyard.cli.options import parameters_of, values_from
from modelyard.errors import Invalid
from modelyard.kernel.command import Command
from modelyard.kernel.values import EMPTIED, Value
from modelyard.models.commands import ImportVersion


class Inner(Value):
    """Something with fields."""

    size: int


class Everything(Command[None]):
    """All kinds of fields."""

    needs = "x:read"
    arguments = ("name", "rest")

    name: str = Field(description="its name")
    rest: tuple[str, ...] = Field(default=(), description="more names")
    kind: Literal["a", "b"] = Field(default="a", description="its kind")
    count: int | None = Field(default=None, description="how many")
    share: float = Field(default=0.5, description="how much")
    fast: bool = Field(default=False, description="be fast")
    keep: bool = Field(default=True, description="keep it")
    words: tuple[str, ...] | None = Field(default=None, description="some words")
    params: dict[str, str] = Field(default={}, description="pairs")
    inner: Inner | None = Field(default=None, description="as JSON")
    limit: Annotated[float | None, EMPTIED] = Field(default=None, description="at most")
    look: Annotated[Literal["a", "b"] | None, EMPTIED] = Field(default=None, description="how")
    only: Annotated[tuple[str, ...] | None, EMPTIED] = Field(default=None, description="those")


def typed(*words: str) -> Everything:
    got = {}
    command = click.Command("x", params=parameters_of(Everything), callback=got.update)
    done = CliRunner().invoke(command, words)
    assert done.exit_code == 0, done.output
    for name in ("workspace", "url", "api_key_file", "as_json"):
        got.pop(name)
    return Everything.model_validate(values_from(Everything, got))


def test_only_what_was_typed_is_set():
    assert typed("n").model_fields_set == {"name"}


def test_every_kind_of_field():
    filled = typed(
        *("n", "r1", "r2", "--kind", "b", "--count", "3", "--share", "0.1", "--fast", "--no-keep"),
        *("--words", "a, b", "--params", "k=v=w", "--params", "x=", "--inner", '{"size": 3}'),
    )
    assert filled == Everything(
        name="n",
        rest=("r1", "r2"),
        kind="b",
        count=3,
        share=0.1,
        fast=True,
        keep=False,
        words=("a", "b"),
        params={"k": "v=w", "x": ""},
        inner=Inner(size=3),
    )


def test_an_empty_text_is_null_where_null_says_something():
    emptied = typed("n", "--limit", "", "--look", "", "--only", "")
    assert emptied.model_fields_set == {"name", "limit", "look", "only"}
    assert (emptied.limit, emptied.look, emptied.only) == (None, None, None)
    filled = typed("n", "--limit", "2", "--look", "b", "--only", "x,y")
    assert (filled.limit, filled.look, filled.only) == (2.0, "b", ("x", "y"))


@pytest.mark.parametrize(
    ("given", "labels"),
    [
        ("0,1", [0, 1]),
        ("-1,1", [-1, 1]),
        ("01,02", ["01", "02"]),
        ("no,1", ["no", "1"]),
        ("1.0,2.0", ["1.0", "2.0"]),
        ("[0, 1]", [0, 1]),
        ('["0", "1"]', ["0", "1"]),
        ("[true, false]", [True, False]),
        ('"no, never",yes', ["no, never", "yes"]),
    ],
)
def test_class_labels_are_numbers_only_if_they_are_written_so(given, labels):
    assert values_from(ImportVersion, {"classes": (given,)}) == {"classes": labels}


def test_class_labels_may_be_given_one_by_one():
    assert values_from(ImportVersion, {"classes": ("0", "1")}) == {"classes": [0, 1]}
    assert values_from(ImportVersion, {"classes": ("a,b", "2")}) == {"classes": ["a", "b", "2"]}


@pytest.mark.parametrize("nothing", ["", " ", "[]"])
def test_an_empty_list_is_not_the_default(nothing):
    assert typed("n", "--words", nothing).words == ()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (['"a,b",c'], ("a,b", "c")),
        (['a, "b, c"'], ("a", "b, c")),
        (['"say ""hi"", then go"'], ('say "hi", then go',)),
        (['5" pipe,x'], ('5" pipe', "x")),
        (['["a,b","c"]'], ("a,b", "c")),
        (['[" blanks ", "[x]"]'], (" blanks ", "[x]")),
        (['" blanks ",x'], (" blanks ", "x")),
        (["a, b", "c"], ("a", "b", "c")),
        (['"a,b"', '["c,d"]', "e"], ("a,b", "c,d", "e")),
        (["C(x)[T.1],b"], ("C(x)[T.1]", "b")),
        (["größe,naïve 名"], ("größe", "naïve 名")),
    ],
)
def test_lists_hold_anything(given, words):
    assert typed("n", *(word for text in given for word in ("--words", text))).words == words


def test_what_is_given_by_position_is_taken_as_it_is():
    assert typed("n", "r,1", '["r2"]').rest == ("r,1", '["r2"]')


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--params", "novalue"), "--params takes KEY=VALUE"),
        (("--inner", "{"), "--inner '{': cannot be read as JSON"),
        (("--inner", '{"size": "x"}'), "size: must be a whole number"),
        (("--words", '"a,b'), "--words cannot be read"),
        (("--words", "[a,b]"), "--words is no JSON array"),
    ],
)
def test_what_cannot_be_read_is_said(words, said):
    with pytest.raises(Invalid, match=re.escape(said)) as refused:
        typed("n", *words)
    assert "\n" not in refused.value.detail
