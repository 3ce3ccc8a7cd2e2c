"""Parameters of a signature: which values fit which type."""

from __future__ import annotations

import pytest

from modelyard.runtime.worker.params import check_params
from modelyard.runtime.worker.problems import Problem


def _check(value, kind, shape=None):
    declared = {"name": "x", "type": kind, "default": None, "shape": shape}
    return check_params({"x": value}, [declared])["x"]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("boolean", True),
        ("integer", 3),
        ("long", 3),
        ("float", 3),
        ("double", 0.5),
        ("string", "a"),
        ("datetime", "2024-02-29T10:00:00"),
        ("object(a: long)", {"a": 1}),
        ("long", None),
    ],
)
def test_what_fits_is_passed_on(kind, value):
    assert _check(value, kind) == value


def test_a_list_fits_a_shape():
    assert _check([1, 2], "long", [-1]) == [1, 2]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("boolean", 1),
        ("integer", 0.5),
        ("long", True),
        ("double", "0.5"),
        ("string", 5),
        ("datetime", "29/2/2024"),
        ("datetime", 5),
    ],
)
def test_what_does_not_fit_is_refused(kind, value):
    with pytest.raises(Problem, match=f"parameter 'x' is {value!r}, expected {kind}"):
        _check(value, kind)


def test_defaults_are_filled_in():
    declared = [{"name": "a", "type": "long", "default": 5}, {"name": "b", "type": "string"}]
    assert check_params({"b": "x"}, declared) == {"a": 5, "b": "x"}
    assert check_params({}, []) == {}
