"""Wrong values in words."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from modelyard.kernel.faults import invalid
from modelyard.models.commands import DeleteVersions
from modelyard.projects.commands import CreateProject


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
