"""Packages hold what a service is when they are made, and never change."""

from __future__ import annotations

import hashlib
import signal
import subprocess
import sys
import zipfile
from contextlib import closing

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from tests.e2e.models import write_model

import modelyard
from modelyard import errors
from modelyard.archives.signing import key_id, signing_key, trusted_keys
from modelyard.serving.packages.reading import unpack
from modelyard.store.keeping import keepers

LOOKED = {"dataset": "customers", "key": {"customer": "id"}, "column": {"plan": "plan"}}


@pytest.fixture
def whole(yard, service, made):
    """A service with endpoints of every kind."""
    of = {"service": service}
    yard.endpoints.create(**of, endpoint="any", model="anything")
    yard.endpoints.function(**of, endpoint="price", file=str(made / "price.py"), function="price")
    yard.endpoints.lookup(**of, endpoint="who", **LOOKED)
    enriched = {"dataset": "customers", "key": {"id": "id"}, "column": {"fare": "fare"}}
    yard.endpoints.enrich(**of, endpoint="late", name="customers", **enriched)
    yard.queries.add(**of, endpoint="late", name="one", value={"age": 3, "id": 1})
    return service


def test_it_holds_all_that_it_needs(yard, whole, made, tmp_path):
    package = yard.packages.create(service=whole, package="p1", notes="first\nof all")
    file = tmp_path / "p1.zip"
    told = yard.packages.download(service=whole, package="p1", output=str(file))
    assert told.digest == package.digest == hashlib.sha256(file.read_bytes()).hexdigest()
    folder = tmp_path / "p1"
    manifest = unpack(file, folder)
    assert manifest == package.manifest == yard.packages.show(service=whole, package="p1").manifest
    assert (manifest.notes, manifest.public) == ("first\nof all", True)

    version = yard.versions.show(model="late")
    late = next(each for each in manifest.models if each.model == "late")
    assert (late.id, late.digest, late.env) == (version.id, version.digest, version.env.id)
    assert late.inputs == version.signature.inputs
    assert late.interpretation == version.probe.interpretation
    for kept in version.files:
        content = (folder / late.folder / kept.path).read_bytes()
        assert hashlib.sha256(content).hexdigest() == kept.sha256
    golden = (folder / late.golden_outputs).read_bytes()
    assert hashlib.sha256(golden).hexdigest() == version.golden.outputs

    prediction, other, function, lookup = manifest.endpoints
    assert (prediction.output, other.output) == ("restructured", "direct")
    assert [each.name for each in prediction.test_queries] == ["one"]
    assert (folder / function.file).read_text() == (made / "price.py").read_text()
    (table,) = manifest.tables
    assert prediction.enrichments[0].table == lookup.lookups[0].table == table.name == "customers"
    rows = pq.read_table(folder / table.file).to_pandas()
    pd.testing.assert_frame_equal(rows, pd.read_csv(made / "customers.csv"), check_dtype=False)
    assert {env.id for env in manifest.envs} == {late.env, function.env}


def test_percentiles_are_those_of_the_reference_evaluation(yard, service, made):
    package = yard.packages.create(service=service, package="p1")
    scores = np.clip(pd.read_csv(made / "truth.csv")["fare"] / 100, 0, 1)
    expected = np.percentile(scores, range(1, 100))
    assert package.manifest.models[0].percentiles == pytest.approx(expected)


def test_it_never_changes(yard, service, made, tmp_path):
    yard.packages.create(service=service, package="p1")
    with pytest.raises(errors.Conflict, match="packages never change; take another id"):
        yard.packages.create(service=service, package="p1")
    file = tmp_path / "p1.zip"
    yard.packages.download(service=service, package="p1", output=str(file))
    with pytest.raises(errors.Conflict, match="--replace"):
        yard.packages.download(service=service, package="p1", output=str(file))
    check = yard.packages.verify(service=service, package="p1")
    with zipfile.ZipFile(file) as archive:
        assert check.files == len(archive.namelist()) - 1
    with pytest.raises(errors.Conflict, match="has 1 package; delete it"):
        yard.services.delete(name=service)


def test_it_outlives_what_it_was_made_of(tmp_path):
    with closing(modelyard.open(tmp_path / "yard")) as yard:
        source = str(write_model(tmp_path / "plain"))
        for name in ("gone", "stays"):
            yard.models.create(name=name, prediction_type="other")
            yard.versions.import_(model=name, version="v1", source=source, env="local")
        yard.services.create(name="api", endpoint={"gone": "gone"})
        (tmp_path / "plans.csv").write_text("id,plan\n1,pro\n")
        yard.datasets.create(name="plans", path=str(tmp_path / "plans.csv"))
        plans = {"dataset": "plans", "key": {"id": "id"}, "column": {"plan": "plan"}}
        yard.endpoints.lookup(service="api", endpoint="plan", **plans)
        package = yard.packages.create(service="api", package="p1")
        yard.models.delete(name="gone", force=True)
        yard.datasets.delete(name="plans", force=True)
        assert yard.packages.verify(service="api", package="p1").digest == package.digest
        with pytest.raises(errors.NotFound, match="endpoint 'gone': there is no saved model"):
            yard.packages.create(service="api", package="p2")
        with yard.open().read() as db:
            assert keepers(db)[package.digest] == "package p1 of api in project default"
        yard.services.create(name="empty")
        with pytest.raises(errors.Invalid, match="has no endpoint yet"):
            yard.packages.create(service="empty", package="p1")
        yard.services.delete(name="api", force=True)
        assert not yard.open().artifacts.has(package.digest)


KILLED = """
import os, signal, sys
from pathlib import Path
import modelyard
from modelyard.store.artifacts import LocalArtifacts

kept = LocalArtifacts.put

def put(self, file, *, move=False):
    print(kept(self, file, move=move), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

LocalArtifacts.put = put
modelyard.open(Path(sys.argv[1])).packages.create(service="killed", package="p1")
"""


def test_nothing_is_left_of_one_that_was_killed(yard, made):
    yard.services.create(name="killed", endpoint={"late": "late"})
    command = [sys.executable, "-c", KILLED, made / "yard"]
    died = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)
    assert died.returncode == -signal.SIGKILL
    assert yard.packages.list(service="killed") == []
    package = yard.packages.create(service="killed", package="p1")
    assert yard.packages.verify(service="killed", package="p1").digest == package.digest
    half = died.stdout.strip()
    assert half != package.digest
    assert not yard.open().artifacts.has(half)


def test_it_is_signed_if_a_key_is_set(made, tmp_path, monkeypatch):
    secret, public = tmp_path / "key.pem", tmp_path / "key.pub.pem"
    for more in (
        ["genpkey", "-algorithm", "ed25519", "-out", secret],
        ["pkey", "-in", secret, "-pubout", "-out", public],
    ):
        subprocess.run(["openssl", *more], check=True, capture_output=True)
    monkeypatch.setenv("MODELYARD_PACKAGES__SIGN_KEY", str(secret))
    with closing(modelyard.open(made / "yard", actor="tester")) as yard:
        yard.services.create(name="signed", endpoint={"late": "late"})
        package = yard.packages.create(service="signed", package="p1")
        assert package.signed_by == key_id(signing_key(secret).private.public_key())
        file = tmp_path / "p1.zip"
        yard.packages.download(service="signed", package="p1", output=str(file))
    unpack(file, tmp_path / "p1", trusted=trusted_keys([public], insist=True))


def test_in_what_two_packages_differ(yard, whole, made, tmp_path):
    yard.packages.create(service=whole, package="p1")
    asked = {"service": whole, "before": "p1", "after": "p2"}
    code = tmp_path / "price.py"
    code.write_text("def price():\n    return 1\n")
    yard.endpoints.update(service=whole, endpoint="price", file=str(code))
    yard.endpoints.update(service=whole, endpoint="late", pool={"floor": 2})
    yard.endpoints.delete(service=whole, endpoint="any")
    yard.queries.delete(service=whole, endpoint="late", names=("one",))
    yard.services.update(name=whole, access="keys")
    yard.packages.create(service=whole, package="p2")
    found = {(each.part, each.name): each for each in yard.packages.diff(**asked).changes}
    pool = found[("endpoint", "late")]
    assert (pool.before, pool.after) == ("floor 1", "floor 2")
    access = found[("service", "access")]
    assert (access.before, access.after) == ("public", "keys")
    gone = found[("endpoint", "any")]
    assert (gone.before, gone.after) == ("prediction", None)
    assert found[("version", "any")].before.startswith("anything:v1 (")
    assert found[("test query", "late/one")].after is None
    assert found[("endpoint", "price")].before.startswith("file code ")
    assert len(found) == 6
    same = yard.packages.diff(service=whole, before="p2", after="p2")
    assert same.changes == ()
    assert [each.package for each in yard.packages.list(service=whole)] == ["p2", "p1"]
    yard.packages.delete(service=whole, package="p1")
    with pytest.raises(errors.NotFound, match="named 'p1'; there are: p2"):
        yard.packages.show(service=whole, package="p1")
