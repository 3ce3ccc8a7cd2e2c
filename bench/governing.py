"""Many governed items: how long does it take to look, to list, to filter and to open one?

    python bench/governing.py [--items 10000]

A workspace gets as many versions, each with an evaluation, as rows of one that was really made.
Then items are collected for the first time, when nothing changed, and when one thing did; they are
listed in parts of 100, as a tree and in groups, filtered by conditions, searched and opened. At
last all of them are active, and judged by a policy: the first time, when nothing changed, and when
one thing did.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select, update

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.e2e.models import write_model

import modelyard
from modelyard.governance.items.collecting import collect
from modelyard.governance.policies.watching import evaluate
from modelyard.store.tables import evaluations, governed_items, item_values, models, versions

AGAIN = 20


def main() -> None:
    """Make them, and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=10_000)
    given = parser.parse_args()
    os.environ.setdefault("MODELYARD_ENVS__DEFAULT", "local")
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(modelyard.open(Path(folder) / "yard", actor="bench")) as yard,
    ):
        make(yard, Path(folder), given.items)
        measure(yard, given.items)


def make(yard: modelyard.Workspace, folder: Path, count: int) -> None:
    """One version and its evaluation, and as many copies of their rows as are wanted."""
    yard.models.create(name="churn", prediction_type="binary_classification")
    source = str(write_model(folder / "plain"))
    yard.versions.import_(model="churn", version="v0", source=source, classes=(0, 1))
    rows = "".join(f"{20 + n % 50},{n % 7},{n % 2}\n" for n in range(200))
    (folder / "rows.csv").write_text(f"age,fare,target\n{rows}")
    yard.evaluations.run(model="churn", dataset=str(folder / "rows.csv"), target="target")
    with yard.open().begin() as db:
        version = dict(db.execute(select(versions)).mappings().one())
        evaluation = dict(db.execute(select(evaluations)).mappings().one())
        copies = range(1, count)
        db.execute(insert(versions), [{**version, "version": f"v{n}"} for n in copies])
        named = [{**evaluation, "version": f"v{n}", "id": f"e{n}"} for n in copies]
        db.execute(insert(evaluations), named)


def measure(yard: modelyard.Workspace, count: int) -> None:
    """Print how long each thing takes."""
    context = yard.open()
    tell("first look", lambda: collect(context), 1)
    tell("look that finds nothing", lambda: collect(context), 5)
    yard.versions.update(model="churn", version="v7", description="a punctual one")
    tell("look that finds one change", lambda: collect(context), 1)
    govern = yard.govern
    tell("first 100 of them", lambda: govern.items(limit=100), AGAIN)
    page: Any = govern.items(kind="version", limit=100)
    tell("next 100 of a kind", lambda: govern.items(kind="version", limit=100, after=page.next))
    tell("search for a description", lambda: govern.items(search="punctual", limit=100))
    tell("search for an id", lambda: govern.items(search=f"v{count - 1}", limit=100))
    fill(yard)
    measure_lists(govern)
    tell("open one", lambda: govern.show(item=f"version:default/churn/v{count // 2}"))
    tell("timeline of one", lambda: govern.timeline(item="version:default/churn/v7", limit=100))
    activate(yard, count)
    tell("judge all the first time", lambda: evaluate(context, lambda: False), 1)
    tell("judge when nothing changed", lambda: evaluate(context, lambda: False), 5)
    yard.versions.update(model="m-v9", version="v9", description="another one")
    collect(context)
    tell("judge when one changed", lambda: evaluate(context, lambda: False), 1)


def fill(yard: modelyard.Workspace) -> None:
    """Have every item say something in a field, as if it had been governed."""
    with yard.open().begin() as db:
        named = db.scalars(select(governed_items.c.id)).all()
        told = {"part": "fields", "name": "size", "place": 0}
        rows = [
            {**told, "item": item, "text": str(at), "number": float(at)}
            for at, item in enumerate(named)
        ]
        db.execute(insert(item_values), rows)


def activate(yard: modelyard.Workspace, count: int) -> None:
    """Have each be the active version of a model of its own, and make a policy."""
    clauses = "[{kind: metric, metric: accuracy, at_least: 0.1, days: 30}, {kind: scan}]"
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(f"clauses: {clauses}")
        file.flush()
        yard.policies.create(name="good", file=file.name)
    with yard.open().begin() as db:
        model = dict(db.execute(select(models)).mappings().one())
        copies = [f"v{n}" for n in range(1, count)]
        named = [{**model, "name": f"m-{each}", "active_version": each} for each in copies]
        db.execute(insert(models), named)
        for table in (versions, evaluations):
            moved = update(table).where(table.c.version != "v0")
            db.execute(moved.values(model="m-" + table.c.version))
    collect(yard.open())


def measure_lists(govern: Any) -> None:
    """Print how long trees, groups, filters and registries take."""
    tell("top of the tree", lambda: govern.items(top=True, limit=50))
    tell("below a model", lambda: govern.items(under="model:default/churn", limit=50))
    tell("grouped by state", lambda: govern.items(group="state", limit=50))
    tell("newest first", lambda: govern.items(sort="changed", limit=50))
    tell("by what a field says", lambda: govern.items(by_field="size", limit=50))
    asked = {"any_of": [{"item": "name", "contains": "v77"}, {"field": "risk", "above": 3}]}
    tell("filter by name or field", lambda: govern.items(where=asked, limit=50))
    late = {"metric": "accuracy", "below": 0.9}
    tell("filter by newest metric", lambda: govern.items(where=late, limit=50))
    live = {"fact": "deployments.*.stage", "equals": "production"}
    tell("filter by facts", lambda: govern.items(where=live, limit=50))
    tell("registry of models", lambda: govern.models(limit=25))
    tell("what waits for me", govern.tasks)


def tell(what: str, call: Callable[[], Any], times: int = AGAIN) -> None:
    """Print the median and the longest of some times."""
    took = []
    for _ in range(times):
        begun = time.perf_counter()
        call()
        took.append((time.perf_counter() - begun) * 1000)
    median, longest = statistics.median(took), max(took)
    print(f"{what:30} median {median:9.1f} ms   longest {longest:9.1f} ms", flush=True)


if __name__ == "__main__":
    main()
