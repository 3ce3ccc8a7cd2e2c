"""A node of several processes, commands that run at once, and deaths at any moment."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from functools import partial
from pathlib import Path

import pytest
from tests.rooms.serving.node.nodes import (
    Behaviour,
    child,
    ended,
    made,
    node_of,
    serve,
    wait_for,
    write,
)

from modelyard import errors
from modelyard.serving.folder import NodeFolder
from modelyard.serving.packages.reading import read_folder


def loaded(node):
    return [process.loaded for process in node.processes()]


def test_all_processes_switch_or_none(tmp_path):
    node = made(tmp_path, "p1", "p2", "p3")
    stubborn = Behaviour(says={"p3": "?"})
    with child(serve(node, Behaviour())) as first, child(serve(node, stubborn)) as second:
        wait_for(lambda: loaded(node) == [("churn-api/p1",)] * 2)
        assert node.activate(service="churn-api", generation="p2").processes == 2
        wait_for(lambda: loaded(node) == [("churn-api/p2",)] * 2)

        with pytest.raises(errors.Failed, match=rf"process {second}: churn-api p3 cannot answer"):
            node.activate(service="churn-api", generation="p3")
        assert node.services()[0].active == {"p2": 1.0}
        wait_for(lambda: loaded(node) == [("churn-api/p2",)] * 2)

        os.kill(second, signal.SIGKILL)
        os.waitpid(second, 0)
        assert node.activate(service="churn-api", generation="p3").processes == 1
        (left,) = node.processes()
        assert (left.pid, left.workers, left.memory_mb) == (first, 1, 1.0)
        (newest, *_) = node.generations(service="churn-api")
        assert (newest.generation, newest.share, newest.loaded) == ("p3", 1.0, 1)
    assert list((node.folder / "run").glob("*.sock")) != []
    done = node.activate(service="churn-api", generation="p1")
    assert (done.processes, done.note[:28]) == (0, "no process of the node runs;")
    assert list((node.folder / "run").glob("*.sock")) == []  # those of the dead are gone


def test_commands_at_once_follow_one_another(tmp_path):
    node = made(tmp_path, "p1")
    packages = [str(write(tmp_path, f"q{number}")) for number in range(4)]

    def work(number):
        def run():
            mine = node_of(node.folder)
            mine.import_(file=packages[number])
            for _ in range(5):
                mine.map(service="churn-api", entries={"p1": 0.5, f"q{number}": 0.5})
                mine.keys.create(service="churn-api", label=f"{number}")

        return run

    children = [child(work(number)) for number in range(4)]
    pids = [each.__enter__() for each in children]
    assert [ended(pid) for pid in pids] == [0] * 4
    state = NodeFolder.opened(node.folder).state("churn-api")
    assert state.revision == 1 + 4 * 5
    assert len(node.keys.list()) == 20
    assert {each.generation for each in node.generations(service="churn-api")} == {
        "p1",
        *(f"q{number}" for number in range(4)),
    }
    lines = (node.folder / "logs" / "audit.jsonl").read_text().splitlines()
    assert len(lines) == 3 + 4 * 11


def test_the_same_package_is_imported_once_by_however_many(tmp_path):
    node = made(tmp_path)
    same, other = str(write(tmp_path, "p1")), tmp_path / "other"
    other.mkdir()
    another = str(write(other, "p1", notes="another"))

    def work(number):
        def run():
            try:
                done = node_of(node.folder).import_(file=another if number == 3 else same)
            except errors.Conflict:
                told = "refused"
            else:
                told = "new" if done.new else "there"
            (tmp_path / f"{number}.txt").write_text(told)

        return run

    children = [child(work(number)) for number in range(4)]
    pids = [each.__enter__() for each in children]
    assert [ended(pid) for pid in pids] == [0] * 4
    first, second, third, different = (
        (tmp_path / f"{number}.txt").read_text() for number in range(4)
    )
    if different == "new":
        assert [first, second, third] == ["refused"] * 3
    else:
        assert different == "refused"
        assert sorted([first, second, third]) == ["new", "there", "there"]
    assert [each.generation for each in node.generations(service="churn-api")] == ["p1"]
    assert list((node.folder / "stage").iterdir()) == []


CHANGES = {
    "import": lambda node, package: node.import_(file=package),
    "activate": lambda node, _: node.activate(service="churn-api", generation="p2"),
    "key": lambda node, _: node.keys.create(label="web"),
    "remove": lambda node, _: node.remove(service="churn-api", generation="p2"),
    "delete": lambda node, _: node.delete(service="churn-api"),
}
STEP = 5
DIED = 9


@pytest.mark.parametrize("what", CHANGES)
def test_death_at_any_moment_leaves_the_old_or_the_new(tmp_path, what):
    template, package = made(tmp_path, "p1", "p2"), str(write(tmp_path, "p9"))
    old, new, at, code = seen(template), None, 0, DIED
    found = []
    while code == DIED:
        node = node_of(Path(shutil.copytree(template.folder, tmp_path / f"died-{at}")))
        with child(dying(node, at, partial(CHANGES[what], node, package))) as pid:
            code = ended(pid)
        found.append(seen(node))
        if found[-1] == old:
            CHANGES[what](node, package)  # nothing that was left is in its way
            new = seen(node)
            assert list((node.folder / "stage").iterdir()) == []
        at += STEP
    assert code == 0
    assert len(found) > 2
    assert new != old
    assert [each for each in found if each not in (old, new)] == []


def seen(node):
    """What a node holds, but for moments and secrets; whatever is there is whole."""
    folder = NodeFolder.opened(node.folder)
    return [key.label for key in node.keys.list()], {
        service: (
            folder.state(service).mapping,
            folder.state(service).revision,
            [
                read_folder(folder.generation(service, name)).package
                for name in sorted(folder.generation_names(service))
            ],
        )
        for service in folder.service_names()
    }


def dying(node, at, work):
    """Work in a child that dies when it is about to touch the node's folder once more than `at`."""
    left = [at]

    def hook(_event, arguments):
        if any(str(node.folder) in str(argument) for argument in arguments):
            left[0] -= 1
            if left[0] < 0:
                os._exit(DIED)

    def run():
        sys.addaudithook(hook)
        work()

    return run
