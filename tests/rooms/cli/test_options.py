"""Fields as options, and what was typed as fields."""

from __future__ import annotations

from typing import Literal

import click
import pytest
from click.testing import CliRunner
from pydantic import Field

from modelyard.cli.options import parameters_of, values_from
from modelyard.kernel.command import Command
from modelyard.kernel.values import Value
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


def typed(*words: str) -> Everything:
    got = {}
    command = click.Command("x", params=parameters_of(Everything), callback=got.update)
    done = CliRunner().invoke(command, words)
    assert done.exit_code == 0, done.output
    for name in ("workspace", "as_json"):
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


@pytest.mark.parametrize(
    ("given", "labels"),
    [
        ("0,1", [0, 1]),
        ("-1,1", [-1, 1]),
        ("01,02", ["01", "02"]),
        ("no,1", ["no", "1"]),
        ("1.0,2.0", ["1.0", "2.0"]),
    ],
)
def test_class_labels_are_numbers_only_if_they_are_written_so(given, labels):
    assert values_from(ImportVersion, {"classes": given}) == {"classes": labels}


def test_an_empty_list_is_not_the_default():
    assert typed("n", "--words", "").words == ()


@pytest.mark.parametrize("words", [("--params", "novalue"), ("--inner", "{"), ("--count", "x")])
def test_what_cannot_be_read_is_a_usage_error(words):
    with pytest.raises((click.UsageError, AssertionError), match=r"KEY=VALUE|JSON|not a valid"):
        typed("n", *words)
