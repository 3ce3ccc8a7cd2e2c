"""Models on real MLflow servers, version 3 and 2, through MLflow's own client."""

from __future__ import annotations

import pytest
from tests.ports import free_port
from tests.rooms.models.sources.conftest import files_of

from modelyard import errors
from modelyard.kernel.identity import Identity
from modelyard.models.sources import fetch

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore"),  # MLflow's own, in this process too
]

SOURCES = {
    "run": "runs:/{run}/model",
    "version": "models:/churn rate/2",
    "alias": "models:/churn rate@champion",
    "latest": "models:/churn rate/latest",
    "artifacts": "{artifacts}",
}


@pytest.fixture(params=["mlflow_3", "mlflow_2"])
def server(request):
    return request.getfixturevalue(request.param)


@pytest.mark.parametrize("kind", SOURCES)
def test_every_kind_of_source_brings_the_same_model(server, download, target, kind):
    facts = download(SOURCES[kind].format(**server.facts), server.uri)
    if kind == "alias":  # the first of two equal models; its ids differ
        assert set(files_of(target)) == set(files_of(server.model))
    else:
        assert files_of(target) == files_of(server.model)
    assert facts["run_id"] == server.facts["run"]
    assert facts["run_name"] == "first try"
    assert facts["experiment_id"] == server.facts["experiment"]
    assert facts["experiment"] == "churn study"
    assert facts["user"] == server.facts["user"]
    assert facts["git_commit"] == "0123456789abcdef"
    assert (facts["train_dataset"], facts["test_dataset"]) == ("flights", "june")
    if server.facts["logged_model"] and kind != "alias":
        assert facts["logged_model_id"] == server.facts["logged_model"]
    if kind in ("version", "alias", "latest"):
        assert facts["registered_model"] == "churn rate"
        assert facts["registry_version"] == ("1" if kind == "alias" else "2")
    assert facts.get("aliases") == (["champion"] if kind == "alias" else None)


def test_a_logged_model_is_named_by_its_id(mlflow_3, copy, target):
    lineage = copy(f"models:/{mlflow_3.facts['logged_model']}", tracking_uri=mlflow_3.uri)
    assert files_of(target) == files_of(mlflow_3.model)
    assert lineage.logged_model_id == mlflow_3.facts["logged_model"]
    assert lineage.tracking_uri == mlflow_3.uri
    assert lineage.link == (
        f"{mlflow_3.uri}/#/experiments/{mlflow_3.facts['experiment']}/runs/{mlflow_3.facts['run']}"
    )


def test_a_server_before_version_3_has_no_logged_models(mlflow_2, refused):
    problem = refused("models:/m-0123456789abcdef", mlflow_2.uri)
    assert problem.kind == "unsupported"
    assert "runs MLflow 2.22.5, which has no logged models" in problem.detail


def test_a_source_is_fetched_by_a_client_in_a_process_of_its_own(server, copy, target):
    lineage = copy("models:/churn rate@champion", tracking_uri=server.uri)
    assert set(files_of(target)) == set(files_of(server.model))
    assert "mlflow" not in lineage.model_dump_json().replace("mlflow-artifacts", "")
    assert (lineage.registered_model, lineage.registry_version) == ("churn rate", "1")
    assert lineage.aliases == ("champion",)
    assert lineage.link == f"{server.uri}/#/models/churn%20rate/versions/1"


def test_the_registry_may_be_another_server(mlflow_3, gateway, copy):
    registry = f"http://{gateway.address}"
    lineage = copy("models:/churn rate/1", tracking_uri=mlflow_3.uri, registry_uri=registry)
    assert lineage.tracking_uri == mlflow_3.uri
    assert lineage.run_name == "first try"
    assert lineage.link == f"{registry}/#/models/churn%20rate/versions/1"


def test_a_cloud_is_read_with_its_own_package_in_a_tool_env(mlflow_3, copy, monkeypatch):
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    # Only boto3, which neither this env nor MLflow's client holds, can miss these credentials.
    with pytest.raises(errors.Unauthenticated, match=r"Unable to locate credentials; .*AWS_ACCESS"):
        copy(f"runs:/{mlflow_3.facts['run_in_cloud']}/model", tracking_uri=mlflow_3.uri)


@pytest.mark.parametrize(
    ("source", "kind", "says"),
    [
        ("runs:/{run}/nope", "not_found", "no model at 'nope'; its models: model; its other"),
        ("runs:/{run}/notes", "not_found", "its other artifacts: notes"),
        ("runs:/{run}", "not_found", "no model at '/'; its models: model"),
        ("runs:/00000000000000000000000000000000/model", "not_found", "has no run 0000000"),
        ("models:/churn rate/9", "not_found", "no version 9; its versions: 1, 2"),
        ("models:/churn rate/Production", "not_found", "no version at 'Production'"),
        ("models:/churn rate@best", "not_found", "no alias 'best'; its aliases: champion"),
        ("models:/churm rate/1", "not_found", "'churm rate'; there are: churn rate"),
        ("models:/it's/1", "not_found", "has no registered model"),
        ("models:/churn rate", "invalid", "write models:/NAME/VERSION, models:/NAME@ALIAS"),
        ("models:/a/b/c", "invalid", "Not a proper models:/ URI"),
        ("mlflow-artifacts:/{experiment}", "not_found", "name the folder that holds MLmodel"),
        ("mlflow-artifacts:/nowhere", "not_found", "it holds: none"),
    ],
)
def test_what_is_not_there_is_said_with_what_is(server, refused, target, source, kind, says):
    problem = refused(source.format(**server.facts), server.uri)
    assert problem.kind == kind
    assert says in problem.detail
    assert not any(target.iterdir())


def test_a_missing_logged_model(mlflow_3, refused):
    problem = refused("models:/m-0123456789abcdef", mlflow_3.uri)
    assert (problem.kind, "has no logged model m-0123" in problem.detail) == ("not_found", True)


class TestReaching:
    def test_nobody_listens(self, copy):
        with pytest.raises(errors.Unavailable, match="Connection refused; check the address"):
            copy("models:/churn rate/1", tracking_uri=f"http://127.0.0.1:{free_port()}")

    def test_somebody_listens_and_says_nothing(self, refused, silent_address):
        problem = refused("models:/churn rate/1", silent_address, patience=0.5)
        assert (problem.kind, "timed out" in problem.detail) == ("unavailable", True)

    def test_a_name_that_does_not_exist(self, refused):
        problem = refused("models:/churn rate/1", "http://nowhere.invalid")
        assert (problem.kind, "check the address" in problem.detail) == ("unavailable", True)

    def test_https_where_plain_http_is_spoken(self, refused, mlflow_3):
        problem = refused("models:/churn rate/1", mlflow_3.uri.replace("http:", "https:"))
        assert problem.kind == "unavailable"
        assert "write http:// if it speaks plain HTTP" in problem.detail

    @pytest.mark.parametrize("source", ["models:/churn rate/1", "runs:/0123/model"])
    def test_a_wrong_path_on_the_right_server(self, refused, mlflow_3, source):
        problem = refused(source, f"{mlflow_3.uri}/elsewhere")
        assert problem.kind == "invalid"
        assert "not how an MLflow server answers" in problem.detail

    def test_an_address_of_another_kind(self, copy):
        with pytest.raises(errors.Invalid, match="a tracking URI starts with http://"):
            copy("models:/churn rate/1", tracking_uri="ftp://127.0.0.1")


class TestSigningIn:
    def test_no_credentials(self, gateway, copy):
        gateway.fault = "password"
        with pytest.raises(errors.Unauthenticated, match="set MLFLOW_TRACKING_USERNAME and"):
            copy("models:/churn rate/1", tracking_uri=f"http://{gateway.address}")

    def test_credentials_from_the_environment(self, gateway, copy, monkeypatch):
        gateway.fault = "password"
        monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "ada")
        monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "lovelace")
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://{gateway.address}")
        assert copy("models:/churn rate/1").registry_version == "1"

    def test_credentials_in_the_address_stay_out_of_the_lineage(self, gateway, context, copy):
        gateway.fault = "password"
        uri = f"http://ada:lovelace@{gateway.address}"
        lineage = copy("models:/churn rate/1", tracking_uri=uri)
        assert lineage.tracking_uri == f"http://{gateway.address}"
        assert "lovelace" not in lineage.model_dump_json()
        logs = context.folder / "logs"
        assert not any("lovelace" in log.read_text() for log in logs.rglob("*") if log.is_file())

    def test_wrong_credentials_are_not_repeated_in_the_message(self, gateway, copy):
        gateway.fault = "password"
        with pytest.raises(errors.Unauthenticated) as caught:
            copy("models:/churn rate/1", tracking_uri=f"http://ada:byron@{gateway.address}")
        assert "byron" not in str(caught.value)

    def test_databricks_without_credentials(self, refused, monkeypatch, tmp_path):
        monkeypatch.setenv("HOME", str(tmp_path))
        problem = refused("models:/churn/1", "databricks")
        assert problem.kind == "unauthenticated"
        assert "set DATABRICKS_HOST and DATABRICKS_TOKEN" in problem.detail

    def test_a_user_who_may_not_read_the_files(self, gateway, refused):
        gateway.fault = "forbidden"
        problem = refused("models:/churn rate/1", f"http://{gateway.address}")
        assert problem.kind == "forbidden"


class TestDownloading:
    def test_progress_is_heard(self, mlflow_3, download):
        download("models:/churn rate/1", mlflow_3.uri)
        assert download.heard[0] == ("looking for models:/churn rate/1", None)
        assert all(0 <= fraction <= 1 for _, fraction in download.heard[1:])

    @pytest.mark.parametrize(
        ("fault", "says"),
        [("cut", "the download broke off"), ("short", "did not arrive whole (1048576 of 2097152")],
    )
    def test_a_file_that_does_not_arrive_whole(self, gateway, refused, fault, says):
        gateway.fault = fault
        problem = refused("models:/churn rate/1", f"http://{gateway.address}")
        assert (problem.kind, says in problem.detail) == ("unavailable", True)

    def test_a_server_that_is_busy(self, gateway, refused):
        gateway.fault = "busy"
        problem = refused("models:/churn rate/1", f"http://{gateway.address}")
        assert problem.kind == "unavailable"

    def test_a_disk_without_room(self, mlflow_3, refused, target):
        problem = refused("models:/churn rate/1", mlflow_3.uri, spare=1 << 60)
        assert (problem.kind, "free some space" in problem.detail) == ("failed", True)
        assert not any(target.iterdir())


def test_a_tracking_database_needs_no_server(tmp_path, model, copy, target, monkeypatch):
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{tmp_path}/mlflow.db")
    experiment = client.create_experiment("on disk", (tmp_path / "files").as_uri())
    run = client.create_run(experiment).info.run_id
    client.log_artifacts(run, str(model), "model")
    monkeypatch.chdir(tmp_path)
    lineage = copy(f"runs:/{run}/model", tracking_uri="sqlite:///mlflow.db")
    assert files_of(target) == files_of(model)
    assert (lineage.run_id, lineage.experiment) == (run, "on disk")
    assert lineage.link is None


def test_a_server_cannot_point_a_remote_caller_to_files_of_this_machine(
    tmp_path, model, download, refused, target
):
    """As a server may that somebody runs for this: its runs then have artifacts in file:/etc."""
    from mlflow import MlflowClient

    uri = f"sqlite:///{tmp_path}/mlflow.db"
    client = MlflowClient(uri)
    experiment = client.create_experiment("on disk", (tmp_path / "files").as_uri())
    run = client.create_run(experiment).info.run_id
    client.log_artifacts(run, str(model), "model")
    for path in ("model", "none"):
        problem = refused(f"runs:/{run}/{path}", uri, local_files=False)
        assert problem.kind == "forbidden"
    assert files_of(target) == {}
    download(f"runs:/{run}/model", uri)
    assert files_of(target) == files_of(model)


def test_the_server_s_own_credentials_stay_with_its_own_mlflow(
    mlflow_3, gateway, yard, target, monkeypatch
):
    remote = yard.acting(Identity("eve", "user")).open()
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "of-the-operator")
    named = {"tracking_uri": f"http://{gateway.address}"}
    source = f"models:/{mlflow_3.facts['logged_model']}"
    fetch(remote, "default", source, target, **named)
    assert files_of(target) == files_of(mlflow_3.model)
    assert "of-the-operator" not in str(gateway.seen)
