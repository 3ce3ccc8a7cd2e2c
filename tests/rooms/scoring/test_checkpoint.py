"""A run's folder: who holds it, and what it gives back after a crash."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from modelyard import errors
from modelyard.runtime.types import Reject
from modelyard.scoring.checkpoint import RunFolder, Scored, is_held

HOLD = """
import sys, time
from pathlib import Path
from modelyard.scoring.checkpoint import RunFolder
with RunFolder.held(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_chunk_comes_back_as_it_was_kept(tmp_path: Path) -> None:
    predictions = pa.table({"prediction": ["ja", "nein"], "proba_ja": [0.9, 0.2]})
    with RunFolder.held(tmp_path / "run") as folder:
        rejects = (Reject(row=1, reason="größe fehlt"),)
        digest = folder.save(3, Scored(predictions, rejects, ("a note",)))
        found = folder.load(3, digest)
    assert found is not None
    assert found.predictions == predictions
    assert found.rejects == rejects
    assert found.notes == ("a note",)
    assert found.saved


def test_a_chunk_without_predictions_comes_back_so(tmp_path: Path) -> None:
    with RunFolder.held(tmp_path / "run") as folder:
        digest = folder.save(0, Scored(None, (Reject(row=0, reason="no"),)))
        found = folder.load(0, digest)
    assert found is not None
    assert found.predictions is None


def test_a_torn_or_missing_file_is_not_taken(tmp_path: Path) -> None:
    with RunFolder.held(tmp_path / "run") as folder:
        digest = folder.save(0, Scored(pa.table({"prediction": [1.0] * 100})))
        assert folder.load(1, digest) is None
        file = folder.path / "00000000.arrow"
        file.write_bytes(file.read_bytes()[:-50])
        assert folder.load(0, digest) is None


def test_one_process_holds_a_folder_until_it_dies(tmp_path: Path) -> None:
    path = tmp_path / "run"
    assert not is_held(path)
    holder = subprocess.Popen([sys.executable, "-c", HOLD, path], stdout=subprocess.PIPE, text=True)
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        assert is_held(path)
        with pytest.raises(errors.Conflict, match="running already"), RunFolder.held(path):
            pass
        holder.kill()
    assert not is_held(path)
    with RunFolder.held(path) as folder:
        folder.clear()
    assert not path.exists()


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    with RunFolder.held(tmp_path / "run") as folder:
        folder.clear()
        with pytest.raises(errors.Failed, match="finished chunks cannot be kept"):
            folder.save(0, Scored(None))
