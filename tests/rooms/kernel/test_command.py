"""A use case is a class: what follows from its fields and its type parameter."""

from __future__ import annotations

import pytest
from pydantic import Field, ValidationError
from tests.rooms.kernel.numbers.commands import Double

from modelyard import errors
from modelyard.kernel.bus import Bus
from modelyard.kernel.command import Command, ProjectCommand, Room, verb


class Inside(ProjectCommand[list[str]]):
    """Something in a project."""

    needs = "things:read"
    name: str = Field(default="x")


class Numbers(Room):
    """Numbers."""

    double = verb(Double)


class Here:
    def run(self, command):
        return Bus[str](["tests.rooms.kernel.numbers"]).handle(command, "here")


def test_the_result_type_is_the_type_parameter():
    assert Double.result_type() is int
    assert Inside.result_type() == list[str]


def test_a_command_without_a_result_type_is_refused():
    with pytest.raises(TypeError, match="Command names no result"):
        Command.result_type()


def test_a_verb_builds_the_command_and_runs_it():
    assert Numbers(Here()).double(number=21) == 42


def test_a_verb_tells_wrong_values_as_an_error_of_ours():
    with pytest.raises(errors.Invalid, match="number: is needed and was not given; nubmer: is not"):
        Numbers(Here()).double(nubmer=21)


def test_commands_take_no_unknown_fields_and_do_not_change():
    with pytest.raises(ValidationError):
        Double(number=1, more=2)
    with pytest.raises(ValidationError):
        Double(number=1).number = 2


def test_a_project_key_that_could_be_a_path_is_refused():
    with pytest.raises(ValidationError):
        Inside(project="../x")
