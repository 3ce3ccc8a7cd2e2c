"""Two imports of the same files at once, of which one fails or both do."""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from tests.e2e.models import write_model

import modelyard
from modelyard import errors

PATIENCE = 90.0
WAIT = """\
import os, time
open({loading!r} + str(os.getpid()), 'w').close()
deadline = time.monotonic() + {patience}
while not os.path.exists({signal!r}):
    assert time.monotonic() < deadline
    time.sleep(0.02)
"""


@pytest.fixture
def signals(tmp_path):
    """Files that the model waits for."""
    folder = tmp_path / "signals"
    folder.mkdir()
    return folder


@pytest.fixture
def source(tmp_path, signals):
    """A model that waits for a signal to load and for one to predict, then reads its own file."""
    load, predict = (
        WAIT.format(
            loading=str(signals / f"{step}ing-"), signal=str(signals / step), patience=PATIENCE
        )
        for step in ("load", "predict")
    )
    read = (
        "code = os.path.dirname(os.path.abspath(__file__))\n"
        "open(os.path.join(code, '..', 'MLmodel')).close()\n"
        "return (frame['age'] > 30).astype(int).to_numpy()"
    )
    return write_model(tmp_path / "slow", load=load, predict=predict + read)


@pytest.fixture
def start(tmp_path, source, monkeypatch):
    """Starts an import in a thread of its own."""
    monkeypatch.setenv("MODELYARD_ENVS__DEFAULT", "local")
    folder = tmp_path / "yard"
    yard = modelyard.open(folder)
    yard.models.create(name="churn", prediction_type="binary_classification")
    with ThreadPoolExecutor(2) as threads:

        def start(version: str, **options: object) -> Future[object]:
            def work() -> object:
                return modelyard.open(folder).versions.import_(
                    model="churn", version=version, source=str(source), **options
                )

            return threads.submit(work)

        yield start


def until(true):
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


@pytest.fixture
def both(start, signals):
    """Starts an import that makes the folder and will fail, and one that uses it too."""

    def both(**options):
        ends = []
        for version, words in (("v1", {"features": ("age:shoe",)}), ("v2", options)):
            ends.append(start(version, classes=(0, 1), **words))
            until(lambda: len(list(signals.glob("loading-*"))) == len(ends))
        (signals / "load").touch()
        with pytest.raises(errors.Invalid, match="no type 'shoe'"):
            ends[0].result(PATIENCE)
        return ends[1]

    return both


def left(tmp_path):
    """Files where nothing is when nothing is kept."""
    places = ("cache", "artifacts", "staging")
    return [
        path
        for place in places
        for path in (tmp_path / "yard" / place).rglob("*")
        if path.is_file()
    ]


def test_the_other_one_keeps_its_folder(both, signals, tmp_path):
    other = both()
    (signals / "predict").touch()
    version = other.result(PATIENCE)
    assert version.golden.rows >= 1
    folders = list((tmp_path / "yard" / "cache" / "models").iterdir())
    assert [folder.name for folder in folders] == [version.digest]
    yard = modelyard.open(tmp_path / "yard")
    assert [line.version for line in yard.versions.list(model="churn")] == ["v2"]
    yard.versions.delete(model="churn", versions=("v2",), force=True)
    assert left(tmp_path) == []


def test_nothing_is_left_when_both_fail(both, signals, tmp_path):
    other = both()
    modelyard.open(tmp_path / "yard").models.delete(name="churn", force=True)
    (signals / "predict").touch()
    with pytest.raises(errors.Conflict, match="deleted meanwhile"):
        other.result(PATIENCE)
    assert left(tmp_path) == []
