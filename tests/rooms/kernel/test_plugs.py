"""Named entries: built-in ones, and those of installed packages."""

from __future__ import annotations

import pytest

from modelyard import errors
from modelyard.kernel.plugs import Plugs


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Install a package that brings plugs: a real distribution on the path."""

    def install(package, points, code):
        folder = tmp_path / package
        facts = folder / f"{package}-1.0.dist-info"
        facts.mkdir(parents=True)
        (folder / f"{package}.py").write_text(code)
        (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        lines = [f"{name} = {package}:{name}" for name in points]
        (facts / "entry_points.txt").write_text("\n".join(["[modelyard.shapes]", *lines]))
        monkeypatch.syspath_prepend(str(folder))

    return install


@pytest.fixture
def shapes():
    return Plugs("shapes", "shape", {"round": 1, "square": 4})


def test_a_built_in_entry_is_found_by_name(shapes):
    assert shapes.get("square") == 4
    assert shapes.names() == ("round", "square")


def test_an_installed_package_adds_an_entry(shapes, install):
    install("trigon_shapes", ["trigon"], "trigon = 3")
    assert shapes.names() == ("round", "square", "trigon")
    assert shapes.get("trigon") == 3


def test_an_unknown_name_lists_what_there_is(shapes, install):
    install("hexagon_shapes", ["hexagon"], "hexagon = 6")
    with pytest.raises(errors.Invalid, match="no shape 'oval'; there are: round, square, hexagon"):
        shapes.get("oval")


def test_no_package_takes_a_built_in_name(shapes, install):
    install("false_shapes", ["square"], "square = 5")
    assert shapes.get("square") == 4
    assert shapes.names() == ("round", "square")


def test_two_packages_with_the_same_name_are_a_conflict(shapes, install):
    install("one_pentagon", ["pentagon"], "pentagon = 5")
    install("other_pentagon", ["pentagon"], "pentagon = 5.0")
    with pytest.raises(errors.Conflict, match="one_pentagon and other_pentagon"):
        shapes.get("pentagon")


def test_a_package_that_cannot_be_imported_is_named(shapes, install):
    install("broken_shapes", ["octagon"], "octagon = 1 / 0")
    with pytest.raises(errors.Failed, match="'octagon' of broken_shapes cannot be loaded: Zero"):
        shapes.get("octagon")
