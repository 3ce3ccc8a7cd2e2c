"""A version that is deleted or replaced while a scoring runs with it."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psutil
import pyarrow.parquet as pq
import pytest

import modelyard
from modelyard import errors
from modelyard.runtime import guard
from modelyard.scoring.types import ScoringRun

pytestmark = pytest.mark.usefixtures("started_processes")

ROWS = 600


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """Where to write, in an empty folder."""
    folder = tmp_path / "out"
    folder.mkdir()
    return folder / "scored.parquet"


@pytest.fixture
def scoring(workspace: Path, numbers: Callable[..., Path], target: Path) -> Callable[..., object]:
    """Scores in a thread, which stands still after its first chunk until it may go on."""

    @contextmanager
    def scoring() -> Iterator[tuple[Future[ScoringRun], threading.Event]]:
        going, go_on = threading.Event(), threading.Event()

        def progress(message: str, /, *, rows: int | None = None, **_: object) -> None:
            if rows:
                going.set()
                go_on.wait(180)

        yard = modelyard.open(workspace, progress=progress)
        with ThreadPoolExecutor(1) as threads:
            future = threads.submit(
                yard.scoring.run,
                model="careful",
                input=str(numbers(ROWS)),
                output=str(target),
                batch_rows=20,
                workers=1,
            )
            assert going.wait(180)
            yield future, go_on

    return scoring


def kill_workers() -> None:
    """Kill the processes that have the model loaded, so that it has to be loaded again."""
    for process in psutil.Process().children(recursive=True):
        if guard.__file__ in process.parent().cmdline():
            process.kill()


def replace(yard: modelyard.Workspace, models: Path, tmp_path: Path) -> None:
    """Import other files under the same version id."""
    other = Path(shutil.copytree(models / "careful", tmp_path / "other"))
    (other / "note.txt").write_text("another one")
    yard.versions.import_(model="careful", version="v1", source=str(other), env="local")


def cached(workspace: Path) -> set[str]:
    """The loadable folders, and what else is beside them."""
    return {path.name for path in (workspace / "cache" / "models").iterdir()}


@pytest.mark.parametrize("how", ["deleted", "replaced"])
def test_a_run_ends_with_the_version_it_began_with(
    yard, workspace, models, tmp_path, scoring, target, how
) -> None:
    digest = yard.versions.show(model="careful").digest
    with scoring() as (future, go_on):
        if how == "deleted":
            yard.versions.delete(model="careful", versions=("v1",), force=True)
        else:
            replace(yard, models, tmp_path)
        assert digest in cached(workspace)
        kill_workers()
        go_on.set()
        done = future.result(timeout=120)
    assert (done.state, done.rows) == ("finished", ROWS)
    assert f"version 'v1' of 'careful' was {how} while it scored" in "; ".join(done.warnings)
    assert pq.read_table(target).column(-1).to_pylist() == [2.0 * row for row in range(ROWS)]
    assert digest not in "".join(cached(workspace)), "the last user takes it away"


def test_a_run_that_cannot_go_on_says_what_became_of_its_version(
    yard, workspace, scoring, target
) -> None:
    digest = yard.versions.show(model="careful").digest
    with scoring() as (future, go_on):
        yard.versions.delete(model="careful", versions=("v1",), force=True)
        shutil.rmtree(workspace / "cache" / "models" / digest)
        kill_workers()
        go_on.set()
        with pytest.raises(errors.Conflict) as caught:
            future.result(timeout=120)
    assert str(caught.value) == (
        "version 'v1' of 'careful' was deleted while it was in use; name or activate another "
        "version, and run this again"
    )
    assert "files of careful v1 are gone" in caught.value.context["failure"]
    run = yard.scoring.list()[0]
    assert run.state == "failed"
    assert yard.scoring.show(id=run.id).problem == str(caught.value)
    assert list(target.parent.iterdir()) == []
    assert not list((workspace / "runs").iterdir())
    assert digest not in "".join(cached(workspace))
    with pytest.raises(errors.NotFound, match="no active version"):
        yard.scoring.run(model="careful", input="numbers.parquet", output=str(target))


def test_files_that_are_gone_while_the_version_is_there(yard, workspace, scoring, target) -> None:
    digest = yard.versions.show(model="careful").digest
    with scoring() as (future, go_on):
        shutil.rmtree(workspace / "cache" / "models" / digest)
        kill_workers()
        go_on.set()
        with pytest.raises(errors.Failed, match=r"gone from .*; run it again"):
            future.result(timeout=120)
    assert list(target.parent.iterdir()) == []
