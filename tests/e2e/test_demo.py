"""The demo from an empty workspace to a scored month, killed in the middle and loaded again."""

from __future__ import annotations

import zipfile
from contextlib import closing

import numpy as np
import onnxruntime
import pyarrow.parquet as pq
import pytest
from sklearn.metrics import roc_auc_score
from tests.contracts.jobs.conftest import until
from tests.e2e.conftest import CommandLine

import modelyard
from modelyard import errors
from modelyard.demo.contents import MONTHS
from modelyard.kernel.paths import SHIPPED

pytestmark = pytest.mark.slow

STRINGS = ("carrier", "origin", "dest")
NUMBERS = ("hour", "distance", "dep_delay")


@pytest.fixture(scope="module")
def loads(tmp_path_factory):
    """A command line, what its first load had made when it was killed, and what the second made."""
    cli = CommandLine(tmp_path_factory.mktemp("demo"))
    with closing(modelyard.open(cli.yard)) as yard:
        process = cli.start("demo", "load")

        def has_a_version():
            try:
                return yard.versions.list(project="demo", model="late")
            except errors.NotFound:
                return []

        until(has_a_version)
        process.kill()
        process.communicate()
        before = {each.name: each.versions for each in yard.models.list(project="demo")}
    return cli, before, cli.ok("demo", "load")


@pytest.fixture
def yard(loads):
    with closing(modelyard.open(loads[0].yard)) as yard:
        yield yard


def scored(yard):
    """The scored month, and how well its probabilities tell late flights from others."""
    rows = pq.read_table(yard.folder / "files" / "demo" / "scored" / "june.parquet").to_pandas()
    return rows, roc_auc_score(rows["late"] == "late", rows["proba_late"])


def test_a_load_that_was_killed_goes_on_where_it_was(loads, yard):
    _, before, second = loads
    assert before == {"late": 1}
    made = second["made"]
    assert "version late v1" not in made
    assert {"version late v2", "version minutes v1", "version kind v1"} <= set(made)
    assert made[-1] == "service flights"
    assert yard.demo.load().made == ()


def test_everything_in_it_is_alive(yard):
    models = {each.name: each for each in yard.models.list(project="demo")}
    assert {name: (each.versions, each.active_version) for name, each in models.items()} == {
        "kind": (1, "v1"),
        "late": (2, "v1"),
        "minutes": (1, "v1"),
    }
    for model in models:
        for each in yard.versions.list(project="demo", model=model):
            version = yard.versions.show(project="demo", model=model, version=each.version)
            assert version.scan.verdict == "data_only"
            assert version.golden.rows >= 200
            names = [column.name for column in version.signature.inputs.columns]
            assert names == [*STRINGS, *NUMBERS]
    assert version.core.classes == ("in_time", "late") or model != "late"
    rows = {each.name: each.rows for each in yard.datasets.list(project="demo")}
    assert rows == {"history": 5000, "june": 5000, "june-scored": 5000}
    *_, run = yard.scoring.list(project="demo")
    assert (run.state, run.rows) == ("finished", 5000)
    assert yard.scenarios.show(project="demo", name="every-month").next_run is not None
    assert yard.stores.show(project="demo", name="late-by-month").evaluations == len(MONTHS)
    (store,) = (each for each in yard.monitoring.show(project="demo") if each.kind == "store")
    assert (store.status, store.why) == ("healthy", "1 check passed")
    compared = yard.comparisons.show(project="demo", name="june")
    assert compared.verdict.title.startswith("v2 is better than the champion on AUC")
    (endpoint,) = yard.endpoints.list(project="demo", service="flights")
    assert endpoint.name == "late"
    done = [(each.action, each.project) for each in yard.audit.list(outcome="ok")]
    assert done.count(("versions.import", "demo")) in {3, 4}  # the first one may have been cut off
    inner = ("files.put", "datasets.create", "recipes.create", "recipes.run", "scoring.run")
    assert {*((action, "demo") for action in inner), ("demo.load", "")} <= set(done)


def test_the_month_is_scored_as_the_graph_itself_answers(yard):
    rows, area = scored(yard)
    june = pq.read_table(SHIPPED / "june.parquet").to_pandas()
    assert rows[june.columns].equals(june)
    with zipfile.ZipFile(SHIPPED / "late-v1.zip") as archive:
        session = onnxruntime.InferenceSession(archive.read("model.onnx"))
    feeds = {name: june[[name]].to_numpy(object) for name in STRINGS}
    feeds |= {name: june[[name]].to_numpy(np.float32) for name in NUMBERS}
    labels, probabilities = session.run(["label", "probabilities"], feeds)
    assert rows["prediction"].tolist() == labels.tolist()
    assert np.allclose(rows[["proba_in_time", "proba_late"]], probabilities, atol=1e-6)
    assert 0.87 < area < 0.91


def test_another_version_is_better_and_one_slice_is_clearly_worse(yard):
    _, before = scored(yard)
    yard.versions.activate(project="demo", model="late", version="v2")
    yard.recipes.run(project="demo", name="score-june")
    rows, after = scored(yard)
    assert after > before + 0.02
    right = rows["late"] == rows["prediction"]
    hard = rows["dep_delay"].between(15, 30)
    assert hard.sum() > 300
    assert right[hard].mean() < right[~hard].mean() - 0.25
