"""Which Python a model gets."""

from __future__ import annotations

import sys
from dataclasses import replace

import pytest

from modelyard import errors
from modelyard.runtime.envs.python import find_python, minor_of, note_python

RUNNING = ".".join(map(str, sys.version_info[:3]))


@pytest.fixture
def pyenv(no_pythons):
    """Put versions of Python where pyenv keeps them."""

    def install(*versions):
        for version in versions:
            python = no_pythons / "versions" / version / "bin" / "python"
            python.parent.mkdir(parents=True)
            python.write_text("#!/bin/sh\nexit 1\n")
            python.chmod(0o755)

    return install


@pytest.fixture
def found(uv):
    """Find a Python; gives its version."""

    def find(wanted, *, exact=False):
        return find_python(wanted, uv, download=False, exact=exact).version

    return find


@pytest.mark.parametrize("wanted", [None, "", "3", RUNNING, RUNNING.rpartition(".")[0]])
def test_the_running_python_is_taken_where_its_minor_is_wanted_or_none(found, wanted):
    assert found(wanted) == RUNNING


def test_the_newest_release_of_the_wanted_minor_is_taken(found, pyenv):
    pyenv("3.9.2", "3.9.18", "3.10.13", "3.9-dev", "miniconda3-4.7")
    assert found("3.9.5") == "3.9.18"


@pytest.mark.parametrize(
    ("wanted", "nearest"), [("3.6.9", "3.8.18"), ("3.7.3", "3.8.18"), ("3.9.1", "3.10.13")]
)
def test_else_the_nearest_minor_that_workers_run_on(found, pyenv, wanted, nearest):
    pyenv("3.6.15", "3.7.16", "3.8.18", "3.10.13")
    assert found(wanted) == nearest


def test_pythons_on_the_search_path_are_found(found, pyenv, tmp_path):
    pyenv("3.8.18")
    (tmp_path / "empty" / f"python{RUNNING.rpartition('.')[0]}").symlink_to(sys.executable)
    assert found("3.99") == RUNNING


def test_a_python_that_cannot_be_downloaded_gives_way_to_the_nearest(uv, pyenv, monkeypatch):
    pyenv("3.8.18")
    monkeypatch.setenv("UV_OFFLINE", "1")
    heard = []
    asking = replace(uv, heard=heard.append)
    assert find_python("3.9", asking, download=True, exact=False).version == "3.8.18"
    assert heard == ["downloading Python 3.9"]


def test_a_user_gets_the_python_that_was_asked_for_or_none(found, pyenv):
    pyenv("3.8.18")
    assert found("3.8", exact=True) == "3.8.18"
    with pytest.raises(errors.NotFound, match=r"no Python 3\.10 .* but 3\.8, .*install it"):
        found("3.10", exact=True)


def test_another_minor_is_noted_with_what_it_means():
    (note,) = note_python("3.8.10", "3.11.7")
    assert (note.asked, note.built) == ("Python 3.8.10", "Python 3.11.7")
    assert "no Python 3.8 on this machine; functions and classes pickled" in note.reason
    assert "workers need Python 3.8 or newer" in note_python("3.6.1", "3.8.18")[0].reason


@pytest.mark.parametrize("wanted", [None, "3", "3.11.2", ">=3.11"])
def test_another_release_of_the_same_minor_is_not_worth_a_note(wanted):
    assert note_python(wanted, "3.11.7") == ()


@pytest.mark.parametrize(
    ("text", "minor"), [("3.10.13", (3, 10)), (">=3.8", (3, 8)), ("3.9.*", (3, 9)), ("3", None)]
)
def test_a_minor_is_read_out_of_any_way_to_write_it(text, minor):
    assert minor_of(text) == minor
