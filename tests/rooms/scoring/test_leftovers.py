"""What is said of runs whose process died, without a run."""

from __future__ import annotations

import platform
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

import modelyard
from modelyard import errors
from modelyard.kernel.values import now
from modelyard.scoring import repository
from modelyard.scoring.checkpoint import RunFolder
from modelyard.scoring.types import ScoringRun

IDENTITY = "0123456789abcdef" * 4


def leave_run(folder: Path, **facts: object) -> Path:
    """Write what a process leaves that died in a run; its folder."""
    run = ScoringRun(
        id="r1",
        project="default",
        model="churn",
        version="v1",
        state="running",
        started=now(),
        input="a.csv",
        output="b.csv",
        mode="direct",
        host=platform.node(),
    )
    with closing(modelyard.open(folder)) as yard, yard.open().begin() as db:
        repository.add_run(db, run.model_copy(update=facts), IDENTITY)
    path = folder / "runs" / IDENTITY[:32]
    path.mkdir(parents=True)
    (path / "00000000.arrow").write_bytes(b"")
    return path


def test_a_run_whose_process_died_is_interrupted(tmp_path: Path) -> None:
    path = leave_run(tmp_path)
    yard = modelyard.open(tmp_path)
    assert yard.scoring.show(id="r1").state == "interrupted"
    assert path.exists()
    with RunFolder.held(path):
        assert yard.scoring.list()[0].state == "interrupted"


def test_a_run_that_somebody_holds_goes_on(tmp_path: Path) -> None:
    path = leave_run(tmp_path)
    with RunFolder.held(path):
        assert modelyard.open(tmp_path).scoring.show(id="r1").state == "running"


def test_a_run_of_another_machine_is_not_judged(tmp_path: Path) -> None:
    leave_run(tmp_path, host="elsewhere")
    assert modelyard.open(tmp_path).scoring.show(id="r1").state == "running"


def test_an_old_interrupted_run_is_given_up(tmp_path: Path) -> None:
    path = leave_run(tmp_path, started=now() - timedelta(days=8))
    found = modelyard.open(tmp_path).scoring.show(id="r1")
    assert found.state == "failed"
    assert "not taken up within 7 days" in (found.problem or "")
    assert not path.exists()


@pytest.mark.parametrize("room", ["scoring", "recipes"])
def test_an_unknown_project_is_named(tmp_path: Path, room: str) -> None:
    with pytest.raises(errors.NotFound, match="'nowhere'"):
        getattr(modelyard.open(tmp_path), room).list(project="nowhere")
