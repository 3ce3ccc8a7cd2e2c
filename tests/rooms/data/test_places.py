"""Names and paths: what they lead to, and what is said when they lead nowhere."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from modelyard import errors
from modelyard.data.access import connection_folder, open_source


@pytest.fixture
def folder(put, tmp_path):
    put("in/holdout.csv", "age,name\n1,x\n2,y\n")
    put("in/sub/more.parquet.csv", "a\n1\n")
    return tmp_path / "in"


def test_a_relative_path_works_from_another_folder(yard, name, folder, monkeypatch, opened):
    monkeypatch.chdir(folder)
    made = yard.datasets.create(name=name, path="sub/../holdout.csv")
    monkeypatch.chdir("/")
    assert made.path == str(folder / "holdout.csv")
    assert opened(name).count() == 2


def test_a_home_path(yard, name, folder, monkeypatch):
    monkeypatch.setenv("HOME", str(folder))
    assert yard.datasets.create(name=name, path="~/holdout.csv").rows == 2


def test_a_path_goes_wherever_a_name_goes(yard, folder, monkeypatch):
    path = str(folder / "holdout.csv")
    assert yard.datasets.preview(dataset=path, rows=1).rows == ((1, "x"),)
    shown = yard.datasets.show(dataset=path)
    assert (shown.name, shown.rows, shown.created) == (path, 2, None)
    monkeypatch.chdir(folder)
    assert yard.datasets.show(dataset="holdout.csv").rows == 2


def test_a_dataset_goes_before_a_file_of_its_name(yard, name, put, tmp_path, monkeypatch):
    put(name, "a\n1\n2\n")
    yard.datasets.create(name=name, path=put("other.csv", "b\n1\n"))
    monkeypatch.chdir(tmp_path)
    assert yard.datasets.show(dataset=name).columns[0].name == "b"


def test_a_connection_to_a_folder(yard, name, folder, context):
    yard.connections.create(name=name, path=str(folder))
    assert connection_folder(context, "default", name) == folder
    made = yard.datasets.create(name=name, connection=name, path="holdout.csv")
    assert made.path == "holdout.csv"
    assert open_source(context, "default", f"connection://{name}/holdout.csv").count() == 2
    assert open_source(context, "default", f"connection://{name}/*.csv").count() == 2
    with pytest.raises(errors.Invalid, match=r"leads out of the folder"):
        open_source(context, "default", f"connection://{name}/../holdout.csv")
    with pytest.raises(errors.Invalid, match="a table or query needs one to a database"):
        yard.datasets.create(name=f"{name}t", connection=name, table="t")


def test_a_connection_can_be_moved(yard, name, folder, opened):
    yard.connections.create(name=name, path=str(folder.parent))
    yard.datasets.create(name=name, connection=name, path="in/sub/more.parquet.csv")
    (folder.parent / "new" / "in").mkdir(parents=True)
    (folder / "sub").rename(folder.parent / "new" / "in" / "sub")
    yard.connections.create(name=name, path=str(folder.parent / "new"), replace=True)
    assert opened(name).count() == 1


@pytest.mark.parametrize(
    ("path", "kind", "said"),
    [
        ("{folder}/holdut.csv", errors.NotFound, "did you mean 'holdout.csv'"),
        ("{folder}/none/x.csv", errors.NotFound, "there is no folder"),
        ("{folder}/*.parquet", errors.NotFound, "there is no file"),
        ("{folder}", errors.Invalid, "column"),
        ("connection://", errors.Invalid, "names no place"),
        ("connection://x", errors.Invalid, "names no place"),
        ("connection://nowhere/x.csv", errors.NotFound, "no connection 'nowhere'"),
        ("{folder}/sub", errors.Invalid, "several formats"),
        ("{folder}/empty", errors.NotFound, "holds no CSV"),
        ("{folder}/plain", errors.Invalid, "says no format; give --format"),
        ("/dev/null", errors.Invalid, "neither a file nor a folder"),
        ("", errors.Invalid, "the path is empty"),
        ("nothing", errors.NotFound, "no dataset and no file 'nothing'"),
    ],
)
def test_paths_that_lead_nowhere(opened, put, folder, path, kind, said):
    put("in/bad.csv", "other\n1\n")
    put("in/sub/b.jsonl", "{}")
    put("in/empty/readme.txt", "")
    put("in/plain", "a\n1\n")
    with pytest.raises(kind, match=said):
        opened(path.format(folder=folder))


def test_a_name_that_is_no_dataset_names_near_ones(yard, name, folder, opened):
    yard.datasets.create(name=f"{name}-flights", path=str(folder / "holdout.csv"))
    with pytest.raises(errors.NotFound, match=f"did you mean '{name}-flights'"):
        opened(f"{name}-flight")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_no_permission(opened, put):
    path = put("a.csv", "a\n1\n")
    Path(path).chmod(0)
    with pytest.raises(errors.Invalid, match="Permission denied"):
        opened(path)


def test_the_fingerprint_changes_with_content_and_options(opened, put):
    path = put("a.csv", "a\n1\n")
    os.utime(path, ns=(1, 1))
    first = opened(path).fingerprint
    assert opened(path).fingerprint == first
    assert opened(path, delimiter=";").fingerprint != first
    os.utime(path, ns=(2, 2))
    assert opened(path).fingerprint != first
    put("a.csv", "a\n10\n")
    os.utime(path, ns=(1, 1))
    assert opened(path).fingerprint != first


def test_a_file_that_changed_is_looked_at_again(yard, name, put, opened):
    path = put("a.csv", "a,b\n1,2\n")
    yard.datasets.create(name=name, path=path, column_types="a=string")
    put("a.csv", "b,c\nx,2.5\ny,3\n")
    source = opened(name)
    assert [str(kind) for kind in source.schema.types] == ["string", "double"]
    (listed,) = [each for each in yard.datasets.list() if each.name == name]
    assert (listed.rows, [column.name for column in listed.columns]) == (2, ["b", "c"])
    assert listed.created is not None
