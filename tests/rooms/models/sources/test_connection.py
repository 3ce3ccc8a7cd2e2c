"""Models in a subfolder of a connection."""

from __future__ import annotations

import sqlite3

import pytest
from tests.rooms.models.sources.conftest import files_of

from modelyard import errors
from modelyard.data.commands import CreateConnection


@pytest.fixture(autouse=True)
def _connection(yard, model):
    yard.run(CreateConnection(name="lake", path=str(model.parent.parent)))


@pytest.mark.parametrize("path", ["here/model", "/here/model", "here//model/", "here/./model"])
def test_a_path_below_the_connection_may_start_with_a_slash(model, target, copy, path):
    lineage = copy(f"connection://lake/{path}")
    assert files_of(target) == files_of(model)
    assert lineage.source == f"connection://lake/{path}"
    assert lineage.run_id == "5f3c1b0a9d8e4f7aa6b5c4d3e2f1a0b9"


def test_a_path_out_of_the_connection_is_refused(yard, model, copy):
    yard.run(CreateConnection(name="inner", path=str(model)))
    with pytest.raises(errors.Invalid, match=r"\.\. leads out of the folder of the connection"):
        copy("connection://inner/..")


def test_a_link_out_of_the_connection_is_refused(yard, tmp_path, model, copy):
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "door").symlink_to(model)
    yard.run(CreateConnection(name="empty", path=str(tmp_path / "empty")))
    with pytest.raises(errors.Invalid, match="leads out of the folder"):
        copy("connection://empty/door")


def test_an_unknown_connection(copy):
    with pytest.raises(errors.NotFound, match="lake"):
        copy("connection://lakes/here/model")


def test_a_connection_to_a_database_holds_no_models(yard, tmp_path, copy):
    sqlite3.connect(tmp_path / "warehouse.db").close()
    yard.run(CreateConnection(name="warehouse", database=f"sqlite:///{tmp_path}/warehouse.db"))
    with pytest.raises(errors.Invalid, match="'warehouse' is a database, not a folder"):
        copy("connection://warehouse/model")


@pytest.mark.parametrize("source", ["connection:///model", "connection:/lake/model"])
def test_a_source_that_names_no_connection(copy, source):
    with pytest.raises(errors.Invalid, match="write connection://NAME/path"):
        copy(source)


def test_nothing_there(copy):
    with pytest.raises(errors.NotFound, match="holds: here"):
        copy("connection://lake/nowhere")
