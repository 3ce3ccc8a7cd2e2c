"""The tree of errors."""

from __future__ import annotations

import pytest

from modelyard import errors
from modelyard.cli.problems import EXIT


def test_every_public_error_has_its_own_code_and_an_exit_code():
    leaves = [getattr(errors, name) for name in errors.__all__ if name != "ModelyardError"]
    assert len({leaf.code for leaf in leaves}) == len(leaves)
    assert errors.ModelyardError.codes == {leaf.code: leaf for leaf in leaves}
    assert set(EXIT) == set(leaves)
    assert 0 not in EXIT.values()


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ([], "there is none yet"),
        (["churn", "delay"], "there are: churn"),
        ([f"m{n}" for n in range(20)], "there are: m0, m1, m10"),
    ],
)
def test_not_found_names_what_is_near(known, said):
    error = errors.NotFound.among("saved model", "churm", known)
    assert said in error.detail
    assert error.context["name"] == "churm"


def test_near_names_are_looked_for_among_some_only():
    """A name is compared with each letter by letter: of many, that would take seconds."""
    error = errors.NotFound.among("file", "file-100000.csv", (f"file-{n}.csv" for n in range(600)))
    assert error.context["near"][0] == "file-0.csv"
    assert len(errors.NotFound.among("command", "a" * 10**6, ["a"]).detail) < 400
