"""The soak script, shortened: mixed load on a node whose worker is killed, through two switches."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

import modelyard

BENCH = Path(__file__).parents[3] / "bench"
SECONDS = 6
GROWTH = 2.0
YOUNG = "its largest worker grew"
"""Which they do in so short a time, after one was killed; `make soak` tells whether they stop."""


@contextmanager
def serving(folder):
    """The process of a node, and its port."""
    words = [sys.executable, "-m", "modelyard", "node", "serve", "--port", "0"]
    with (folder.parent / "node.log").open("w") as log:
        process = subprocess.Popen(
            [*words, "--folder", str(folder)], stdout=subprocess.PIPE, stderr=log, text=True
        )
    try:
        said = process.stdout.readline()
        assert "http://" in said
        yield process, int(said.split()[-1].rpartition(":")[2])
    finally:
        process.terminate()
        process.communicate(timeout=60)


@pytest.mark.slow
def test_mixed_load_with_switches_and_a_killed_worker(yard, service, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(BENCH))
    from served import Served, be_patient
    from soak import asks, soak, told

    node = modelyard.node(tmp_path / "node")
    node.init()
    for name in ("p1", "p2"):
        file = str(tmp_path / f"{name}.zip")
        yard.packages.create(service=service, package=name)
        yard.packages.download(service=service, package=name, output=file)
        node.import_(file=file)
    be_patient(node.folder, service, "late")
    node.activate(service=service, generation="p1")
    rows = [{"age": 30.0, "fare": float(fare)} for fare in range(101)]
    with serving(node.folder) as (process, port):
        served = Served(process, port, node.folder, service, "late")
        kinds = asks(served, rows, {"fare": "a word"})
        seen = asyncio.run(soak(served, kinds, SECONDS, clients=8, switches=2, kills=1))
    told(seen, growth=GROWTH)
    assert ({*seen.wrong} - {YOUNG}, seen.switches, seen.kills) == (set(), 2, 1)
    assert {kind.name for kind in kinds} == {name for name, _ in seen.statuses}
    answers = [seen.first.get(sent) for sent in kinds[0].bodies]
    expected = [
        answer and pytest.approx(row["fare"] / 100)
        for answer, row in zip(answers, rows, strict=True)
    ]
    assert [answer and answer["probas"]["yes"] for answer in answers] == expected
