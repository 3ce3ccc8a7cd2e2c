"""Custom metrics: what their functions get, what comes of them, who may bring them."""

from __future__ import annotations

import dataclasses
from contextlib import closing

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn import metrics as sk

import modelyard
from modelyard import errors
from modelyard.evaluations.commands import RunEvaluation
from modelyard.evaluations.custom import read_code
from modelyard.kernel.identity import Identity
from modelyard.runtime.worker.tasks import metrics

CODE = """
import numpy as np

def profit(truth, predicted, frame):
    '''What a row earns.

    Fares of those who were late, 30 lost for each false alarm.'''
    frame["fare"] *= 2
    earned = np.where(truth == "yes", frame["fare"] / 2, -30)
    return np.where(predicted == "yes", earned, 0).mean()

def surprise(truth, probabilities, weights, smallest=2**-52):
    likely = np.where(truth == "yes", probabilities["yes"], probabilities["no"])
    return np.average(-np.log(likely.clip(smallest, 1)), weights=weights)

surprise.greater_is_better = False

def fares(frame):
    return frame["fare"].sum() + _none()

def _none():
    return 0

def broken(truth):
    return 1 / 0

def leaves(*, predicted):
    raise SystemExit("bye")

def endless(weights):
    return float("inf")

def wordy(weights):
    return "many"
"""


@pytest.fixture(scope="module")
def code(tmp_path_factory):
    """Writes a file of metrics and gives its path."""

    def write(text: str) -> str:
        file = tmp_path_factory.mktemp("code") / "own.py"
        file.write_text(text)
        return str(file)

    return write


def test_functions_are_given_the_rows_that_are_used(yard, rows, written, code):
    file = written(rows.assign(truth=rows.truth.where(rows.id > 9)))
    found = yard.evaluations.run(
        model="late",
        dataset=file,
        weights="weight",
        threshold=0.3,
        method="first",
        rows=1000,
        custom_metrics=code(CODE),
        plugged_metrics=("gone",),
    )
    used = rows[(rows.id > 9) & (rows.id < 1000) & (rows.weight > 0)]
    values = {name: each.value for name, each in found.metrics.items()}
    flagged, late = used.fare >= 30, used.truth == "yes"
    earned = np.where(flagged, np.where(late, used.fare, -30), 0)
    assert found.intake.used == len(used)
    assert values["profit"] == pytest.approx(earned.mean())
    assert values["fares"] == used.fare.sum(), "nobody sees what another one changed"
    assert values["surprise"] == pytest.approx(
        sk.log_loss(late, used.fare / 100, sample_weight=used.weight)
    )
    assert values["surprise"] == pytest.approx(values["logLoss"])
    reasons = {name: found.metrics[name].reason for name in values if values[name] is None}
    assert reasons == {
        "broken": "raised ZeroDivisionError: division by zero",
        "leaves": "raised SystemExit: bye",
        "endless": "gave inf",
        "wordy": "raised ValueError: could not convert string to float: 'many'",
        "gone": "no package of the code env brings it; metrics that are there: none",
    }
    profit = found.metrics["profit"]
    assert profit.method == "bootstrap"
    half = 1.96 * earned.std() / np.sqrt(len(earned))
    assert (profit.high - profit.low) / 2 == pytest.approx(half, rel=0.25)
    assert profit.low < profit.value < profit.high
    kept = yard.evaluations.screen(id=found.id, screen="custom-metrics").content
    assert kept == {"file": "own.py", "text": CODE}
    table = yard.evaluations.table(id=found.id, screen="custom-metrics")
    assert [line for _, line in table.rows] == CODE.splitlines()
    told = {each.name: each for each in found.custom_metrics}
    assert list(told) == ["profit", "surprise", "fares", *reasons]
    assert told["profit"].description == "What a row earns."
    assert (told["profit"].greater_is_better, told["surprise"].greater_is_better) == (True, False)
    assert [name for name in told if told[name].needs_probability] == ["surprise"]
    said = [each.evidence for each in found.diagnostics if each.code == "E502"]
    assert said == [f"{name}: {reason}" for name, reason in reasons.items()]


def test_what_something_else_predicted_has_the_same_custom_metrics(yard, rows, written, code):
    scored = rows.assign(guess=np.where(rows.fare >= 50, "yes", "no"), other=1.5)
    asked = {
        "dataset": written(scored),
        "prediction_type": "binary_classification",
        "prediction": "guess",
    }
    own = {"custom_metrics": code(CODE), "env": "local"}
    found = yard.evaluations.standalone(**asked, **own, target="truth")
    late = rows.truth == "yes"
    earned = np.where(scored.guess == "yes", np.where(late, rows.fare, -30), 0)
    assert found.metrics["profit"].value == pytest.approx(earned.mean())
    assert found.metrics["surprise"].reason == "the model gives labels without probabilities"
    assert found.metrics["broken"].reason == "raised ZeroDivisionError: division by zero"
    kept = yard.evaluations.screen(id=found.id, screen="custom-metrics").content
    assert kept == {"file": "own.py", "text": CODE}
    refused = [
        (own, errors.Invalid, "by --target"),
        (own | {"env": "gone", "target": "truth"}, errors.NotFound, "gone"),
        ({"env": "local", "target": "truth"}, errors.Invalid, "there are none"),
        (own | {"prediction_type": "other"}, errors.Invalid, "may answer anything"),
    ]
    for given, kind, said in refused:
        with pytest.raises(kind, match=said):
            yard.evaluations.standalone(**{**asked, **given})


def test_a_file_that_fails_is_told_and_the_evaluation_goes_on(yard, rows, written, code):
    text = "def one(predicted):\n    return 1\n\nraise OSError('no such thing')"
    found = yard.evaluations.run(
        model="labels", dataset=written(rows), method="first", rows=300, custom_metrics=code(text)
    )
    assert "no such thing" in found.metrics["one"].reason
    assert found.metrics["accuracy"].value is not None


def test_metrics_that_packages_bring(tmp_path, monkeypatch):
    for package in ("ours", "theirs"):
        info = tmp_path / f"{package}-1.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1\n")
        points = [f"{name} = {package}_metrics:{name}" for name in ("share", "odd", package)]
        (info / "entry_points.txt").write_text("\n".join(["[modelyard.metrics]", *points]))
    text = "def ours(predicted, probabilities):\n    'Share.'\n    return (predicted == 'b').mean()"
    (tmp_path / "ours_metrics.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    codes = {"row": [0, 2], "truth": [0, 1], "predicted": [1, 1], "weights": [1.0, 1.0]}
    table = pa.table(codes)
    with pa.OSFile(str(tmp_path / "rows"), "wb") as sink, pa.ipc.new_file(sink, table.schema) as w:
        w.write_table(table)
    pq.write_table(pa.table({"proba_a": [0.1] * 3, "proba_b": [0.9] * 3}), tmp_path / "sample")
    asked = {"code": "", "file": "", "functions": [], "plugs": ["ours", "theirs", "odd", "none"]}
    asked |= {"rows": str(tmp_path / "rows"), "sample": str(tmp_path / "sample")}
    asked |= {"classes": ["a", "b"], "probabilities": ["proba_a", "proba_b"], "confidence": 0.9}
    told = metrics.run(asked, lambda *_, **__: None)["metrics"]
    assert told["ours"] == {
        "value": 1.0,
        "low": 1.0,
        "high": 1.0,
        "reason": None,
        "description": "Share.",
        "needs_probability": True,
        "greater_is_better": True,
    }
    assert "No module named 'theirs_metrics'" in told["theirs"]["reason"]
    assert "several packages" in told["odd"]["reason"]
    assert told["none"]["reason"].endswith("there: odd, ours, share, theirs")
    labels = metrics.run({**asked, "probabilities": []}, lambda *_, **__: None)["metrics"]
    assert "labels without probabilities" in labels["ours"]["reason"]


def test_metrics_without_an_interval_say_why(tmp_path, monkeypatch):
    truth = np.arange(30) == 7
    table = pa.table({"row": range(30), "truth": truth.astype(int), "weights": np.ones(30)})
    with pa.OSFile(str(tmp_path / "rows"), "wb") as sink, pa.ipc.new_file(sink, table.schema) as w:
        w.write_table(table)
    code = """
def rare(truth):
    return 1 / (truth == 'b').sum()

def slow(weights):
    return weights.sum()
"""
    asked = {"code": code, "file": "own.py", "functions": ["rare", "slow"], "plugs": []}
    asked |= {"rows": str(tmp_path / "rows"), "sample": "", "confidence": 0.95}
    asked |= {"classes": ["a", "b"], "probabilities": []}
    told = metrics.run(asked, lambda *_, **__: None)["metrics"]
    assert (told["rare"]["value"], told["rare"]["low"]) == (1.0, None)
    assert told["rare"]["reason"] == "on some samples of the rows it has no value"
    assert (told["slow"]["low"], told["slow"]["high"], told["slow"]["reason"]) == (30, 30, None)
    monkeypatch.setattr(metrics, "LONGEST", 1e-9)
    told = metrics.run(asked, lambda *_, **__: None)["metrics"]
    assert (told["slow"]["value"], told["slow"]["low"]) == (30, None)
    assert "too long" in told["slow"]["reason"]


def test_custom_metrics_that_are_called_alike(yard, rows, written, code):
    asked = {"model": "late", "dataset": written(rows), "plugged_metrics": ("f",)}
    with pytest.raises(errors.Invalid, match="there is a metric 'f' already"):
        yard.evaluations.run(**asked, custom_metrics=code("def f(truth):\n    return 1"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def f(truth:\n    return 1", "no Python that can be read"),
        ("x = 1", "has 0 functions"),
        ("def _f(truth):\n    return 1", "has 0 functions"),
        ("def f(truths):\n    return 1", "'f' of .* takes 'truths'.*may take truth, predicted"),
        ("def f(truth, *, cost):\n    return 1", "takes 'cost'"),
        ("def f(truth, /):\n    return 1", "takes 'truth'"),
        ("def auc(truth):\n    return 1", "there is a metric 'auc' already"),
        ("#" * (1 << 20) + "\n", "larger than 1 MiB"),
    ],
)
def test_files_that_hold_no_metrics(yard, rows, written, code, text, said):
    with pytest.raises(errors.Invalid, match=said):
        yard.evaluations.run(model="late", dataset=written(rows), custom_metrics=code(text))


def test_files_that_are_none(yard, rows, written, tmp_path):
    with pytest.raises(errors.NotFound, match=r"no\.py"):
        yard.evaluations.run(model="late", dataset=written(rows), custom_metrics="no.py")
    with pytest.raises(errors.Invalid, match="cannot be read"):
        yard.evaluations.run(model="late", dataset=written(rows), custom_metrics=str(tmp_path))
    (tmp_path / "own.py").write_bytes(b"\xff\xfe")
    file = str(tmp_path / "own.py")
    with pytest.raises(errors.Invalid, match="UTF-8"):
        yard.evaluations.run(model="late", dataset=written(rows), custom_metrics=file)
    with pytest.raises(errors.Invalid, match="may answer anything"):
        yard.evaluations.run(model="anything", dataset=written(rows), custom_metrics=file)


def test_only_who_may_import_models_may_bring_code(yard, code, tmp_path):
    file = code("def f(truth):\n    return 1")

    def read(context, file):
        command = RunEvaluation(project="default", model="late", dataset="x", custom_metrics=file)
        return read_code(context, command, "binary_classification", "late")

    with closing(modelyard.open(tmp_path / "other")) as other:
        other.users.create(name="kim")
        other.members.add(project="default", name="kim", role="contributor")
        keys = {
            rights: other.keys.create(name="k", user="kim", rights=rights).id
            for rights in (("evaluations:write",), ("evaluations:write", "models:write"))
        }
        (other.folder / "files" / "default").mkdir(parents=True)
        (other.folder / "files" / "default" / "own.py").write_text("def f(truth):\n    return 1")
        for rights, key in keys.items():
            context = other.acting(Identity("kim", "key", "", key)).open()
            if "models:write" in rights:
                found = read(context, "own.py")
                assert [each.name for each in found.every] == ["f"]
                with pytest.raises(errors.Forbidden, match="path of the server's machine"):
                    read(context, file)
            else:
                with pytest.raises(errors.Forbidden, match="models:write"):
                    read(context, "own.py")
    context = yard.open()
    trust = context.settings.trust.model_copy(update={"allowed": ("data_only",)})
    strict = context.settings.model_copy(update={"trust": trust})
    with pytest.raises(errors.Blocked, match="lets in data_only alone"):
        read(dataclasses.replace(context, settings=strict), file)
