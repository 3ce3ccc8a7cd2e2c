"""What is said at control sockets, and what becomes of it when a side fails."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import threading
import time

import pytest

from modelyard import errors
from modelyard.serving.durable import locked, staged, write_whole
from modelyard.serving.running import sockets
from modelyard.serving.running.control import ControlSocket
from modelyard.serving.running.sockets import SUFFIX, address, reached


class Told:
    """What a process does in these tests."""

    def __init__(self):
        self.followed = []
        self.gate = None

    async def prepare(self, service, state, progress):
        progress(f"loading {service}")
        await asyncio.sleep(0.05)
        if service == "broken":
            raise RuntimeError("no idea")

    async def follow(self, service, progress):
        self.followed.append(service)
        if service == "missing":
            raise errors.NotFound("it is gone")

    async def preload(self, service, generation, progress):
        await asyncio.Event().wait()

    async def forget(self, service, generation):
        pass

    async def try_query(self, service, endpoint, query, generation):
        return {}

    def status(self):
        return {"pid": 7}


PREPARE = {"do": "prepare", "state": {"changed": "2026-03-01T00:00:00Z"}}


def wait_until_followed(told, times):
    deadline = time.monotonic() + 10
    while len(told.followed) < times and time.monotonic() < deadline:
        time.sleep(0.01)


def talked(run, work, told=None):
    """Let a thread talk to a process that is told by its control socket."""

    async def main():
        control = ControlSocket(run, told or Told())
        await control.open()
        try:
            await asyncio.to_thread(work)
        finally:
            await control.close()

    asyncio.run(main())


def test_messages_are_answered_in_folders_however_deep(tmp_path, monkeypatch):
    monkeypatch.setattr("modelyard.serving.running.control.SIGN_OF_LIFE", 0.01)
    run = tmp_path.joinpath(*["deep" * 8] * 5)
    run.mkdir(parents=True)
    told, heard = Told(), []

    def work():
        with reached(run) as (talk,):
            assert talk.pid == os.getpid()
            assert talk.ask({"do": "status"}) == {"status": {"pid": 7}}
            assert talk.ask(PREPARE | {"service": "s"}, heard.append) == {"done": True}
            with pytest.raises(errors.Failed, match="the node failed: RuntimeError"):
                talk.ask(PREPARE | {"service": "broken"})
            with pytest.raises(errors.NotFound, match="it is gone"):
                talk.ask({"do": "follow", "service": "missing"})
            with pytest.raises(errors.Unsupported, match="does not know how to 'dance'"):
                talk.ask({"do": "dance"})
            assert talk.ask({"do": "follow", "service": "s"}) == {"done": True}
        wait_until_followed(told, 3)

    talked(run, work, told)
    assert set(heard) == {"loading s"}
    assert told.followed == ["missing", "s", "broken"]  # of which nobody said what became of it
    assert list(run.iterdir()) == []


def test_a_command_that_goes_away_is_not_waited_for(tmp_path):
    told = Told()

    def work():
        for sent in (b"no json\n", json.dumps(PREPARE | {"service": "s"}).encode() + b"\n"):
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            with address(tmp_path / f"{os.getpid()}{SUFFIX}") as name:
                connection.connect(name)
            connection.sendall(sent)
            connection.close()
        wait_until_followed(told, 1)

    talked(tmp_path, work, told)
    assert told.followed == ["s"]


def test_a_process_that_ends_meanwhile_is_gone(tmp_path):
    caught = []

    def work():
        with reached(tmp_path) as (talk,):
            try:
                talk.ask({"do": "preload", "service": "s", "generation": "g"})
            except errors.Unavailable as exc:
                caught.append(exc)

    async def main():
        control = ControlSocket(tmp_path, Told())
        await control.open()
        asking = asyncio.create_task(asyncio.to_thread(work))
        await asyncio.sleep(0.1)
        await control.close()
        await asking

    asyncio.run(main())
    assert caught[0].context == {"gone": os.getpid()}


def test_a_process_that_says_nothing_is_told_of(tmp_path, monkeypatch):
    monkeypatch.setattr(sockets, "PATIENCE", 0.05)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with address(tmp_path / f"4711{SUFFIX}") as name:
        listener.bind(name)
    listener.listen()
    with (
        reached(tmp_path) as (talk,),
        pytest.raises(errors.Unavailable, match="process 4711 of the node says nothing"),
    ):
        talk.ask({"do": "status"})
    listener.close()


def test_whoever_waits_for_a_lock_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr("modelyard.serving.durable.TOLD_AFTER", 0.0)
    said, waits = [], threading.Event()

    def note(message, **_):
        said.append(message)
        waits.set()

    def second():
        with locked(tmp_path / "lock", what="churn-api", progress=note):
            said.append("mine")

    with locked(tmp_path / "lock", what="churn-api"):
        other = threading.Thread(target=second)
        other.start()
        assert waits.wait(10)
    other.join()
    assert said[0] == "waiting for another command that changes churn-api"
    assert said[-1] == "mine"


def test_what_cannot_be_written_leaves_the_old_file(tmp_path, monkeypatch):
    file = tmp_path / "state.json"
    write_whole(file, b"old")

    def full(_handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("modelyard.serving.durable.os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_whole(file, b"new")
    assert file.read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["state.json"]
    with pytest.raises(errors.Failed, match="nothing can be written"), staged(tmp_path / "none"):
        pass
