"""Looking around on real MLflow servers, version 3 and 2, over their REST API."""

from __future__ import annotations

import base64
import json

import pytest
from tests.rooms.models.sources.conftest import free_port

from modelyard import errors
from modelyard.kernel.identity import Identity
from modelyard.models.browsing.wire import HISTORY, Runs

pytestmark = pytest.mark.slow


@pytest.fixture(params=["mlflow_3", "mlflow_2"])
def server(request):
    return request.getfixturevalue(request.param)


def test_experiments_newest_first_with_their_pages(server, yard):
    found = yard.mlflow.experiments(tracking_uri=server.uri)
    assert [each.name for each in found] == ["in a cloud", "churn study", "Default"]
    assert found[1].id == server.facts["experiment"]
    assert found[1].link == f"{server.uri}/#/experiments/{server.facts['experiment']}"
    assert found[1].created <= found[0].created


def test_a_run_with_its_models_that_can_be_imported(server, yard):
    (run,) = yard.mlflow.runs(experiment=server.facts["experiment"], tracking_uri=server.uri)
    assert (run.id, run.name, run.status) == (server.facts["run"], "first try", "FINISHED")
    assert (run.user, run.params, run.metrics) == (
        server.facts["user"],
        {"depth": "3"},
        {"auc": 0.75, "loss": None},
    )
    assert run.started < run.ended
    if server.facts["logged_model"]:
        assert len(run.sources) == 2
        assert f"models:/{server.facts['logged_model']}" in run.sources
    else:
        assert run.sources == (f"runs:/{run.id}/model",)
        assert run.models[0].flavors == ("python_function",)
    assert all(run.started <= model.logged <= run.ended for model in run.models)


def test_registered_models_and_their_versions(server, yard):
    (model,) = yard.mlflow.models(tracking_uri=server.uri, search="CHURN")
    assert (model.name, model.latest, model.aliases) == ("churn rate", "2", {"champion": "1"})
    newer, older = yard.mlflow.versions(name="churn rate", tracking_uri=server.uri)
    assert (newer.source, older.source) == ("models:/churn rate/2", "models:/churn rate/1")
    assert (newer.aliases, older.aliases) == ((), ("champion",))
    assert newer.run_id == server.facts["run"]
    assert older.link == f"{server.uri}/#/models/churn%20rate/versions/1"


def test_lists_come_in_parts(server, yard):
    named = {"tracking_uri": server.uri, "limit": 1}
    first = yard.mlflow.versions(name="churn rate", **named)
    second = yard.mlflow.versions(name="churn rate", after=first.next, **named)
    assert [each.version for each in (*first, *second)] == ["2", "1"]
    assert second.next is None
    parts = yard.mlflow.experiments(tracking_uri=server.uri, limit=2)
    rest = yard.mlflow.experiments(tracking_uri=server.uri, limit=2, after=parts.next)
    assert [each.name for each in (*parts, *rest)] == ["in a cloud", "churn study", "Default"]


@pytest.mark.parametrize("search", ["nothing", "it's", 'a"b', "\\", "%' OR name != '"])
def test_a_search_finds_names_only(server, yard, search):
    assert yard.mlflow.models(tracking_uri=server.uri, search=search) == []
    assert yard.mlflow.experiments(tracking_uri=server.uri, search=search) == []
    experiment = server.facts["experiment"]
    assert yard.mlflow.runs(experiment=experiment, tracking_uri=server.uri, search=search) == []


@pytest.mark.parametrize("name", ["nope", "it's", "a\\", "' OR name != '"])
def test_a_model_that_is_not_registered(server, yard, name):
    with pytest.raises(errors.NotFound, match="check the source and the tracking URI"):
        yard.mlflow.versions(name=name, tracking_uri=server.uri)


class TestReaching:
    def test_nobody_listens(self, yard):
        with pytest.raises(errors.Unavailable, match="check the address, and that the server runs"):
            yard.mlflow.models(tracking_uri=f"http://127.0.0.1:{free_port()}")

    def test_somebody_listens_and_says_nothing(self, yard, silent_address, monkeypatch):
        monkeypatch.setattr("modelyard.models.browsing.rest.ANSWERING", 0.5)
        with pytest.raises(errors.Unavailable, match="timed out"):
            yard.mlflow.models(tracking_uri=silent_address)

    def test_https_where_plain_http_is_spoken(self, yard, mlflow_3):
        with pytest.raises(errors.Unavailable, match="write http:// if it speaks plain HTTP"):
            yard.mlflow.models(tracking_uri=mlflow_3.uri.replace("http:", "https:"))

    def test_a_wrong_path_on_the_right_server(self, yard, mlflow_3):
        with pytest.raises(errors.Invalid, match="not how an MLflow server answers"):
            yard.mlflow.models(tracking_uri=f"{mlflow_3.uri}/elsewhere")

    def test_a_store_is_no_server(self, yard, tmp_path):
        with pytest.raises(errors.Unsupported, match="import by the URI of a model"):
            yard.mlflow.models(tracking_uri=f"sqlite:///{tmp_path}/mlflow.db")

    def test_no_server_is_named(self, yard):
        with pytest.raises(errors.Invalid, match="name it with --tracking-uri"):
            yard.mlflow.models()


class TestSigningIn:
    def test_no_credentials(self, gateway, yard):
        gateway.fault = "password"
        with pytest.raises(errors.Unauthenticated, match="set MLFLOW_TRACKING_USERNAME and"):
            yard.mlflow.models(tracking_uri=f"http://{gateway.address}")

    def test_credentials_in_the_address_and_from_the_environment(self, gateway, yard, monkeypatch):
        gateway.fault = "password"
        (model,) = yard.mlflow.models(tracking_uri=f"http://ada:lovelace@{gateway.address}")
        assert "lovelace" not in model.link
        monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "ada")
        monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "lovelace")
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://{gateway.address}")
        assert yard.mlflow.models() == [model]

    def test_a_connection_keeps_them_for_others(self, gateway, yard, monkeypatch):
        gateway.fault = "password"
        address = f"http://ada:${{GATE}}@{gateway.address}"
        made = yard.connections.create(name="gate", mlflow=address)
        assert (made.kind, made.location) == ("mlflow", address)
        plain = yard.connections.create(name="plain", mlflow=address.replace("${GATE}", "secret"))
        assert "secret" not in plain.location
        yard.users.create(name="eve", admin=True)
        remote = yard.acting(Identity("eve", "user"))
        with pytest.raises(errors.Invalid, match="variable GATE is not set"):
            remote.mlflow.models(tracking_uri="connection://gate")
        monkeypatch.setenv("GATE", "lovelace")
        assert len(remote.mlflow.models(tracking_uri="connection://gate")) == 1
        with pytest.raises(errors.Forbidden, match=r"server\.variables"):
            remote.connections.create(name="mine", mlflow=address)
        with pytest.raises(errors.Forbidden, match=r"server\.variables"):
            remote.mlflow.models(tracking_uri=address)
        assert len(yard.mlflow.models(tracking_uri=address)) == 1
        with pytest.raises(errors.NotFound, match="no connection 'gates'"):
            remote.mlflow.models(tracking_uri="connection://gates")
        with pytest.raises(errors.Invalid, match="holds no datasets"):
            yard.datasets.create(name="d", connection="gate", path="a.csv")

    @pytest.mark.parametrize("address", ["ftp://x", "http://", "mlflow", "sqlite:///a.db", "${X}"])
    def test_a_connection_is_to_a_server(self, yard, address):
        with pytest.raises(errors.Invalid, match="no address of an MLflow server"):
            yard.connections.create(name="gate", mlflow=address)

    def test_a_remote_caller_s_server_sees_nothing_of_the_operator_s(
        self, gateway, yard, monkeypatch
    ):
        yard.users.create(name="eve", admin=True)
        remote = yard.acting(Identity("eve", "user"))
        monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "of-the-operator")
        assert len(remote.mlflow.models(tracking_uri=f"http://{gateway.address}")) == 1
        assert "of-the-operator" not in str(gateway.seen)
        monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://svc:of-the-operator@127.0.0.1:9")
        assert len(remote.mlflow.models(registry_uri=f"http://{gateway.address}")) == 1
        basic = base64.b64encode(b"svc:of-the-operator").decode()
        assert basic not in str(gateway.seen)
        with pytest.raises(errors.Forbidden, match="begins with http"):
            remote.mlflow.models(tracking_uri="sqlite:///mlflow.db")


@pytest.mark.parametrize("history", ["[", "[{}]", '"text"', "[" * 5000, '[{"flavors": 1}]'])
def test_a_tag_that_cannot_be_read_names_no_models(history):
    tags = [{"key": HISTORY, "value": history}]
    answer = {"runs": [{"info": {"run_id": "r", "experiment_id": 1}, "data": {"tags": tags}}]}
    (run,) = Runs.model_validate_json(json.dumps(answer)).told("http://x", [])
    assert run.models == ()
