"""Server time and weight of pages, in a workspace with many models.

Run: `.venv/bin/python bench/pages.py`. Budgets: 100 ms of server time for every page, 600 kB for
the first page with all that it loads, 50 kB for every later one.
"""

from __future__ import annotations

import re
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import insert
from starlette.testclient import TestClient

import modelyard
from modelyard.kernel.values import now
from modelyard.store.tables import models
from modelyard.web.app import create_app

MODELS = 1000
ROUNDS = 30
PAGES = (
    "/",
    "/jobs",
    "/projects",
    "/projects/default",
    "/projects/new",
    "/account",
    "/search?q=m",
    "/ui",
)
HEADERS = {"accept": "text/html", "accept-encoding": "gzip"}


def main() -> None:
    """Print the median time and the packed size of each page, and what the first visit loads."""
    with TemporaryDirectory() as scratch:
        yard = modelyard.open(Path(scratch) / "yard", actor="bench")
        fill(yard)
        with TestClient(create_app(yard, no_auth=True), base_url="http://127.0.0.1") as client:
            print(f"{'page':24} {'ms':>7} {'kB':>7}")
            for path in PAGES:
                milliseconds, size = measured(client, path)
                print(f"{path:24} {milliseconds:7.1f} {size / 1000:7.1f}")
            print(f"{'the first visit loads':32} {first_load(client) / 1000:7.1f}")
        yard.close()


def fill(yard: modelyard.Workspace) -> None:
    """Many models and some jobs."""
    yard.projects.list()
    rows = [
        {
            "project": "default",
            "name": f"model-{number}",
            "prediction_type": "regression",
            "description": "a model",
            "searched": f"model-{number} a model",
            "created": now(),
        }
        for number in range(MODELS)
    ]
    with yard.open().begin() as db:
        db.execute(insert(models), rows)
    for number in range(200):
        given = {"name": f"d{number}", "path": f"{number}.csv"}
        yard.jobs.submit(command="datasets.create", given=given, delay=86400)


def measured(client: TestClient, path: str) -> tuple[float, int]:
    """The median time of a page in milliseconds, and its bytes on the way."""
    times, size = [], 0
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        with client.stream("GET", path, headers=HEADERS) as answer:
            size = sum(len(part) for part in answer.iter_raw())
        times.append((time.perf_counter() - begun) * 1000)
    return statistics.median(times), size


def first_load(client: TestClient) -> int:
    """The bytes of the home page and of everything that it names, and what that names."""
    seen: set[str] = set()
    waiting, total = ["/"], 0
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        with client.stream("GET", path, headers=HEADERS) as answer:
            total += sum(len(part) for part in answer.iter_raw())
        text = client.get(path).content.decode("utf-8", "replace")
        folder = path.rpartition("/")[0]
        waiting += re.findall(r'"(/assets/[^"#]+)', text)
        waiting += [f"{folder}/{name}" for name in re.findall(r'from "\./([\w.]+)"', text)]
        waiting += [
            f"{folder.rpartition('/')[0]}/{name}"
            for name in re.findall(r"url\(\.\./([\w./-]+)\)", text)
        ]
    return total


if __name__ == "__main__":
    main()
