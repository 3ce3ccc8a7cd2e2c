"""Some import real models over HTTP, each with a key of their own, while a crowd lists."""

from __future__ import annotations

import asyncio
import os
import shutil
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest
from tests.e2e.models import write_model
from tests.running_server import RunningServer

import modelyard

IMPORTERS = int(os.environ.get("CROWD_IMPORTERS", "3"))
LISTERS = int(os.environ.get("CROWD_LISTERS", "30"))
PROJECT = "crowded"


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_imports_and_lists_at_once_lose_nothing(tmp_path, request, monkeypatch, kind):
    """Two servers with a worker each, on one database; the numbers above are for a quick look."""
    if kind == "postgresql":
        monkeypatch.setenv("MODELYARD_DATABASE", request.getfixturevalue("postgres_url"))
    else:
        monkeypatch.delenv("MODELYARD_DATABASE", raising=False)
    monkeypatch.setenv("MODELYARD_ENVS__DEFAULT", "local")
    keys = _populate(tmp_path / "yard")
    archives = [_archive(tmp_path, number) for number in range(IMPORTERS)]
    with (
        RunningServer(tmp_path / "yard", no_auth=False) as one,
        RunningServer(tmp_path / "yard", no_auth=False) as two,
        ThreadPoolExecutor(IMPORTERS) as importers,
    ):
        urls = [one.url, two.url]
        imports = [
            importers.submit(_import, urls[number % 2], keys[number], number, archive)
            for number, archive in enumerate(archives)
        ]
        listed = asyncio.run(_list_until(urls, keys[-1], imports))
        assert [done.result().version for done in imports] == ["v1"] * IMPORTERS
        assert set(listed) == {200}
        assert len(listed) >= LISTERS
        for server in (one, two):
            assert "Traceback" not in server.log
    yard = modelyard.open(tmp_path / "yard", actor="tester")
    for number in range(IMPORTERS):
        assert [v.version for v in yard.versions.list(model=f"m{number}", project=PROJECT)] == [
            "v1"
        ]
    entries = yard.audit.list(action="versions.import", limit=1000)
    assert {(entry.actor, entry.outcome) for entry in entries} == {
        (f"user{number}", "ok") for number in range(IMPORTERS)
    }
    yard.audit.verify()
    yard.close()


def _populate(folder) -> list[str]:
    """The key of each importer, and last that of the reader who lists."""
    yard = modelyard.open(folder, actor="tester")
    yard.projects.create(key=PROJECT)
    keys = []
    for number in range(IMPORTERS + 1):
        name = f"user{number}"
        yard.users.create(name=name)
        role = "contributor" if number < IMPORTERS else "reader"
        yard.members.add(project=PROJECT, name=name, role=role)
        keys.append(yard.keys.create(name="crowd", user=name).secret)
    yard.close()
    return keys


def _archive(folder, number) -> str:
    threshold = 30 + number  # so that no two are the same files
    model = write_model(
        folder / f"m{number}", predict=f"return (frame['age'] > {threshold}).astype(int).to_numpy()"
    )
    return shutil.make_archive(str(folder / f"m{number}"), "zip", model)


def _import(url, key, number, archive):
    with modelyard.connect(url, key, patience=120) as yard:
        yard.models.create(
            name=f"m{number}", prediction_type="binary_classification", project=PROJECT
        )
        return yard.versions.import_(
            model=f"m{number}", version="v1", source=archive, classes=("no", "yes"), project=PROJECT
        )


async def _list_until(urls, key, imports) -> list[int]:
    """Let everybody list, again and again, until all is imported; gives what was answered."""
    answered = []
    limits = httpx2.Limits(max_connections=LISTERS)
    headers = {"authorization": f"Bearer {key}"}
    async with httpx2.AsyncClient(timeout=300, limits=limits, headers=headers) as http:

        async def list_(number: int) -> None:
            what = ("models", "files", "datasets")[number % 3]
            while True:
                answer = await http.get(f"{urls[number % 2]}/api/v1/projects/{PROJECT}/{what}")
                answered.append(answer.status_code)
                if all(done.done() for done in imports):
                    return
                await asyncio.sleep(1)

        await asyncio.gather(*map(list_, range(LISTERS)))
    return answered
