"""A stage is all or nothing, also when its process dies."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from modelyard.store.artifacts import digest_of
from modelyard.store.staging import LOCK, PENDING, stage, sweep


def test_a_stage_is_gone_afterwards_and_offers_what_it_moved(context):
    collected = []
    with stage(context, collected.append) as staged:
        file = staged.model / "MLmodel"
        file.write_text("x")
        digest = digest_of(file)
        staged.keep(context, [(file, digest)])
        assert context.artifacts.has(digest)
        folder = staged.folder
    assert not folder.exists()
    assert collected == [{digest}]


def test_an_error_clears_the_stage(context):
    def fail() -> None:
        with stage(context, print):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert not list((context.folder / "staging").iterdir())


def test_a_dead_process_is_cleared_after_by_the_next(context):
    dead = context.folder / "staging" / "dead"
    dead.mkdir(parents=True)
    (dead / LOCK).touch()
    (dead / PENDING).write_text(json.dumps(["a" * 64]))
    torn = context.folder / "staging" / "torn"
    torn.mkdir()
    (torn / LOCK).touch()
    (torn / PENDING).write_text('["aaa')
    collected = []
    with stage(context, collected.append):
        assert not dead.exists()
        assert not torn.exists()
    assert {"a" * 64} in collected


def test_a_living_stage_is_left_alone(context):
    with stage(context, print) as staged:
        sweep(context.folder / "staging", print)
        assert staged.folder.exists()


def test_nobody_clears_a_stage_that_is_just_being_made(tmp_path):
    context = SimpleNamespace(folder=tmp_path)

    def work(_number):
        with stage(context, lambda _digests: None) as opened:
            return opened.model.is_dir()

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(work, range(1000)))
    assert list((tmp_path / "staging").iterdir()) == []
