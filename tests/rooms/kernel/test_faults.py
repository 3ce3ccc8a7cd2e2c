"""Wrong values in words."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from modelyard import errors
from modelyard.kernel.faults import invalid
from modelyard.models.commands import DeleteVersions
from modelyard.projects.commands import CreateProject
from modelyard.verbs import CATALOG


@pytest.mark.parametrize(
    ("command", "fields", "said"),
    [
        (CreateProject, {"key": "1x"}, "begin with a letter, then letters, digits, '-' and '_'"),
        (DeleteVersions, {"model": "m", "versions": ["a b"]}, "begin with a letter or digit"),
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
