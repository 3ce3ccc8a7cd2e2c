"""The verbs of connections and datasets, from Python and from the command line."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest
from click.testing import CliRunner

from modelyard import errors
from modelyard.cli.main import build


@pytest.fixture
def holdout(put):
    return put("holdout.csv", "age,fare,name\n40,1.5,Zoë\n20,,x\n")


def names(things) -> list[str]:
    return [thing.name for thing in things]


def test_create_list_show_and_delete_a_dataset(yard, name, holdout):
    made = yard.datasets.create(name=name, path=holdout)
    assert [(column.name, column.type) for column in made.columns] == [
        ("age", "long"),
        ("fare", "double"),
        ("name", "string"),
    ]
    assert (made.rows, made.format, made.size) == (2, "csv", 32)
    assert yard.datasets.show(dataset=name) == made
    assert made in yard.datasets.list()
    with pytest.raises(errors.Conflict, match="use --replace"):
        yard.datasets.create(name=name, path=holdout)
    replaced = yard.datasets.create(
        name=name, path=holdout, column_types="age=double", replace=True
    )
    assert replaced.columns[0].type == "double"
    yard.datasets.delete(name=name)
    assert name not in names(yard.datasets.list())
    with pytest.raises(errors.NotFound):
        yard.datasets.delete(name=name)


def test_a_dataset_that_cannot_be_read_is_not_made(yard, name, put):
    with pytest.raises(errors.Invalid):
        yard.datasets.create(name=name, path=put("bad.csv", "a,b\n1\n"))
    assert name not in names(yard.datasets.list())


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "one of --path, --table or --query"),
        ({"path": " "}, "one of --path"),
        ({"path": "a.csv", "table": "t"}, "one of --path"),
        ({"table": "t"}, "need --connection"),
    ],
)
def test_a_dataset_needs_one_place(yard, name, given, said):
    with pytest.raises(errors.Invalid, match=said):
        yard.datasets.create(name=name, **given)


def test_unknown_projects(yard, name, holdout, tmp_path):
    for call in (
        lambda: yard.datasets.create(project="nowhere", name=name, path=holdout),
        lambda: yard.datasets.list(project="nowhere"),
        lambda: yard.connections.create(project="nowhere", name=name, path=str(tmp_path)),
        lambda: yard.connections.list(project="nowhere"),
    ):
        with pytest.raises(errors.NotFound, match="nowhere"):
            call()


def test_projects_keep_their_datasets_apart(yard, name, holdout):
    yard.projects.create(key=f"P{name}")
    yard.datasets.create(project=f"P{name}", name=name, path=holdout)
    assert name not in names(yard.datasets.list())
    assert names(yard.datasets.list(project=f"P{name}")) == [name]


def test_preview_gives_json_values(yard, tmp_path, write):
    table = pa.table(
        {
            "d": pa.array(["1.10", None]).cast(pa.decimal128(5, 2)),
            "x": [float("nan"), 0.5],
            "b": [b"\xff", None],
            "t": pa.array([0, None], pa.timestamp("us", "UTC")),
            "l": [[{"a": 1.5}], []],
            "e": pa.array([1, None], pa.duration("s")),
        }
    )
    write(str(tmp_path / "a.parquet"), table)
    preview = yard.datasets.preview(dataset=str(tmp_path / "a.parquet"), rows=5)
    assert preview.rows == (
        ("1.10", None, "/w==", "1970-01-01T00:00:00+00:00", [{"a": 1.5}], "0:00:01"),
        (None, 0.5, None, None, [], None),
    )
    assert json.loads(preview.model_dump_json())["rows"][0][0] == "1.10"


def test_sample_to_a_file(yard, tmp_path, holdout, table):
    out = str(tmp_path / "out.parquet")
    written = yard.datasets.sample(
        dataset=holdout, output=out, method="first_sorted", rows=1, column="age"
    )
    assert written.rows == 1
    assert table(out).to_pylist() == [{"age": 20, "fare": None, "name": "x"}]


def test_connections(yard, name, tmp_path, monkeypatch):
    monkeypatch.setenv("DB_FILE", str(tmp_path / "x.db"))
    made = yard.connections.create(name=name, database="sqlite:///${DB_FILE}")
    assert (made.kind, yard.connections.show(name=name)) == ("sql", made)
    assert made in yard.connections.list()
    with pytest.raises(errors.Conflict, match="use --replace"):
        yard.connections.create(name=name, path=str(tmp_path))
    (tmp_path / "a.csv").write_text("a\n1\n")
    yard.connections.create(name=name, path=str(tmp_path), replace=True)
    yard.datasets.create(name=name, connection=name, path="a.csv")
    with pytest.raises(errors.Conflict, match=f"used by the dataset {name}"):
        yard.connections.delete(name=name)
    yard.datasets.delete(name=name)
    yard.connections.delete(name=name)
    with pytest.raises(errors.NotFound, match=f"no connection '{name}'"):
        yard.connections.show(name=name)


def test_passwords_are_not_shown_and_variables_are_filled_in(yard, name, postgres_url, monkeypatch):
    monkeypatch.setenv("PG_URL", postgres_url)
    assert yard.connections.create(name=name, database="${PG_URL}").location == "${PG_URL}"
    start, host = postgres_url.split("@")
    monkeypatch.setenv("PG_PASSWORD", "not:asked/for@all%")
    user = start.rpartition("/")[2].partition(":")[0]
    secret = f"postgresql://{user}:geheim@{host}"
    shown = yard.connections.create(name=name, database=secret, replace=True)
    assert "geheim" not in shown.model_dump_json() + yard.connections.list()[0].model_dump_json()
    assert "***" in shown.location
    kept = f"postgresql://{user}:${{PG_PASSWORD}}@{host}"
    assert yard.connections.create(name=name, database=kept, replace=True).location == kept
    assert yard.datasets.preview
    monkeypatch.delenv("PG_PASSWORD")
    with pytest.raises(errors.Invalid, match="PG_PASSWORD is not set"):
        yard.datasets.create(name=name, connection=name, query="select 1 as a")


@pytest.mark.parametrize(
    ("given", "kind", "said"),
    [
        ({}, errors.Invalid, "one of --path"),
        ({"path": "/", "database": "sqlite:///x"}, errors.Invalid, "one of --path"),
        ({"path": "/no/such/folder"}, errors.NotFound, "no folder"),
        ({"database": "nonsense"}, errors.Invalid, "cannot be read"),
        ({"database": "sqlite://"}, errors.Invalid, "names no SQLite file"),
        ({"database": "sqlite:////no/such/folder/x.db"}, errors.NotFound, "no folder"),
        ({"database": "mysql://u:p@ss@h/x"}, errors.Invalid, "%40"),
        ({"database": "oracle://u:geheim@h/x"}, errors.Unsupported, "no driver"),
        ({"database": "nosuch://h/x"}, errors.Unsupported, "no driver"),
    ],
)
def test_connections_that_lead_nowhere(yard, name, given, kind, said):
    with pytest.raises(kind, match=said) as caught:
        yard.connections.create(name=name, **given)
    assert "geheim" not in caught.value.detail
    assert name not in names(yard.connections.list())


def test_the_command_line(yard, name, holdout, tmp_path):
    def run(*words: str):
        return CliRunner().invoke(build(), [*words, "--workspace", str(yard.folder)])

    done = run(
        "datasets",
        "create",
        name,
        "--path",
        holdout,
        "--column-types",
        "age=double,fare=string",
        "--json",
    )
    assert done.exit_code == 0, done.output
    assert [column["type"] for column in json.loads(done.stdout)["columns"]] == [
        "double",
        "string",
        "string",
    ]
    assert json.loads(run("datasets", "preview", name, "--json").stdout)["rows"][0][0] == 40.0
    out = str(tmp_path / "o.jsonl")
    done = run(
        "datasets", "sample", name, "--output", out, "--method", "random_count", "--rows", "1"
    )
    assert done.exit_code == 0, done.output
    assert len((tmp_path / "o.jsonl").read_text().splitlines()) == 1
    missing = run("datasets", "show", f"{name}x")
    assert missing.exit_code == 3
    assert name in missing.stderr
    assert run("datasets", "sample", name, "--output", out, "--method", "first").exit_code == 2


def test_lists_are_searched_and_sorted(yard, name, put, tmp_path):
    project = f"P{name}"
    yard.projects.create(key=project)
    yard.connections.create(project=project, name="here", path=str(tmp_path))
    for made, rows in (("small", 1), ("LARGE", 30), ("middle_2", 5)):
        put(f"{made}.csv", "x\n" + "1\n" * rows)
        yard.datasets.create(project=project, name=made, connection="here", path=f"{made}.csv")
    yard.datasets.create(project=project, name="alone", path=str(tmp_path / "small.csv"))

    def listed(**asked):
        first = yard.datasets.list(project=project, limit=2, **asked)
        rest = yard.datasets.list(project=project, limit=9, after=first.next, **asked)
        return names(first) + (names(rest) if first.next else [])

    assert listed(sort="-rows") == ["LARGE", "middle_2", "small", "alone"]
    assert listed(sort="size") == ["alone", "small", "middle_2", "LARGE"]
    assert listed(sort="created") == ["small", "LARGE", "middle_2", "alone"]
    assert listed(sort="-name", connection="here") == ["small", "middle_2", "LARGE"]
    assert listed(search="l_2") == []
    assert listed(search="large") == ["LARGE"]
    assert listed(search="E_2") == ["middle_2"]


def test_export_a_dataset(yard, name, put, tmp_path, table):
    yard.datasets.create(name=name, path=put("a.csv", "n,t\n1,x\n,y\n"), column_types="n=double")
    for ending in ("csv", "parquet", "jsonl"):
        file = str(tmp_path / f"out.{ending}")
        made = yard.datasets.export(dataset=name, to=file)
        assert (made.format, made.rows) == (ending, 2)
        assert table(file).to_pylist() == [{"n": 1, "t": "x"}, {"n": None, "t": "y"}]
        with pytest.raises(errors.Conflict, match="--replace"):
            yard.datasets.export(dataset=name, to=file)
    yard.datasets.export(dataset=name, to=str(tmp_path / "out.csv"), format="jsonl", replace=True)
    assert (tmp_path / "out.csv").read_text().startswith("{")
