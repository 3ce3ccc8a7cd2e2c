"""A real API node in processes of its own, whose lookups need no worker."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.rooms.serving.node.nodes import DAY
from tests.rooms.serving.packages.packing import PEOPLE, parquet

import modelyard
from modelyard.serving.administration.node import Node
from modelyard.serving.packages.types import (
    Enrichment,
    LookupEndpoint,
    PackageContent,
    PackagedTable,
    TestQuery,
)
from modelyard.serving.packages.writing import write_package

SERVE = [sys.executable, "-m", "modelyard", "node", "serve"]

LOOKUP = Enrichment(name="p", table="people", keys={"id": "id"}, columns={"city": "city"})
TWO = TestQuery(name="two", query={"id": 2}, expected={"city": "Rome"})
CITY = LookupEndpoint(name="city", lookups=(LOOKUP,), test_queries=(TWO,))


def towns(target: Path, name: str, **more) -> Path:
    """A package of the service `towns`, whose endpoint `city` looks people up."""
    told = {
        "service": "towns",
        "package": name,
        "created": DAY,
        "created_by": "ann",
        "made_with": "0.1.0",
        "tables": (
            PackagedTable(
                name="people",
                source="people",
                file="tables/people.parquet",
                columns={"id": "int64", "city": "string"},
                rows=2,
            ),
        ),
        "endpoints": (CITY,),
    }
    file = target / f"{told['service']}-{name}.zip"
    write_package(file, PackageContent(**(told | more)), {"tables/people.parquet": parquet(PEOPLE)})
    return file


@dataclass
class RealNode:
    """A node that runs, with its keys."""

    node: Node
    process: subprocess.Popen
    url: str
    keys: dict[str, str] = field(default_factory=dict)


@pytest.fixture(scope="session")
def real(tmp_path_factory):
    """A node with the service `towns`, of which p1 is active; nobody changes it for good."""
    top = tmp_path_factory.mktemp("real")
    node = modelyard.node(top / "node", actor="ann")
    node.init()
    node.import_(file=str(towns(top, "p1")))
    node.activate(service="towns", generation="p1")
    keys = {
        "admin": node.keys.create(label="yard").secret,
        "looks": node.keys.create(read_only=True).secret,
        "service": node.keys.create(service="towns").secret,
    }
    process = subprocess.Popen(
        [*SERVE, "--port", "0", "--folder", str(node.folder)],
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    said = process.stdout.readline()
    assert "http://" in said, process.stderr.read()
    yield RealNode(node, process, said.split()[-1], keys)
    process.terminate()
    process.communicate(timeout=60)


@pytest.fixture
def yard(tmp_path):
    """A new workspace."""
    yard = modelyard.open(tmp_path / "yard", actor="ada")
    yield yard
    yard.close()


@pytest.fixture
def known(yard, real):
    """A workspace that administers the real node as `prod-1`."""
    yard.nodes.add(name="prod-1", address=real.url, key=real.keys["admin"])
    return yard
