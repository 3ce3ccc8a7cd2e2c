"""Evaluations that are killed, and workers that run out of memory."""

from __future__ import annotations

import time
from contextlib import closing

import numpy as np
import pandas as pd
import psutil
import pytest
from sqlalchemy import func, select
from tests.e2e.models import write_model
from tests.forks import Fork

import modelyard
from modelyard import errors
from modelyard.store.tables import run_chunks

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("started_processes")]

SLOW = "import time; time.sleep(1)\nreturn (frame['fare'] > 50).map({True: 'yes', False: 'no'})"
OF_MEMORY = {
    "asks for too much": "bytearray(1 << 46)",
    "is killed": "import os; os.kill(os.getpid(), 9)",
}
ROWS = 400_000
PATIENCE = 180


@pytest.fixture
def import_model(yard, tmp_path):
    """Imports a model that answers yes and no."""

    def run(name, predict):
        yard.models.create(name=name, prediction_type="binary_classification")
        source = str(write_model(tmp_path / name, predict=predict))
        asked = {"classes": ("no", "yes"), "target": "truth", "env": "local"}
        return yard.versions.import_(model=name, version="v1", source=source, **asked)

    return run


@pytest.fixture
def yard(tmp_path):
    """A workspace of the test's own."""
    with closing(modelyard.open(tmp_path / "yard")) as yard:
        yield yard


def test_a_killed_evaluation_goes_on_where_it_was(yard, import_model, tmp_path):
    import_model("slow", SLOW)
    draw = np.random.default_rng(3)
    fare = draw.integers(0, 101, ROWS)
    truth = np.where(draw.random(ROWS) < fare / 100, "yes", "no")
    file = tmp_path / "rows.parquet"
    pd.DataFrame({"age": 1.0, "fare": fare.astype(float), "truth": truth}).to_parquet(file)

    command = ["evaluations", "run", "slow", "--dataset", file, "--workspace", tmp_path / "yard"]
    process = Fork(command)
    try:
        deadline = time.monotonic() + PATIENCE
        while chunks(yard) < 2:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        workers = psutil.Process(process.pid).children(recursive=True)
    finally:
        process.kill()
        process.wait()
    psutil.wait_procs(workers, PATIENCE)
    assert yard.evaluations.list() == []

    found = yard.evaluations.run(model="slow", dataset=str(file))
    [listed] = yard.scoring.list()
    run = yard.scoring.show(id=listed.id)
    assert run.resumed_from > 0
    assert (run.id, run.rows) == (found.scoring_run, ROWS)
    assert found.metrics["accuracy"].value == np.mean((truth == "yes") == (fare > 50))
    assert yard.files.list() == []


def chunks(yard):
    """How many parts of a scoring run are finished."""
    with yard.open().read() as db:
        return int(db.scalar(select(func.count()).select_from(run_chunks)))


@pytest.mark.parametrize("what", OF_MEMORY)
def test_a_worker_that_runs_out_of_memory(yard, import_model, tmp_path, what):
    only_much = f"if len(frame) > 1000:\n    {OF_MEMORY[what]}\n"
    import_model("hungry", only_much + "return ['no'] * len(frame)")
    file = tmp_path / "rows.csv"
    pd.DataFrame({"age": range(2000), "fare": 1, "truth": "no"}).to_csv(file, index=False)
    with pytest.raises(errors.ModelyardError) as failed:
        yard.evaluations.run(model="hungry", dataset=str(file))
    assert {"asks for too much": "MemoryError", "is killed": "memory"}[what] in str(failed.value)
    assert yard.evaluations.list() == []
    assert yard.files.list() == []
