"""A probe tells what an import would keep, and keeps nothing; the import takes what was probed."""

from __future__ import annotations

import json
import os
import shutil
import time

import pytest
from tests.e2e.models import AGE_FARE, write_model

import modelyard
from modelyard import errors
from modelyard.kernel.identity import Identity
from modelyard.models import kept_trial, shelf
from modelyard.models.commands import ProbeVersion

PROBABILITY = "return (frame['fare'] / 100).clip(0, 1).to_numpy()"


@pytest.fixture
def yard(tmp_path, monkeypatch):
    monkeypatch.setenv("MODELYARD_ENVS__DEFAULT", "local")
    yard = modelyard.open(tmp_path / "yard", actor="tester")
    yard.models.create(name="churn", prediction_type="binary_classification")
    yield yard
    yard.close()


@pytest.fixture
def source(tmp_path):
    return write_model(tmp_path / "model", predict=PROBABILITY)


def places(yard):
    """What lies in the workspace's folders, but for logs and the database."""
    found = ("artifacts", "cache/models", "staging", "probed")
    return {name: list((yard.folder / name).glob("*")) for name in found}


def test_a_probe_and_an_import_of_it(yard, source):
    found = yard.versions.probe(model="churn", source=str(source))
    assert found.missing == ("classes",)
    assert found.probe.interpretation.rule == "positive_probability"
    assert found.probe.read.columns == ("prediction", "proba_0", "proba_1")
    before = [row[0] for row in found.probe.direct.rows]
    assert found.probe.direct.columns == ("prediction",)
    assert 0 < len(before) <= 5
    assert [row[2] for row in found.probe.read.rows] == before
    assert found.probe.load_seconds > 0
    assert found.probe.answer_seconds > 0
    assert found.golden_rows > 0
    assert found.difference is None
    assert yard.versions.list(model="churn") == []
    kept = places(yard)
    assert [len(kept[name]) for name in ("artifacts", "cache/models", "staging")] == [0, 0, 0]

    shutil.rmtree(source)  # it is not needed any more
    version = yard.versions.import_(
        model="churn", version="v1", source=str(source), digest=found.digest, classes=("no", "yes")
    )
    assert version.digest == found.digest
    assert version.lineage == found.lineage
    assert version.core.classes == ("no", "yes")
    assert version.probe.read.columns == ("prediction", "proba_no", "proba_yes")
    assert places(yard)["probed"] == []
    yard.versions.verify(model="churn")
    for threshold in (0, 1):
        changed = yard.versions.update(model="churn", version="v1", threshold=threshold)
        decided = ["no" if each < threshold else "yes" for each in before]
        assert [row[0] for row in changed.probe.read.rows] == decided
        assert [row[2] for row in changed.probe.read.rows] == before


def test_what_was_just_probed_is_not_loaded_again_to_be_imported(yard, tmp_path, monkeypatch):
    loads = tmp_path / "loads"
    load = f"with open({str(loads)!r}, 'a') as file: file.write('.')"
    source = str(write_model(tmp_path / "model", predict=PROBABILITY, load=load))
    request = ProbeVersion(model="churn", source=source, classes=("no", "yes"))
    found = yard.run(request)
    before = loads.read_text()

    beside = shelf.place_of(yard.open(), request, found.digest)
    asked = json.loads((beside / "trial.json").read_text())["asked"]
    kept = kept_trial.read(beside, asked, None)
    assert kept.probe == found.probe
    assert kept.inputs.num_rows == kept.outputs.num_rows == found.golden_rows
    assert kept_trial.read(beside, asked, found.core.threshold).probe == found.probe
    assert kept_trial.read(beside, asked, 0.3) is None
    assert kept_trial.read(beside, asked.swapcase(), None) is None
    assert kept_trial.read(tmp_path, asked, None) is None
    with monkeypatch.context() as later:
        later.setattr(kept_trial, "FRESH", 0)
        assert kept_trial.read(beside, asked, None) is None

    named = {"model": "churn", "source": source, "digest": found.digest}
    version = yard.versions.import_(version="v1", classes=("no", "yes"), threshold=0.5, **named)
    assert loads.read_text() == before
    assert (version.probe, version.core) == (found.probe, found.core)
    assert version.golden.rows == found.golden_rows
    assert yard.versions.verify(model="churn").passed
    yard.versions.import_(version="v2", classes=("yes", "no"), **named)
    assert len(loads.read_text()) > len(before) + 1


def test_what_is_wrong_at_the_import_does_not_cost_the_probe(yard, source):
    found = yard.versions.probe(model="churn", source=str(source))
    shutil.rmtree(source)
    named = {"model": "churn", "version": "v1", "source": str(source), "digest": found.digest}
    with pytest.raises(errors.Invalid, match="name them with --classes"):
        yard.versions.import_(**named)
    assert yard.versions.import_(**named, classes=(0, 1)).digest == found.digest


def test_a_model_that_changed_after_the_probe_is_not_imported(yard, source):
    found = yard.versions.probe(model="churn", source=str(source))
    shutil.rmtree(yard.folder / "probed")
    named = {"model": "churn", "version": "v1", "digest": found.digest, "classes": (0, 1)}
    (source / "MLmodel").write_text((source / "MLmodel").read_text() + "\n")
    with pytest.raises(errors.Conflict, match="is not what was probed"):
        yard.versions.import_(**named, source=str(source))
    assert yard.versions.list(model="churn") == []


def test_what_was_probed_is_for_who_probed_it(yard, source, tmp_path):
    """Else a digest would be a key to models that somebody may not read."""
    found = yard.versions.probe(model="churn", source=str(source))
    yard.users.create(name="eve", admin=True)
    remote = yard.acting(Identity("eve", "user"))
    named = {"model": "churn", "version": "v1", "digest": found.digest, "classes": (0, 1)}
    with pytest.raises(errors.Forbidden):
        remote.versions.import_(**named, source=str(source))
    yard.projects.create(key="other")
    yard.models.create(name="churn", prediction_type="binary_classification", project="other")
    shutil.rmtree(source)
    with pytest.raises(errors.NotFound):
        yard.versions.import_(**named, source=str(source), project="other")


def test_an_upload_is_known_again_in_another_folder(yard, source):
    uploads = yard.folder / "files" / "default" / "transit"
    for name in ("first", "second"):
        shutil.copytree(source, uploads / name / "late")
    first, second = (f"files://transit/{name}/late" for name in ("first", "second"))
    found = yard.versions.probe(model="churn", source=first)
    shutil.rmtree(uploads)
    named = {"model": "churn", "version": "v1", "digest": found.digest, "classes": (0, 1)}
    assert yard.versions.import_(**named, source=second).lineage == found.lineage


def test_abandoned_probes_and_half_done_ones_are_swept(yard, source, monkeypatch):
    yard.versions.probe(model="churn", source=str(source))
    (abandoned,) = places(yard)["probed"]
    half_done = yard.folder / "probed" / f"0123{shelf.GONE}"
    half_done.mkdir()
    shelf.sweep(yard.open())
    assert set(places(yard)["probed"]) == {abandoned, half_done}
    long_ago = time.time() - 25 * 3600
    for folder in (abandoned, half_done):
        os.utime(folder, (long_ago, long_ago))
    shelf.sweep(yard.open())
    assert places(yard)["probed"] == []


def test_a_probe_that_fails_leaves_nothing(yard, tmp_path):
    source = write_model(tmp_path / "broken", load="raise ValueError('no weights')")
    with pytest.raises(errors.Failed, match="no weights"):
        yard.versions.probe(model="churn", source=str(source))
    assert not any(places(yard).values())


def test_what_callers_of_the_active_version_would_notice(yard, source, tmp_path):
    yard.versions.import_(
        model="churn", version="v1", source=str(source), classes=("no", "yes"), threshold=0.3
    )
    same = yard.versions.probe(model="churn", source=str(source))
    assert (same.difference.inputs, same.difference.breaks) == ((), False)
    assert (same.difference.version, same.difference.threshold) == ("v1", 0.3)
    other = write_model(
        tmp_path / "other",
        predict=PROBABILITY,
        inputs=[
            {"name": "age", "type": "string"},
            {"name": "fare", "type": "double"},
            {"name": "zip", "type": "string"},
            {"name": "note", "type": "string", "required": False},
        ],
    )
    found = yard.versions.probe(model="churn", source=str(other), classes=("yes", "no"))
    assert {(c.name, c.before, c.after, c.breaks) for c in found.difference.inputs} == {
        ("age", "double", "string", True),
        ("zip", None, "string", True),
        ("note", None, "string, may be missing", False),
    }
    assert not found.difference.same_classes
    assert found.difference.breaks
    assert found.warnings == (
        "what v1 takes is refused, because of age, zip",
        "the classes are not those of v1, in that order",
    )


def test_less_is_taken_and_wider_types_without_a_break(yard, source, tmp_path):
    narrow = [{"name": "age", "type": "integer"}, *AGE_FARE[1:], {"name": "x", "type": "string"}]
    before = write_model(tmp_path / "before", predict=PROBABILITY, inputs=narrow)
    yard.versions.import_(model="churn", version="v1", source=str(before), classes=(0, 1))
    found = yard.versions.probe(model="churn", source=str(source), classes=(0, 1))
    assert [(c.name, c.breaks) for c in found.difference.inputs] == [("age", False), ("x", False)]
    assert not found.difference.breaks
