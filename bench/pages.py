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

from plain import plain_model
from sqlalchemy import Connection, insert, select, update
from starlette.testclient import TestClient

import modelyard
from modelyard.kernel.values import now
from modelyard.store.tables import (
    evaluation_files,
    evaluations,
    files,
    models,
    verifications,
    versions,
)
from modelyard.web.app import create_app

MODELS = 1000
ROUNDS = 30
VERSIONS = 10
"""Of each model."""
EVALUATIONS = 1000
"""All of one model."""
PROJECTS = 60
IN_PROJECT = (
    "",
    "/datasets",
    "/models",
    "/models?search=7&sort=name",
    "/models/model-7",
    "/models/model-7/versions/v1",
    "/models/model-7/versions/v1/signature",
    "/models/model-7/versions/v1/files",
    "/models/model-7/versions/v1/try",
    "/models/model-7/import",
    "/connections",
    "/files",
    "/recipes",
    "/new-recipe",
    "/scoring",
    "/scenarios",
    "/scenarios/new",
    "/settings",
    "/evaluations",
    "/models/first/evaluations",
    "/evaluations/bench7",
    "/evaluations/bench7/metrics",
    "/evaluations/bench7/screens/scatter",
)
PAGES = (
    "/",
    "/jobs",
    "/projects",
    "/projects/new",
    *(f"/projects/default{path}" for path in IN_PROJECT),
    "/envs",
    "/users",
    "/groups",
    "/keys",
    "/audit",
    "/settings",
    "/account",
    "/search?q=model",
    "/search?q=model-7",
    "/search?q=nothing+like+it",
    "/ui",
)
HEADERS = {"accept": "text/html", "accept-encoding": "gzip"}


def main() -> None:
    """Print the median time and the packed size of each page, and what the first visit loads."""
    with TemporaryDirectory() as scratch:
        yard = modelyard.open(Path(scratch) / "yard", actor="bench")
        fill(yard, Path(scratch))
        with TestClient(create_app(yard, no_auth=True), base_url="http://127.0.0.1") as client:
            print(f"{'page':48} {'ms':>7} {'kB':>7}")
            for path in PAGES:
                milliseconds, size = measured(client, path)
                print(f"{path:48} {milliseconds:7.1f} {size / 1000:7.1f}")
            print(f"{'the first visit loads':32} {first_load(client) / 1000:7.1f}")
        yard.close()


def fill(yard: modelyard.Workspace, scratch: Path) -> None:
    """Many models, versions and evaluations, and some jobs."""
    yard.models.create(name="first", prediction_type="regression")
    source = str(plain_model(scratch / "plain"))
    yard.versions.import_(model="first", version="v1", source=source, env="local", target="y")
    dataset = scratch / "holdout.csv"
    dataset.write_text("age,y\n" + "".join(f"{age},{2 * age + age % 7}\n" for age in range(999)))
    yard.evaluations.run(model="first", dataset=str(dataset))
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
        copy_versions(db, [row["name"] for row in rows])
        copy_evaluations(db, EVALUATIONS)
    for number in range(1, PROJECTS):
        fill_project(yard, f"project-{number}")
    for number in range(200):
        given = {"name": f"d{number}", "path": f"{number}.csv"}
        yard.jobs.submit(command="datasets.create", given=given, delay=86400)


def fill_project(yard: modelyard.Workspace, key: str) -> None:
    """A project with one thing of each kind that costs nothing to make."""
    yard.projects.create(key=key, description="one of many")
    for number in range(5):
        yard.models.create(project=key, name=f"model-{number}", prediction_type="regression")
    yard.connections.create(project=key, name="model-data", path="/tmp")
    step = {"command": "models.show", "arguments": {"project": key, "name": "model-1"}}
    yard.scenarios.create(project=key, name="model-nightly", steps=[step])


def copy_versions(db: Connection, names: list[str]) -> None:
    """Give each model as many versions like the one there is, of which the first is active."""
    for table in (versions, files, verifications):
        row = dict(db.execute(select(table)).first()._mapping)
        copies = [
            row | {"model": name, "version": f"v{number}"}
            for name in names
            for number in range(1, VERSIONS + 1)
        ]
        db.execute(insert(table), copies)
    db.execute(update(models).values(active_version="v1"))


def copy_evaluations(db: Connection, count: int) -> None:
    """Evaluations like the one there is, and their files."""
    for table, key in ((evaluations, "id"), (evaluation_files, "evaluation")):
        rows = [dict(row._mapping) for row in db.execute(select(table))]
        copies = [
            copied(row, row[key], f"bench{number}") for row in rows for number in range(count)
        ]
        db.execute(insert(table), copies)


def copied(row: dict[str, object], old: str, new: str) -> dict[str, object]:
    """A row in which another id stands wherever its own did."""
    return {
        name: value.replace(old, new) if isinstance(value, str) else value
        for name, value in row.items()
    }


def measured(client: TestClient, path: str) -> tuple[float, int]:
    """The median time of a page in milliseconds, and its bytes on the way."""
    times, size = [], 0
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        with client.stream("GET", path, headers=HEADERS) as answer:
            answer.raise_for_status()
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
