"""An output never overwrites what it is made from, whatever the two are called."""

from __future__ import annotations

import sqlite3

import pytest

import modelyard
from modelyard import errors
from modelyard.data.access import check_output


@pytest.fixture
def yard(tmp_path, monkeypatch):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.csv").write_text("x\n1\n2\n")
    (tmp_path / "link.csv").symlink_to(tmp_path / "in" / "a.csv")
    sqlite3.connect(tmp_path / "db.sqlite").execute("create table t (x integer)").connection.close()
    monkeypatch.chdir(tmp_path)
    yard = modelyard.open(tmp_path / "yard")
    yard.datasets.create(name="a", path="in/a.csv")
    yard.connections.create(name="files", path=str(tmp_path))
    yard.connections.create(name="db", database=f"sqlite:///{tmp_path / 'db.sqlite'}")
    yield yard
    yard.close()


SAME = [
    ("in/a.csv", "in/../in/a.csv"),
    ("a", "in/a.csv"),
    ("in/a.csv", "a"),
    ("a", "link.csv"),
    ("link.csv", "in/a.csv"),
    ("in", "in/a.csv"),
    ("in/*.csv", "in/a.csv"),
    ("connection://files/in/a.csv", "a"),
    ("connection://db/t", "connection://db/t"),
]


@pytest.mark.parametrize(("source", "output"), SAME)
def test_the_same_place_is_refused(yard, source, output):
    with pytest.raises(errors.Invalid, match="would overwrite its own input"):
        check_output(yard.open(), "default", source, output)


@pytest.mark.parametrize(
    ("source", "output"),
    [("a", "b.csv"), ("in", "b.csv"), ("connection://db/t", "b.csv"), ("a", "connection://db/t")],
)
def test_other_places_are_fine(yard, source, output):
    check_output(yard.open(), "default", source, output)


@pytest.mark.parametrize(
    ("output", "error", "said"),
    [("b.xlsx", errors.Invalid, "parquet"), ("no/b.csv", errors.NotFound, "folder")],
)
def test_what_cannot_be_written_is_said_at_once(yard, output, error, said):
    with pytest.raises(error, match=said):
        check_output(yard.open(), "default", "a", output)


def test_a_sample_cannot_replace_its_dataset(yard, tmp_path):
    with pytest.raises(errors.Invalid, match="would overwrite its own input"):
        yard.datasets.sample(dataset="a", method="first", rows=1, output="in/a.csv")
    assert (tmp_path / "in" / "a.csv").read_text() == "x\n1\n2\n"
