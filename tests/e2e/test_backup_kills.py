"""`modelyard backup` and `restore` that are killed in the middle, by `kill -9`."""

from __future__ import annotations

import os
import time

import pytest

import modelyard
from modelyard import errors

BULK = 50_000_000
"""Bytes that no packing makes smaller, so that there is time to kill."""


def kill_once(process, is_at_it):
    """Kill a process as soon as it is in the middle of its work."""
    while not is_at_it():
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    process.kill()
    process.communicate()
    assert process.returncode < 0


def size_of(files):
    return sum(file.stat().st_size for file in files)


def test_neither_leaves_half_of_anything(cli, tmp_path, postgres_url, monkeypatch):
    (tmp_path / "bulk").write_bytes(os.urandom(BULK))
    yard = modelyard.open(cli.yard)
    yard.models.create(name="churn", prediction_type="regression")
    yard.files.put(file=str(tmp_path / "bulk"), path="bulk")
    yard.close()

    backups = tmp_path / "backups"
    backups.mkdir()
    target = backups / "a.zip"
    dying = cli.start("backup", str(target))
    kill_once(dying, lambda: size_of(backups.glob("*.unfinished")) > BULK // 10)
    assert not target.exists()
    assert cli.ok("backup", str(target))["files"] == 1
    assert [file.name for file in backups.iterdir()] == ["a.zip"]

    monkeypatch.delenv("MODELYARD_DATABASE", raising=False)  # another one is given
    cli.environ.pop("MODELYARD_DATABASE", None)
    new = tmp_path / "new"
    words = ("restore", str(target), "--workspace", str(new), "--database", postgres_url)
    dying = cli.start(*words)
    kill_once(dying, lambda: size_of(new.glob("files/*/bulk")) > BULK // 10)
    with pytest.raises(errors.Conflict, match="not wholly restored"):
        modelyard.open(new).models.list()
    assert cli.ok(*words)["files"] == 1
    yard = modelyard.open(new)
    assert [model.name for model in yard.models.list()] == ["churn"]
    assert (new / "files" / "default" / "bulk").stat().st_size == BULK
    yard.close()
