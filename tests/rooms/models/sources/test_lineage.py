"""Links to web pages, and what a source may not tell."""

from __future__ import annotations

import pytest

from modelyard import errors
from modelyard.kernel.identity import Identity
from modelyard.models.sources import fetch
from modelyard.models.sources.lineage import web_page, without_secrets
from modelyard.models.sources.server import _findable
from modelyard.models.sources.tracking import _without_credentials, is_local_store
from modelyard.models.types import Lineage

SERVER = "https://ada:lovelace@mlflow.example.com/team/"


@pytest.mark.parametrize(
    ("known", "page"),
    [
        ({"experiment_id": "7", "run_id": "ab12"}, "experiments/7/runs/ab12"),
        ({"experiment_id": "7", "logged_model_id": "m-1"}, "experiments/7/models/m-1"),
        ({"registered_model": "a b/c", "registry_version": "3"}, "models/a%20b%2Fc/versions/3"),
    ],
)
def test_the_page_of_a_model(known, page):
    link = web_page(SERVER, "", Lineage(source="x", **known))
    assert link == f"https://mlflow.example.com/team/#/{page}"


def test_a_registered_model_has_its_page_on_the_registry():
    lineage = Lineage(source="x", registered_model="churn", registry_version="3", run_id="ab12")
    link = web_page("http://runs:5000", "http://registry:5000", lineage)
    assert link == "http://registry:5000/#/models/churn/versions/3"


@pytest.mark.parametrize("uri", ["sqlite:///mlflow.db", "databricks", "file:///mlruns"])
def test_what_is_no_web_server_has_no_pages(uri):
    assert web_page(uri, "", Lineage(source="x", experiment_id="7", run_id="ab12")) is None


def test_an_unknown_run_has_no_page():
    assert web_page(SERVER, "", Lineage(source="x", run_id="ab12")) is None


@pytest.mark.parametrize(
    ("uri", "clean"),
    [
        ("https://a:b@host/path", "https://host/path"),
        ("mlflow-artifacts://a:b@host:5000/1/x", "mlflow-artifacts://host:5000/1/x"),
        ("postgresql://a:b%40c@host/db", "postgresql://host/db"),
        ("models:/churn@champion", "models:/churn@champion"),
        ("/models/it's@home", "/models/it's@home"),
    ],
)
def test_user_and_password_are_taken_out(uri, clean):
    assert without_secrets(uri) == clean


def test_credentials_of_a_server_go_another_way():
    uri, environ = _without_credentials("https://ada:love%2Flace@host:5000/team")
    assert uri == "https://host:5000/team"
    assert environ == {
        "MLFLOW_TRACKING_USERNAME": "ada",
        "MLFLOW_TRACKING_PASSWORD": "love/lace",
    }
    assert _without_credentials("http://host") == ("http://host", {})


@pytest.mark.parametrize(
    ("tracking_uri", "registry_uri"),
    [("https://svc:s3cret@ours", "https://evil"), ("https://evil", "https://svc:s3cret@ours:5000")],
)
def test_credentials_of_one_server_are_not_shown_to_another(
    yard, tmp_path, tracking_uri, registry_uri
):
    remote = yard.acting(Identity("eve", "user")).open()
    target = tmp_path / "target"
    target.mkdir()
    servers = {"tracking_uri": tracking_uri, "registry_uri": registry_uri}
    named = [{**servers}]
    for field, address in servers.items():
        if "s3cret" in address:
            yard.connections.create(name="ours", mlflow=address)
            named.append({**servers, field: "connection://ours"})
    for each in named:
        with pytest.raises(errors.Forbidden, match="would be shown the credentials of") as refused:
            fetch(remote, "default", "models:/x/1", target, **each)
        assert "s3cret" not in refused.value.detail


class TestTrackingStores:
    @pytest.mark.parametrize(
        "uri", ["http://h", "https://h", "databricks://profile", "uc:http://h"]
    )
    def test_a_server_stays_as_it_is(self, uri):
        assert not is_local_store(uri)
        assert _findable(uri) == uri

    def test_a_database_server_too(self):
        assert _findable("postgresql://host/db") == "postgresql://host/db"

    def test_paths_are_made_absolute(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        (tmp_path / "mlflow.db").touch()
        (tmp_path / "mlruns").mkdir()
        assert _findable("sqlite:///mlflow.db") == f"sqlite:///{tmp_path}/mlflow.db"
        assert _findable("mlruns") == f"file://{tmp_path}/mlruns"
        assert _findable(f"file://{tmp_path}/mlruns") == f"file://{tmp_path}/mlruns"
        assert _findable("") == ""

    @pytest.mark.parametrize("uri", ["sqlite:///none.db", "none", "file:///none"])
    def test_what_does_not_exist_is_not_made(self, tmp_path, monkeypatch, uri):
        monkeypatch.chdir(tmp_path)
        with pytest.raises(errors.NotFound, match="names no file or folder"):
            _findable(uri)
        assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("source", ["runs:/ab12/model", "models:/churn/1"])
def test_a_server_must_be_named(copy, monkeypatch, source):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    with pytest.raises(errors.Invalid, match="--tracking-uri or MLFLOW_TRACKING_URI, such as"):
        copy(source)


@pytest.mark.parametrize(
    ("source", "uri"),
    [("models:/churn/1", "http://ada:lovelace@[::1"), ("file://[::1/model", None)],
)
def test_what_is_no_uri(copy, source, uri):
    with pytest.raises(errors.Invalid, match="is no valid URI: Invalid IPv6 URL") as caught:
        copy(source, tracking_uri=uri)
    assert "lovelace" not in str(caught.value)


def test_a_timeout_that_is_no_number(copy, monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "soon")
    with pytest.raises(errors.Invalid, match="MLFLOW_HTTP_REQUEST_TIMEOUT is 'soon'"):
        copy("models:/churn/1", tracking_uri="http://127.0.0.1:1")
