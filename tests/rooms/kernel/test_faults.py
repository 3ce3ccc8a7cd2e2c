"""Wrong values in words."""

from __future__ import annotations

import math

import pytest
from pydantic import ValidationError
from tests.cases import every

from modelyard import errors
from modelyard.kernel.faults import WORDS, invalid
from modelyard.models.commands import DeleteVersions
from modelyard.projects.commands import CreateProject, UpdateProject
from modelyard.verbs import CATALOG


@pytest.mark.parametrize(
    ("command", "fields", "said"),
    [
        (CreateProject, {"key": "1x"}, "begin with a letter, then letters, digits, '-' and '_'"),
        (DeleteVersions, {"model": "m", "versions": ["a b"]}, "begin with a letter or digit"),
        (CreateProject, {"key": "x", "description": "a\x1b[31m"}, "cannot be seen"),
        (CreateProject, {"key": "x", "description": "a" * 1001}, "at most 1000 characters"),
        (UpdateProject, {"key": "x", "variables": {"k": [1, {"l": math.inf}]}}, "not finite"),
    ],
)
def test_the_rule_that_a_name_breaks_is_told(command, fields, said):
    with pytest.raises(ValidationError) as wrong:
        command.model_validate(fields)
    assert said in invalid(wrong.value).detail


@pytest.mark.parametrize(
    ("given", "said", "told"),
    [
        ({"rights": ["models:read", *range(30)]}, "; and 10 more", 20),
        ({"rights": [*range(2000)]}, "2,000 values are wrong", 0),
        ({"rights": [*range(100_001)]}, "rights has 100,001 items, and 100,000 are taken", 1),
        (dict.fromkeys(map(str, range(101))), "most of its fields are not known", 1),
    ],
)
def test_what_is_all_wrong_takes_no_memory(given, said, told):
    with pytest.raises(errors.Invalid) as wrong:
        CATALOG.fill("keys.create", {"name": "ci", **given})
    assert said in wrong.value.detail
    assert len(wrong.value.detail) < 4000
    assert len(wrong.value.context.get("faults", ())) == told


@pytest.mark.parametrize(
    ("verb", "given", "said"),
    [
        ("projects.list", {"limit": 0}, "limit: must be at least 1 (given: 0)"),
        ("projects.list", {"limit": 10_001}, "limit: must be at most 10000 "),
        ("projects.list", {"limit": "ten"}, "limit: must be a whole number "),
        ("projects.list", {"limit": 1.5}, "limit: must be a whole number "),
        ("projects.list", {"limit": []}, "limit: must be a whole number "),
        ("projects.list", {"limit": "9" * 5000}, "limit: has too many digits "),
        ("projects.list", {"limit": math.inf}, "limit: must be a finite number "),
        ("datasets.statistics", {"ratio": 0}, "ratio: must be more than 0 "),
        ("datasets.statistics", {"ratio": "much"}, "ratio: must be a number "),
        ("datasets.statistics", {"ratio": {}}, "ratio: must be a number "),
        ("datasets.statistics", {"rows": 2**63}, "rows: must be less than 9223372036854775808 "),
        ("datasets.statistics", {"method": "best"}, "method: must be 'none', 'first', "),
        ("projects.delete", {"force": "perhaps"}, "force: must be true or false "),
        ("projects.delete", {"force": {}}, "force: must be true or false "),
        ("projects.show", {"key": 1}, "key: must be text "),
        ("projects.show", {"key": "\ud800"}, "key: must be text in UTF-8 "),
        ("projects.show", {}, "key: is needed and was not given"),
        ("projects.list", {"colour": 1}, "colour: is not known here"),
        ("projects.list", {"after": "x" * 5000}, "after: must have at most 4096 characters "),
        ("files.show", {"path": ""}, "path: must not be empty "),
        ("versions.delete", {"versions": []}, "versions: must not be empty "),
        ("versions.delete", {"versions": "v1"}, "versions: must be a list "),
        ("scoring.predict", {"rows": [{}] * 1001}, "rows: must have at most 1000 items "),
        ("scoring.predict", {"rows": [1]}, "rows.0: must be an object, as in JSON "),
        ("scenarios.create", {"steps": [1]}, "steps.0: must be an object, as in JSON "),
        ("projects.create", {"variables": {"a": object()}}, "must be a value that JSON has "),
        ("audit.list", {"since": "2026-1"}, "since: must be a date with a time, such as "),
        ("audit.list", {"since": "2026-13-01"}, "since: must be a date with a time, such as "),
        ("audit.list", {"since": math.nan}, "since: must be a date with a time, such as "),
        ("audit.list", {"since": []}, "since: must be a date with a time, such as "),
        ("versions.import", {"digest": "a" * 63}, "digest: must be a SHA-256 digest: 64 "),
    ],
)
def test_a_wrong_value_is_told_in_our_own_words(verb, given, said):
    with pytest.raises(errors.Invalid) as wrong:
        CATALOG.fill(verb, given)
    assert said in wrong.value.detail


def test_a_list_whose_items_are_wrong_is_not_called_empty():
    with pytest.raises(errors.Invalid) as wrong:
        CATALOG.fill("versions.delete", {"model": "m", "versions": [1]})
    assert wrong.value.detail == "versions.0: must be text (given: 1)"


WRONG = (None, True, -1, 10**30, 1.5, math.nan, "", "x", "x" * 5000, "\ud800", "9" * 5000, b"\xff")
WRONG_TOO = ([], [None] * 2000, [{}], {}, {"": 1}, {"a": object()}, object())


@every("verb", CATALOG)
def test_no_field_of_a_command_can_be_wrong_in_words_of_pydantics(verb):
    command = CATALOG[verb]
    for field in (*command.model_fields, "nonsense"):
        for value in (*WRONG, *WRONG_TOO):
            assert _kinds(command, field, value) <= WORDS.keys() | {"value_error"}, field


def _kinds(command, field, value):
    try:
        command.model_validate({field: value})
    except ValidationError as wrong:
        return {fault["type"] for fault in wrong.errors(include_url=False)}
    return set()
