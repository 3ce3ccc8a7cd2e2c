"""Databases and schemas on the PostgreSQL server of the tests."""

from __future__ import annotations

import uuid
from contextlib import contextmanager

import pytest
from sqlalchemy import create_engine, make_url, text


class SchemasOfFixtures:
    """A plugin of pytest: fixtures that many tests share open workspaces in schemas of their own.

    One that builds on another is where that one is.
    """

    def __init__(self):
        self._urls = {}

    def of_any(self, names):
        """The URL of the schema of the first of these fixtures that opened a workspace."""
        return next((self._urls[name] for name in names if name in self._urls), None)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef, request):
        if fixturedef.scope == "function" or fixturedef.argname == "postgres_server":
            return (yield)
        server = request.getfixturevalue("postgres_server")
        known = self.of_any(fixturedef.argnames)
        url = known or new_schema(server)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("MODELYARD_DATABASE", url)
            made = yield
        if known or _has_tables(server, url):
            self._urls[fixturedef.argname] = url
        return made

    def pytest_fixture_post_finalizer(self, fixturedef):
        self._urls.pop(fixturedef.argname, None)


@contextmanager
def new_database(server):
    """The URL of an empty database for a while."""
    name = f"test_{uuid.uuid4().hex}"
    on(server, f"create database {name}")
    yield _url_of(server).set(database=name).render_as_string(hide_password=False)
    on(server, f"drop database {name} with (force)")


def new_schema(server):
    """The URL of an empty schema, which stays until the server goes."""
    name = f"test_{uuid.uuid4().hex}"
    on(server, f"create schema {name}")
    url = _url_of(server).update_query_dict({"options": f"-csearch_path={name}"})
    return url.render_as_string(hide_password=False)


def on(server, statement, **values):
    """Have a statement carried out; the rows that it gives."""
    engine = create_engine(_url_of(server), isolation_level="AUTOCOMMIT")
    with engine.connect() as db:
        done = db.execute(text(statement), values)
        rows = done.all() if done.returns_rows else []
    engine.dispose()
    return rows


def _has_tables(server, url):
    schema = make_url(url).query["options"].partition("=")[2]
    return bool(on(server, "select 1 from pg_tables where schemaname = :name", name=schema))


def _url_of(server):
    return make_url(server.get_uri()).set(drivername="postgresql+psycopg")
