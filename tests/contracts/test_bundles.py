"""Bundles of a project in which every table has rows, from SQLite and from PostgreSQL."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import zipfile
from contextlib import closing, contextmanager

import pytest
from tests.e2e.models import write_model
from tests.postgres import new_database

import modelyard
from modelyard import errors
from modelyard.data.repository import save_connection
from modelyard.data.types import Connection
from modelyard.deployments.bundling.content import BUNDLED, NEVER
from modelyard.kernel.settings import SETTINGS_FILE
from modelyard.store.keeping import keepers
from modelyard.store.tables import metadata

HERE = {"project": "lab"}
SECRETS = ("hunter2", "correct-horse", "whsec_", "mdy_", "s3cr3t-token")
EVERYTHING = {"models": ("all",), "stores": ("all",), "data": ("rows",), "files": ("more",)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A workspace whose project `lab` has something in every table that bundles hold."""
    folder = tmp_path_factory.mktemp("bundles")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MODELYARD_ENVS__DEFAULT", "local")
        patch.setenv("MODELYARD_ALERTS__WEBHOOKS", '["127.0.0.1"]')
        patch.chdir(folder)
        with closing(modelyard.open(folder / "yard", actor="tester")) as yard:
            fill(yard, folder)
    return folder


def fill(yard, folder):
    source = str(write_model(folder / "plain"))
    (folder / "rows.csv").write_text("age,fare\n40,1\n20,1\n")
    (folder / "truth.csv").write_text("age,fare,late\n40,1,1\n20,1,0\n")
    yard.projects.create(key="lab", description="of planes")
    yard.projects.update(key="lab", variables={"limit": 3})
    yard.models.create(name="churn", prediction_type="binary_classification", **HERE)
    for version in ("v1", "v2"):
        asked = {"model": "churn", "version": version, "source": source, "classes": (0, 1)}
        yard.versions.import_(**asked, activate=version == "v1", **HERE)
    yard.connections.create(name="here", path=str(folder), **HERE)
    yard.datasets.create(name="rows", path="rows.csv", connection="here", **HERE)
    yard.files.put(file=str(folder / "rows.csv"), path="more/notes.csv", **HERE)
    paths = {"input": "connection://here/rows.csv", "output": str(folder / "out.csv")}
    yard.recipes.create(name="daily", model="churn", **paths, **HERE)
    yard.stores.create(name="monthly", **HERE)
    asked = {"kind": "range", "metric": "accuracy", "min": 0.6}
    yard.checks.create(store="monthly", name="good", **asked, **HERE)
    truth = {"model": "churn", "dataset": str(folder / "truth.csv"), "target": "late"}
    first = yard.evaluations.run(**truth, version="v1", drift="skip", **HERE)
    yard.evaluations.run(**truth, store="monthly", label={"month": "1"}, **HERE)
    yard.checks.run(store="monthly", fail_on="never", **HERE)
    yard.comparisons.create(name="two", items=("churn:v1", first.id), **HERE)
    add_others(yard)


def add_others(yard):
    """A scenario, a service, and what is in no bundle."""
    step = {"command": "recipes.run", "arguments": {"name": "daily", **HERE}}
    yard.scenarios.create(name="nightly", steps=[step], cron="0 4 * * *", **HERE)
    yard.services.create(name="late-api", endpoint={"late": "churn"}, **HERE)
    hook = "http://127.0.0.1:9/s3cr3t-token"
    yard.alerts.create(name="team", webhook=hook, **HERE)
    yard.users.create(name="ada", password="correct-horse-battery")
    yard.members.add(name="ada", role="contributor", **HERE)
    yard.keys.create(name="ci", user="ada")
    url = "postgresql://ada:hunter2@db.internal/flights"  # which nobody has to reach here
    with yard.open().begin() as db:
        save_connection(db, Connection(name="base", kind="sql", location=url, **HERE))


@contextmanager
def opened(folder, database="sqlite", server=None):
    """The workspace in its SQLite, or a copy of it in PostgreSQL."""
    if database == "sqlite":
        with closing(modelyard.open(folder / "yard", actor="tester")) as yard:
            yield yard
        return
    with closing(modelyard.open(folder / "yard")) as original:
        original.backups.create(to=str(folder / "backup.zip"), replace=True)
    with new_database(server) as url:
        modelyard.restore(folder / "backup.zip", folder / "copy", database=url)
        with closing(modelyard.open(folder / "copy", actor="somebody else")) as yard:
            yield yard


@pytest.fixture
def yard(folder):
    with opened(folder) as yard:
        yield yard
        for bundle in yard.bundles.list(**HERE):
            yard.bundles.delete(bundle=bundle.bundle, **HERE)


def parts_of(file):
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_same_state_makes_the_same_bytes_from_any_database(folder, yard, postgres_server):
    made = yard.bundles.create(bundle="b1", **EVERYTHING, **HERE)
    yard.bundles.delete(bundle="b1", **HERE)
    again = yard.bundles.create(bundle="b1", **EVERYTHING, **HERE)
    assert again.digest == made.digest
    with opened(folder, "postgresql", postgres_server) as copy:
        checked = copy.bundles.verify(file="b1", **HERE)  # which came along in the backup
        copy.bundles.delete(bundle="b1", **HERE)
        elsewhere = copy.bundles.create(bundle="b1", **EVERYTHING, **HERE)
    assert elsewhere.digest == made.digest == checked.digest
    assert elsewhere.created_by != made.created_by


def test_all_of_a_project_is_in_it_and_nothing_secret(yard, tmp_path):
    file = tmp_path / "b1.zip"
    made = yard.bundles.create(bundle="b1", notes="first", output=str(file), **EVERYTHING, **HERE)
    parts = parts_of(file)
    empty = {name for name in BUNDLED if not parts[f"rows/{name}.jsonl"]}
    assert not empty, f"this test has to fill every table that bundles hold: {empty}"
    told = json.loads(parts["manifest.json"])
    assert (told["bundle"], told["notes"], told["project"]) == ("b1", "first", "lab")
    assert [each["version"] for each in told["models"][0]["versions"]] == ["v1", "v2"]
    assert told["models"][0]["versions"][0]["metrics"]["accuracy"] == 1.0
    assert told["connections"] == [
        {"name": "here", "kind": "folder", "used_by": ["dataset rows", "recipe daily"]}
    ]
    assert (
        parts["data/rows/rows.csv"] == parts["files/more/notes.csv"] == (b"age,fare\n40,1\n20,1\n")
    )
    assert told["datasets"][0]["files"] == {"data/rows/rows.csv": "rows.csv"}
    whole = b"".join(parts.values())
    assert [secret for secret in SECRETS if secret.encode() in whole] == []
    assert b'"project":"lab"' not in b"".join(parts[f"rows/{name}.jsonl"] for name in BUNDLED)
    assert b'"tester"' not in whole, "who made something stays behind"
    shown = yard.bundles.show(bundle="b1", **HERE)
    assert shown.summary() == made == yard.bundles.list(**HERE)[0]
    assert (made.versions, made.datasets, made.with_data) == (2, 1, ("rows",))
    assert yard.bundles.verify(file=str(file), **HERE).rows == sum(
        parts[f"rows/{name}.jsonl"].count(b"\n") for name in BUNDLED
    )


def test_what_is_in_no_bundle_is_in_the_project(yard):
    """Else the test above would find nothing secret in any case."""
    with yard.open().read() as db:
        for name in ("connections", "alerts", "members"):
            assert name in NEVER
            assert db.execute(metadata.tables[name].select()).first()


@pytest.mark.parametrize(
    ("models", "versions", "active"),
    [
        (("none",), [], None),
        (("active",), ["v1"], "v1"),
        (("churn",), ["v1", "v2"], "v1"),
        (("churn:v2",), ["v2"], None),
    ],
)
def test_versions_are_chosen(yard, tmp_path, models, versions, active):
    file = tmp_path / "b.zip"
    yard.bundles.create(bundle="b", models=models, output=str(file), **HERE)
    (model,) = yard.bundles.show(bundle="b", **HERE).manifest.models
    assert ([each.version for each in model.versions], model.active) == (versions, active)
    row = json.loads(parts_of(file)["rows/models.jsonl"])
    assert row.get("active_version") == active
    assert ("active_version" in row) == (active is not None), "else it would take one away"


def test_what_cannot_be_chosen_is_told(yard, tmp_path):
    def refused(kind, match, **asked):
        with pytest.raises(kind, match=match):
            yard.bundles.create(bundle="b", **asked, **HERE)

    refused(
        errors.NotFound, "version of 'churn' named 'v7'; there are: v1, v2", models=("churn:v7",)
    )
    refused(errors.NotFound, "saved model named 'chum'; there are: churn", models=("chum",))
    refused(errors.Invalid, "--models all stands alone", models=("all", "churn"))
    refused(errors.NotFound, "evaluation store named 'weekly'", stores=("weekly",))
    refused(errors.NotFound, "dataset named 'nix'", data=("nix",))
    refused(errors.NotFound, "no file or folder 'nix'", files=("nix",))
    taken = str(tmp_path / "taken.zip")
    (tmp_path / "taken.zip").touch()
    refused(errors.Conflict, "taken.zip already; use --replace", output=taken)
    refused(errors.Failed, "cannot be written", output=f"{taken}/b.zip")
    refused(errors.Forbidden, "leads out of the project's files", files=("../lab",))
    assert yard.bundles.list(**HERE) == []


def test_a_diff_tells_what_changed_field_by_field(yard):
    yard.bundles.create(bundle="b1", models=("all",), **HERE)
    yard.bundles.create(bundle="b1-again", models=("all",), notes="other words", **HERE)
    assert yard.bundles.diff(before="b1", after="b1-again", **HERE).changes == ()
    yard.models.update(name="churn", description="who goes", **HERE)
    yard.checks.update(store="monthly", name="good", min=0.7, **HERE)
    yard.services.create(name="more-api", **HERE)
    yard.versions.activate(model="churn", version="v2", **HERE)
    try:
        yard.bundles.create(bundle="b2", models=("all",), data=("rows",), **HERE)
        changes = yard.bundles.diff(before="b1", after="b2", **HERE).changes
    finally:
        yard.versions.activate(model="churn", version="v1", **HERE)
        yard.services.delete(name="more-api", **HERE)
    told = {(each.kind, each.name, each.change, each.field): each for each in changes}
    model = ("saved model", "churn", "changed")
    assert told[(*model, "description")].after == "who goes"
    assert told[(*model, "active_version")].before == "v1"
    minimum = told["check", "monthly/good", "changed", "min"]
    assert (minimum.before, minimum.after) == (0.6, 0.7)
    assert ("service", "more-api", "added", "") in told
    assert told["data", "rows", "added", ""].after.startswith("19 bytes")
    back = yard.bundles.diff(before="b2", after="b1", **HERE).changes
    assert ("service", "more-api", "removed") in {(e.kind, e.name, e.change) for e in back}


def test_bundles_outlive_what_they_were_made_of_and_go_with_their_bytes(yard, folder):
    made = yard.bundles.create(bundle="b1", models=("none",), **HERE)
    with pytest.raises(errors.Conflict, match="there is a bundle 'b1' in project 'lab' already"):
        yard.bundles.create(bundle="b1", **HERE)
    context = yard.open()
    with context.read() as db:
        assert keepers(db)[made.digest] == "bundle b1 of project lab"
    yard.bundles.delete(bundle="b1", **HERE)
    assert not context.artifacts.has(made.digest)
    with pytest.raises(errors.NotFound, match="bundle in project 'lab' named 'b1'"):
        yard.bundles.show(bundle="b1", **HERE)


KILLED = """
import os, signal, sys
import modelyard
from modelyard.store.artifacts import LocalArtifacts

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

if sys.argv[2] == "packing":
    from modelyard.deployments.bundling.creating import Builder
    Builder._tell = die
else:
    put = LocalArtifacts.put
    LocalArtifacts.put = lambda self, file, *, move=False: (put(self, file, move=move), die())
modelyard.open(sys.argv[1]).bundles.create(bundle="b1", models=("all",), project="lab")
"""


@pytest.mark.parametrize("moment", ["packing", "keeping"])
def test_a_kill_leaves_nothing_half(folder, moment):
    artifacts = folder / "yard" / "artifacts"
    before = {path.name for path in artifacts.rglob("*") if path.is_file()}
    command = [sys.executable, "-c", KILLED, str(folder / "yard"), moment]
    died = subprocess.run(command, check=False, env=os.environ)
    assert died.returncode == -signal.SIGKILL
    with opened(folder) as yard:
        assert yard.bundles.list(**HERE) == []
        yard.bundles.create(bundle="b1", models=("all",), **HERE)
        assert yard.bundles.verify(file="b1", **HERE).files
        yard.bundles.delete(bundle="b1", **HERE)
    assert {path.name for path in artifacts.rglob("*") if path.is_file()} == before
    assert list((folder / "yard" / "staging").iterdir()) == []


def test_signed_bundles_are_told_from_others(folder, tmp_path):
    for name in ("ours", "other"):
        for more in (
            ["genpkey", "-algorithm", "ed25519", "-out", f"{name}.pem"],
            ["pkey", "-in", f"{name}.pem", "-pubout", "-out", f"{name}.pub.pem"],
        ):
            subprocess.run(["openssl", *more], check=True, capture_output=True, cwd=tmp_path)
    file, plain = tmp_path / "signed.zip", tmp_path / "plain.zip"
    settings = folder / "yard" / SETTINGS_FILE
    with opened(folder) as yard:
        yard.bundles.create(bundle="p", models=("none",), output=str(plain), **HERE)
        yard.bundles.delete(bundle="p", **HERE)
    try:
        settings.write_text(f'[packages]\nsign_key = "{tmp_path / "ours.pem"}"\n')
        with opened(folder) as yard:
            made = yard.bundles.create(bundle="s", models=("none",), output=str(file), **HERE)
            yard.bundles.delete(bundle="s", **HERE)
            told = yard.bundles.verify(file=str(file), **HERE)
        assert (told.signed_by, told.trusted) == (made.signed_by, False)
        assert made.signed_by is not None
        trust = '[bundles]\nsigned_only = true\ntrusted_keys = ["{}"]\n'
        settings.write_text(trust.format(tmp_path / "ours.pub.pem"))
        with opened(folder) as yard:
            assert yard.bundles.verify(file=str(file), **HERE).trusted
            with pytest.raises(errors.Blocked, match="it is not signed"):
                yard.bundles.verify(file=str(plain), **HERE)
        settings.write_text(trust.format(tmp_path / "other.pub.pem"))
        with opened(folder) as yard, pytest.raises(errors.Blocked, match="is not trusted here"):
            yard.bundles.verify(file=str(file), **HERE)
    finally:
        settings.unlink()
