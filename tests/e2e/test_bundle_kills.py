"""`modelyard bundles` killed in the middle by `kill -9`: what was active stays active."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing, nullcontext

import pytest
from tests.e2e.models import write_model

import modelyard

CHURN = ("--project", "churn")
BULK = 50_000_000
"""Bytes that no packing makes smaller, so that there is time to kill."""
SLOW = """\
import pathlib, time
flag = pathlib.Path({flag!r})
if flag.exists():
    flag.with_name('loading').touch()
    while flag.exists():
        time.sleep(0.05)
"""


class Dying:
    """A command that is killed in the middle of its work."""

    def __init__(self, cli, *words):
        self._staging = cli.yard / "staging"
        self._left = set(self._staging.glob("*"))  # by others that were killed
        self._process = cli.start(*words)

    def staged(self, pattern, least):
        """Whether it has put so much into a file of its stage."""
        files = self._staging.glob(f"*/{pattern}")
        return any(file.stat().st_size >= least for file in files if file.parent not in self._left)

    def wait(self, is_at_it):
        while not is_at_it():
            assert self._process.poll() is None, self._process.communicate()
            time.sleep(0.01)

    def kill_when(self, is_at_it):
        self.wait(is_at_it)
        self._process.kill()
        self._process.communicate()
        assert self._process.returncode < 0


@pytest.fixture
def bundles(tmp_path):
    """b1 with a model whose loading a flag stops; b2 with a version more, and a large file."""
    slow = SLOW.format(flag=str(tmp_path / "flag"))
    (tmp_path / "bulk").write_bytes(os.urandom(BULK))
    asked = {"model": "m", "env": "local", "classes": (0, 1)}
    with closing(modelyard.open(tmp_path / "design")) as design:
        design.projects.create(key="churn")
        churn = {"project": "churn"}
        design.models.create(name="m", prediction_type="binary_classification", **churn)
        design.versions.import_(
            version="v1", source=str(write_model(tmp_path / "first", load=slow)), **asked, **churn
        )
        design.bundles.create(bundle="b1", output=str(tmp_path / "b1.zip"), **churn)
        design.models.update(name="m", description="newer", **churn)
        design.files.put(file=str(tmp_path / "bulk"), path="bulk", **churn)
        design.bundles.create(
            bundle="b2", files=("bulk",), output=str(tmp_path / "b2.zip"), **churn
        )
    return tmp_path


def test_what_was_active_stays_so_and_the_same_again_ends_well(cli, bundles):
    importing = ("bundles", "import", str(bundles / "b2.zip"))
    dying = Dying(cli, *importing)
    dying.kill_when(lambda: dying.staged("bundle.zip", BULK // 10))
    with closing(modelyard.open(cli.yard)) as yard:
        assert [each.key for each in yard.projects.list()] == ["default"]
    cli.ok("bundles", "import", str(bundles / "b1.zip"))
    cli.ok(*importing)

    (bundles / "flag").touch()
    preloading = ("bundles", "preload", "b1", *CHURN)
    Dying(cli, *preloading).kill_when((bundles / "loading").exists)
    (bundles / "flag").unlink()
    (tried,) = cli.ok(*preloading)["versions"]
    assert tried["outcome"] == "as_expected"
    cli.ok("bundles", "activate", "b1", *CHURN)

    activating = ("bundles", "activate", "b2", *CHURN)
    kill_early_and_late(cli, activating, lambda: require_untouched(cli))
    assert cli.ok(*activating)["before"] == "b1"
    assert cli.ok("models", "show", "m", *CHURN)["description"] == "newer"
    assert (cli.yard / "files" / "churn" / "bulk").stat().st_size == BULK
    assert not list((cli.yard / "staging").iterdir())
    assert cli.ok("bundles", "rollback", *CHURN)["bundle"] == "b1"
    assert cli.ok("versions", "verify", "m", "v1", *CHURN)


def test_a_killed_revert_changes_nothing_and_the_same_again_ends_well(cli, bundles, copied):
    copied(bundles / "design", cli.yard)
    if "MODELYARD_DATABASE" in os.environ:
        cli.environ["MODELYARD_DATABASE"] = os.environ["MODELYARD_DATABASE"]
    bulk = cli.yard / "files" / "churn" / "bulk"
    cli.ok("files", "delete", "bulk", *CHURN)
    cli.ok("models", "update", "m", "--description", "newest", *CHURN)

    def require_as_it_was():
        assert cli.ok("models", "show", "m", *CHURN)["description"] == "newest"
        assert not bulk.exists()

    reverting = ("bundles", "revert", "b2", *CHURN)
    kill_early_and_late(cli, reverting, require_as_it_was)
    cli.ok(*reverting)
    assert cli.ok("models", "show", "m", *CHURN)["description"] == "newer"
    assert bulk.stat().st_size == BULK
    assert not list((cli.yard / "staging").iterdir())
    assert cli.ok("versions", "verify", "m", "v1", *CHURN)


def kill_early_and_late(cli, words, require_untouched):
    """Kill it while it brings a file, and once it has it and only waits for the database."""
    dying = Dying(cli, *words)
    dying.kill_when(lambda: dying.staged("file-*", BULK // 10))
    require_untouched()
    dying = Dying(cli, *words)
    dying.wait(lambda: dying.staged("file-*", 1))
    with locked(cli):
        dying.kill_when(lambda: dying.staged("file-*", BULK))
    require_untouched()


def locked(cli):
    """While nobody can change the project: a database of another kind has no such lock."""
    if "MODELYARD_DATABASE" in os.environ:
        return nullcontext()
    database = sqlite3.connect(cli.yard / "modelyard.db", timeout=60)
    database.execute("begin immediate")
    return closing(database)


def require_untouched(cli):
    assert cli.ok("bundles", "activation", *CHURN)["bundle"] == "b1"
    assert cli.ok("models", "show", "m", *CHURN)["description"] == ""
    assert not (cli.yard / "files" / "churn" / "bulk").exists()
