"""Where a caller's texts lead: a local one's anywhere, a remote one's into its project's files."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from tests.e2e.models import write_model

import modelyard
from modelyard import errors
from modelyard.kernel import paths
from modelyard.kernel.identity import Identity

A = [{"name": "a", "type": "long"}]
EVE = Identity("eve", "user", address="10.0.0.9")


@pytest.fixture
def eve(yard):
    """Who may do everything, but not on the server's machine."""
    yard.users.create(name="eve", admin=True)
    return yard.acting(EVE)


@pytest.fixture
def files(yard):
    folder = yard.folder / "files" / "default"
    folder.mkdir(parents=True)
    (folder / "in.csv").write_text("a\n1\n2\n")
    return folder


def test_a_local_path_is_relative_to_the_working_folder(context, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/somebody")
    assert paths.settle(context, "a/../b.csv") == str(tmp_path / "b.csv")
    assert paths.settle(context, "~/b.csv") == "/home/somebody/b.csv"
    assert paths.settle(context, "files://a//b/../c.csv") == "files://a/c.csv"


def test_a_remote_path_is_relative_to_the_project_s_files(eve, files):
    context = eve.open()
    assert paths.settle(context, "a/./b/../in.csv") == "files://a/in.csv"
    assert paths.find(context, "default", "in.csv") == files / "in.csv"
    assert paths.shown(context, "default", files / "a" / "in.csv") == "files://a/in.csv"
    assert eve.datasets.preview(dataset="in.csv").rows == ((1,), (2,))


def test_a_dataset_of_a_remote_caller_moves_with_the_workspace(yard, eve, files, tmp_path):
    made = eve.datasets.create(name="numbers", path="in.csv")
    assert made.path == "files://in.csv"
    assert yard.datasets.show(dataset="numbers").rows == 2
    yard.close()
    yard.folder.rename(tmp_path / "moved")
    assert modelyard.open(tmp_path / "moved").datasets.show(dataset="numbers").rows == 2


def test_each_project_has_its_own_files(yard, eve, files):
    yard.projects.create(key="other")
    with pytest.raises(errors.NotFound, match=r"there is no file in\.csv"):
        eve.datasets.show(project="other", dataset="in.csv")
    for text in ("../default/in.csv", str(files / "in.csv")):
        with pytest.raises(errors.Forbidden):
            eve.datasets.show(project="other", dataset=text)


class TestFoldersOfTheSetting:
    @pytest.fixture
    def allowed(self, tmp_path, monkeypatch):
        """A folder that is allowed, with the workspace and a link out of it inside."""
        folder = tmp_path / "allowed"
        (folder / "data").mkdir(parents=True)
        (folder / "data" / "x.csv").write_text("a\n1\n")
        (tmp_path / "out.csv").write_text("canary\n1\n")
        (folder / "data" / "link.csv").symlink_to(tmp_path / "out.csv")
        monkeypatch.setenv("MODELYARD_SERVER__FOLDERS", f'["{folder}"]')
        return folder

    @pytest.fixture
    def eve(self, allowed):
        yard = modelyard.open(allowed / "yard")
        yard.users.create(name="eve", admin=True)
        yield yard.acting(EVE)
        yard.close()

    def test_what_is_in_them_may_be_read_and_written(self, allowed, eve):
        assert eve.datasets.create(name="x", path=f"{allowed}/data/x.csv").rows == 1
        eve.datasets.sample(dataset="x", output=f"{allowed}/data/y.csv")
        assert (allowed / "data" / "y.csv").read_text().splitlines() == ['"a"', "1"]

    def test_links_lead_nowhere_else(self, allowed, eve):
        for pattern in ("link.csv", "*.csv", "l*.csv"):
            with pytest.raises(errors.Forbidden, match="link"):
                eve.datasets.show(dataset=f"{allowed}/data/{pattern}")
        with pytest.raises(errors.Forbidden, match="link"):
            eve.datasets.sample(dataset=f"{allowed}/data/x.csv", output=f"{allowed}/data/link.csv")

    def test_the_workspace_inside_them_stays_closed(self, allowed, eve):
        other = allowed / "yard" / "files" / "other"
        other.mkdir(parents=True)
        (other / "x.csv").write_text("canary\n1\n")
        for text in ("files/other/x.csv", "files/*/x.csv", "modelyard.db"):
            with pytest.raises((errors.Forbidden, errors.Invalid)) as raised:
                eve.datasets.preview(dataset=f"{allowed}/yard/{text}", rows=1)
            assert "canary" not in raised.value.detail
        with pytest.raises(errors.Forbidden):
            eve.connections.create(name="db", database=f"sqlite:///{allowed}/yard/modelyard.db")

    def test_what_a_local_caller_named_may_be_used_from_afar(self, allowed, eve, tmp_path):
        local = modelyard.open(allowed / "yard")
        local.datasets.create(name="mine", path=str(tmp_path / "out.csv"))
        local.connections.create(name="folder", path=str(tmp_path))
        assert eve.datasets.preview(dataset="mine").rows == ((1,),)
        assert eve.datasets.preview(dataset="connection://folder/out.csv").rows == ((1,),)


class TestConnections:
    @pytest.mark.parametrize(
        ("url", "said"),
        [
            ("${HOME}", "environment variables HOME"),
            ("postgresql://u:${PATH}@host/db", "environment variables PATH"),
            ("sqlite:///${HOME}/x.db", "environment variables HOME"),
            ("duckdb:////etc/passwd", "not to duckdb"),
            ("sqlite+pysqlite:////etc/x.db", "not to sqlite"),
            ("mysql+pymysql://host/db?local_infile=1", "not to mysql"),
            ("postgresql:///db?host=/var/run/postgresql", "sockets"),
            ("postgresql:///db?host=a,/var/run/postgresql", "sockets"),
            ("postgresql://h/db?sslkey=/root/.ssh/id_rsa", "sslkey"),
            ("postgresql://h/db?passfile=/root/.pgpass", "passfile"),
            ("sqlite:///x.db?uri=true", "uri"),
        ],
    )
    def test_reach_neither_the_environment_nor_files(self, eve, url, said):
        with pytest.raises(errors.Forbidden, match=said):
            eve.connections.create(name="x", database=url)

    def test_may_use_the_variables_of_the_setting(self, tmp_path, monkeypatch):
        monkeypatch.setenv("MODELYARD_SERVER__VARIABLES", '["SALES_DB"]')
        monkeypatch.setenv("SALES_DB", f"sqlite:///{tmp_path}/sales.db")
        yard = modelyard.open(tmp_path / "yard")
        yard.users.create(name="eve", admin=True)
        made = yard.acting(EVE).connections.create(name="sales", database="${SALES_DB}")
        assert made.location == "${SALES_DB}"
        yard.close()

    def test_hold_sqlite_files_of_the_project(self, eve, files):
        with sqlite3.connect(files / "s.db") as db:
            db.execute("create table t as select 7 as a")
        db.close()
        eve.connections.create(name="s", database="sqlite:///s.db")
        eve.datasets.create(name="t", connection="s", table="t")
        assert eve.datasets.preview(dataset="t").rows == ((7,),)
        eve.datasets.sample(dataset="t", output="connection://s/u")
        assert eve.datasets.preview(dataset="connection://s/u").rows == ((7,),)

    @pytest.mark.parametrize("query", ["attach '{file}' as o", "vacuum into '{file}'"])
    def test_reach_no_other_file_by_a_query(self, eve, files, tmp_path, query):
        sqlite3.connect(files / "s.db").close()
        eve.connections.create(name="s", database="sqlite:///s.db")
        with pytest.raises(errors.ModelyardError):
            eve.datasets.create(
                name="q", connection="s", query=query.format(file=tmp_path / "made.db")
            )
        assert not (tmp_path / "made.db").exists()


def test_a_recipe_of_a_remote_caller_stays_in_its_bounds(yard, eve, files, tmp_path, monkeypatch):
    """Whoever runs it later may be a local caller, whose paths go anywhere."""
    eve.models.create(name="m", prediction_type="other")
    write_model(files / "model", inputs=A, predict="return frame['a'].to_numpy()")
    eve.versions.import_(model="m", version="v", source="model", env="local")
    with pytest.raises(errors.Forbidden):
        eve.recipes.create(name="r", model="m", input="in.csv", output="/tmp/made.csv")
    made = eve.recipes.create(name="r", model="m", input="in.csv", output="out/x.csv")
    assert (made.command.input, made.command.output) == ("files://in.csv", "files://out/x.csv")
    monkeypatch.chdir(tmp_path)
    yard.recipes.run(name="r")
    assert len((files / "out" / "x.csv").read_text().splitlines()) == 3


def test_errors_do_not_say_where_the_workspace_is(eve, files):
    with pytest.raises(errors.NotFound) as raised:
        eve.datasets.show(dataset="inn.csv")
    assert str(eve.folder) not in raised.value.detail
    assert "in.csv" in raised.value.detail


class TestTransfers:
    def test_a_local_caller_names_any_file(self, context, tmp_path):
        assert paths.transferred(context, str(tmp_path / "x")) == tmp_path / "x"

    def test_a_remote_caller_gets_what_the_server_put_there(self, eve):
        context = eve.open()
        folder = context.folder / "transfers"
        folder.mkdir()
        assert paths.transferred(context, str(folder / "abc")) == folder / "abc"
        (folder / "link").symlink_to("/etc/passwd")
        for text in ("/etc/passwd", str(folder / ".." / "modelyard.db"), str(folder / "link"), "x"):
            with pytest.raises(errors.Forbidden):
                paths.transferred(context, text)


@pytest.mark.parametrize("uri", ["sqlite:///m.db", "file:///m", "databricks://p", "uc:x", "mlruns"])
def test_only_http_servers_can_be_named_from_afar(eve, uri):
    eve.models.create(name="m", prediction_type="other")
    with pytest.raises(errors.Forbidden, match="none of the MLflow servers"):
        eve.versions.import_(model="m", version="v", source="models:/m/1", tracking_uri=uri)


def test_private_is_what_belongs_to_the_workspace(context):
    for place in (context.folder / "modelyard.db-wal", context.folder / "artifacts" / "ab" / "c"):
        with pytest.raises(errors.Forbidden, match="workspace itself"):
            paths.require_inside(context, place, context.folder.parent)
    assert paths.require_inside(context, Path("/etc/passwd"), None) is None
