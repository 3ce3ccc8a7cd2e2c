"""A workspace with a service of three packages, and places that are values."""

from __future__ import annotations

import shutil
from contextlib import closing
from uuid import uuid4

import pytest
from pydantic import Field
from tests.rooms.deployments.made import Made
from tests.sharing import made_once

import modelyard
from modelyard.deployments.drivers import access
from modelyard.deployments.drivers.options import Listed, Options, Paired
from modelyard.kernel.plugs import Plugs
from modelyard.store.tables import deployments

PACKAGES = ("p1", "p2", "p3")


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """Its folder, a copy for each process of the tests: their places have the same names."""
    original = made_once(tmp_path_factory, "deployed", make_yard)
    return shutil.copytree(original, tmp_path_factory.mktemp("deployed") / "copy")


@pytest.fixture(scope="session")
def shared(made):
    """The workspace, which tests share: each deploys under ids of its own."""
    with closing(modelyard.open(made / "yard", actor="ada")) as yard:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("MODELYARD_ALERTS__WEBHOOKS", '["127.0.0.1"]')
            yard.open()
        yield yard


@pytest.fixture
def deployed(shared, there):
    """The id of a deployment of p1, which goes with its infrastructure's name."""
    shared.deployments.create(name=there, service="api", package="p1", infrastructure=there)
    return there


@pytest.fixture
def places(shared, monkeypatch):
    """The driver `made`, and what its places hold; nodes are named a, b and c."""
    driver = Made("a", "b", "c")
    fixed = Plugs("drivers", "driver", {"made": MadeKind(driver), **access.BUILT_IN})
    monkeypatch.setattr(access, "DRIVERS", fixed)
    return driver


@pytest.fixture
def there(shared, places):
    """The name of a new infrastructure of that driver, whose deployments go with the test."""
    name = f"on-{uuid4().hex}"
    shared.infrastructures.create(name=name, stage="test", driver="made")
    yield name
    with shared.open().begin() as db:
        db.execute(deployments.delete().where(deployments.c.infrastructure == name))


class MadeOptions(Options):
    """What the driver of a test has to know."""

    replicas: int = Field(default=1, ge=1)
    labels: Paired[str] = {}
    zones: Listed[str] = ()


class MadeKind:
    """The driver of a test."""

    options = MadeOptions

    def __init__(self, driver: Made) -> None:
        self.driver = driver

    def require_fit(self, db, infrastructure) -> None:
        pass

    def open(self, context, infrastructure) -> Made:
        return self.driver


def make_yard(folder):
    """The service `api` with packages, of which no test changes anything."""
    people = folder / "people.csv"
    people.write_text("id,city\n1,Paris\n2,Rome\n")
    with closing(modelyard.open(folder / "yard", actor="ada")) as yard:
        yard.datasets.create(name="people", path=str(people))
        yard.services.create(name="api")
        looked = {"dataset": "people", "key": {"id": "id"}, "column": {"city": "city"}}
        yard.endpoints.lookup(service="api", endpoint="city", **looked)
        yard.queries.add(service="api", endpoint="city", name="two", value={"id": 2})
        for package in PACKAGES:
            yard.packages.create(service="api", package=package)
