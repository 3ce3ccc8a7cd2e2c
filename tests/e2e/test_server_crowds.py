"""Many clients at once, several servers, and servers that are killed."""

from __future__ import annotations

import asyncio
import threading
import time

import httpx2
import pytest
from tests.running_server import RunningServer

LISTERS, WRITERS, EACH = 200, 20, 5
PATH = "/api/v1/projects/default/models"


async def _crowd(urls):
    """Listers who list and writers who write at the same time; everything that was answered."""
    limits = httpx2.Limits(max_connections=LISTERS + WRITERS)
    answers: dict[str, list[httpx2.Response]] = {"listed": [], "written": []}
    async with httpx2.AsyncClient(timeout=300, limits=limits) as http:

        async def list_(number: int) -> None:
            for _ in range(3):
                answers["listed"].append(await http.get(urls[number % len(urls)] + PATH))

        async def write(number: int) -> None:
            for turn in range(EACH):
                body = {"name": f"w{number}-{turn}", "prediction_type": "other"}
                answers["written"].append(
                    await http.post(urls[number % len(urls)] + PATH, json=body)
                )

        await asyncio.gather(*map(list_, range(LISTERS)), *map(write, range(WRITERS)))
    return answers


def _names(server):
    return {model["name"] for model in server.get("/projects/default/models?limit=1000").json()}


def _require_all(answers, servers):
    statuses = {name: {a.status_code for a in each} for name, each in answers.items()}
    assert statuses == {"listed": {200}, "written": {201}}, [
        a.text for each in answers.values() for a in each if a.is_error
    ][:5]
    expected = {f"w{number}-{turn}" for number in range(WRITERS) for turn in range(EACH)}
    for server in servers:
        assert _names(server) == expected
        assert "locked" not in server.log


def test_two_hundred_list_and_twenty_write(tmp_path):
    with RunningServer(tmp_path / "yard", "--workers", "0") as server:
        _require_all(asyncio.run(_crowd([server.url])), [server])


def test_two_servers_on_one_sqlite_file(tmp_path):
    yard = tmp_path / "yard"
    with (
        RunningServer(yard, "--workers", "0") as one,
        RunningServer(yard, "--workers", "0") as other,
    ):
        _require_all(asyncio.run(_crowd([one.url, other.url])), [one, other])


def test_two_servers_on_one_postgresql(tmp_path, postgres_url):
    with (
        RunningServer(tmp_path / "one", "--workers", "0", MODELYARD_DATABASE=postgres_url) as one,
        RunningServer(tmp_path / "two", "--workers", "0", MODELYARD_DATABASE=postgres_url) as two,
    ):
        _require_all(asyncio.run(_crowd([one.url, two.url])), [one, two])


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_no_change_is_lost_between_two_servers(tmp_path, request, kind):
    """Read, add one, write on condition, again until it went through."""
    environ = {}
    if kind == "postgresql":
        environ["MODELYARD_DATABASE"] = request.getfixturevalue("postgres_url")
    yard = tmp_path / "yard"
    writers, each = 6, 5
    with (
        RunningServer(yard, "--workers", "0", **environ) as one,
        RunningServer(yard, "--workers", "0", **environ) as two,
    ):
        one.post("/projects/default/models", {"name": "count", "prediction_type": "other"})
        wrong = []

        def add(server):
            with httpx2.Client(base_url=server.url + PATH, timeout=120) as http:
                done = 0
                while done < each:
                    seen = http.get("/count")
                    number = int(seen.json()["description"] or 0)
                    answer = http.patch(
                        "/count",
                        json={"description": str(number + 1)},
                        headers={"if-match": seen.headers["etag"]},
                    )
                    if answer.status_code not in (200, 412):
                        wrong.append(answer.text)
                        return
                    done += answer.status_code == 200

        threads = [
            threading.Thread(target=add, args=((one, two)[number % 2],))
            for number in range(writers)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == []
        count = two.get("/projects/default/models/count").json()["description"]
        assert count == str(writers * each)


def test_a_server_killed_while_it_writes_did_what_it_answered(tmp_path):
    """What was answered is there; what is sent again under its key is there once."""
    yard = tmp_path / "yard"
    answered, unanswered = [], []
    with RunningServer(yard, "--workers", "0") as server:

        def write(number):
            with httpx2.Client(timeout=60) as http:
                for turn in range(1000):
                    name = f"k{number}-{turn}"
                    try:
                        answer = http.post(
                            server.url + PATH,
                            json={"name": name, "prediction_type": "other"},
                            headers={"idempotency-key": name},
                        )
                    except httpx2.TransportError:
                        unanswered.append(name)
                        return
                    assert answer.status_code == 201
                    answered.append(name)

        threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        while len(answered) < 40:
            time.sleep(0.05)
        server.kill()
        for thread in threads:
            thread.join()
    assert unanswered
    with RunningServer(yard, "--workers", "0") as server:
        before = _names(server)
        assert set(answered) <= before
        assert before <= {*answered, *unanswered}
        for name in unanswered:
            answer = server.post(
                "/projects/default/models",
                {"name": name, "prediction_type": "other"},
                headers={"idempotency-key": name},
            )
            # Its answer was kept, or the key is still held, or nothing had been begun.
            assert answer.status_code in (201, 409), answer.text
            if answer.status_code == 409:
                assert "Idempotency-Key" in answer.json()["detail"]
        assert server.http.get("/readyz").status_code == 200
