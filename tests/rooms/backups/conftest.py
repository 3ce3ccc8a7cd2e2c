"""A workspace that people have worked in, and backups of it."""

from __future__ import annotations

import hashlib
import json
import zipfile
from dataclasses import dataclass
from functools import partial
from itertools import compress
from pathlib import Path

import pytest
from sqlalchemy import MetaData, insert, select
from tests.e2e.models import write_model
from tests.postgres import new_schema

import modelyard
from modelyard.store import tables
from modelyard.store.database import migrate_within, transaction

SETTINGS = """\
# how our team has it
[trust]
allowed = ["data_only", "known_safe", "needs_review"]  # all but dangerous
[security]
secret = "signs-all-cookies-0123456789-0123456789"
[security.oidc]
client_secret = "told-by-the-provider"
[sources]
tracking_uri = "https://me:mlflow-password@mlflow.example.org"
registry_uri = "https://mlflow.example.org"
"""
TEXTS = [
    "",
    "\u00fc\U0001f600\u202e\x01\x7f\ufffd",
    "'\";--\\",
    '{"moment": 1}',
    "\r\n\t",
    "x" * 70_000,
]


@dataclass(frozen=True)
class LivedIn:
    """A workspace, its folder, and a backup of it."""

    folder: Path
    backup: Path
    score: Path
    """What its model made of the rows of in.csv."""


@pytest.fixture(autouse=True)
def chosen_database(monkeypatch):
    """These tests name their databases."""
    monkeypatch.delenv("MODELYARD_DATABASE", raising=False)


@pytest.fixture
def empty_database(request):
    """Makes empty databases as they were asked for; None stands for a file in the folder."""
    if request.config.getoption("--database") == "postgresql":
        return partial(new_schema, request.getfixturevalue("postgres_server"))
    return lambda: None


@pytest.fixture(scope="session")
def lived_in(tmp_path_factory):
    """A workspace in SQLite with a bit of everything."""
    top = tmp_path_factory.mktemp("backups")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MODELYARD_DATABASE", raising=False)
        patch.setenv("MODELYARD_ENVS__DEFAULT", "local")
        folder = top / "yard"
        folder.mkdir()
        (folder / "modelyard.toml").write_text(SETTINGS)
        yard = modelyard.open(folder, actor="tester")
        populate(yard, top)
        strange_rows(yard)
        yard.backups.create(to=str(top / "backup.zip"))
        yard.close()
    return LivedIn(folder, top / "backup.zip", top / "scored.csv")


def populate(yard, top):
    """What people do."""
    (top / "in.csv").write_text("id,age,fare\na,40,1\nb,20,2\n")
    yard.models.create(name="churn", prediction_type="binary_classification")
    source = str(write_model(top / "plain"))
    yard.versions.import_(model="churn", version="v1", source=source, classes=("no", "yes"))
    yard.files.put(file=str(top / "in.csv"), path="data/in.csv")
    yard.datasets.create(name="holdout", path="files://data/in.csv")
    yard.scoring.run(model="churn", input="holdout", output="files://out/scored.csv")
    yard.files.get(path="out/scored.csv", to=str(top / "scored.csv"))
    yard.recipes.create(
        name="daily", model="churn", input="holdout", output="files://out/daily.csv"
    )
    yard.users.create(name="ann", admin=True)
    yard.groups.create(name="team", users=("ann",))
    yard.keys.create(name="ci", user="ann")
    yard.jobs.submit(command="audit.verify", given={})


def strange_rows(yard):
    """Values that a careless copy would change, and rows that a backup leaves out."""
    with yard.open().begin() as db:
        job = dict(db.execute(select(tables.jobs)).mappings().one())
        running = {"id": "1-running", "state": "running", "worker": "gone", "lease_until": 1.5}
        numbers = {"rows": 2**63 - 1, "fraction": float("inf"), "started": 0.1 + 0.2}
        db.execute(insert(tables.jobs).values({**job, **running, **numbers}))
        lines = [
            {"job": "1-running", "line": number, "at": 5e-324, "text": text}
            for number, text in enumerate(TEXTS)
        ]
        db.execute(insert(tables.job_lines), lines)
        when = db.scalar(select(tables.users.c.created))
        db.execute(
            insert(tables.sessions).values(
                id="s", sha256="5" * 64, user="ann", way="password", address="", agent="",
                created=when, expires=when, seen=when,
            )
        )  # fmt: skip
        db.execute(insert(tables.server_secrets).values(name="cookies", secret="kept-in-the-rows"))


def rows_in(yard, *, without=()):
    """All rows of a workspace by table."""
    with yard.open().read() as db:
        return {
            table.name: db.execute(select(table).order_by(*table.primary_key)).all()
            for table in tables.metadata.sorted_tables
            if table.name not in without
        }


def rewritten(backup, target, *, manifest=None, change=None, drop=(), add=None):
    """A copy of a backup with some of it changed: members' bytes, its table of contents."""
    with zipfile.ZipFile(backup) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name in drop:
                continue
            content = old.read(name)
            if name == "manifest.json" and manifest:
                told = json.loads(content)
                manifest(told)
                content = json.dumps(told).encode()
            new.writestr(name, (change or {}).get(name, content))
        for name, content in (add or {}).items():
            new.writestr(name, content)
    return target


def aged(backup, target, revision, engine):
    """A backup as it would be of tables at an earlier revision; the engine is of an empty one."""
    there = MetaData()
    with transaction(engine) as db:
        migrate_within(db, revision)
        there.reflect(db)
    with zipfile.ZipFile(backup) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        tables_then, change, drop = [], {}, []
        for table in manifest["tables"]:
            name = f"rows/{table['name']}.jsonl"
            if table["name"] not in there.tables:
                drop.append(name)
                continue
            known = [column in there.tables[table["name"]].c for column in table["columns"]]
            lines = (json.loads(line) for line in archive.read(name).splitlines())
            kept = (json.dumps(list(compress(line, known))) for line in lines)
            change[name] = "".join(f"{line}\n" for line in kept).encode()
            tables_then.append({**table, "columns": list(compress(table["columns"], known))})

    def told(manifest):
        manifest |= {"revision": revision, "tables": tables_then}
        manifest["members"] = [each for each in manifest["members"] if each["name"] not in drop]
        for member in manifest["members"]:
            if (content := change.get(member["name"])) is not None:
                sha256 = hashlib.sha256(content).hexdigest()
                member |= {"size": len(content), "sha256": sha256}

    return rewritten(backup, target, manifest=told, change=change, drop=drop)
