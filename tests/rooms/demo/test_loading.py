"""What a load of the demo refuses, and how it ends where it cannot go on."""

from __future__ import annotations

from contextlib import closing

import pytest

import modelyard
from modelyard import errors
from modelyard.demo.contents import MARK
from modelyard.kernel.identity import Identity

EVE = Identity("eve", "user")


@pytest.fixture
def eve(yard):
    """A user without any role."""
    yard.users.create(name="eve")
    return yard.acting(EVE)


def test_a_project_that_is_not_the_demos_is_not_touched(yard):
    yard.projects.create(key="demo", description="ours")
    with pytest.raises(errors.Conflict, match="is not the demo: load the demo into another"):
        yard.demo.load()
    assert yard.projects.show(key="demo").description == "ours"
    assert yard.files.list(project="demo") == []


def test_a_project_that_one_must_not_see_is_told_in_the_same_words(yard, eve):
    yard.projects.create(key="demo", description="ours", variables=MARK)
    with pytest.raises(errors.Conflict, match="is not the demo: load the demo into another"):
        eve.demo.load()


def test_each_command_in_it_takes_the_rights_of_whoever_loads_it(yard, eve):
    yard.projects.create(key="demo", variables=MARK)
    yard.members.add(project="demo", name="eve", role="reader")
    with pytest.raises(errors.Forbidden, match="the right files:write"):
        eve.demo.load()
    refused = yard.audit.list(actor="eve", outcome="forbidden")
    assert {entry.action for entry in refused} == {"files.put", "demo.load"}


def test_where_no_index_is_reached_the_rest_stays_and_it_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    fractions = []

    def progress(_message, *, fraction=None, rows=None):
        fractions.append(fraction)

    with closing(modelyard.open(tmp_path / "yard", progress=progress)) as yard:
        told = "its version late v1 could not be made: the package index cannot be reached"
        with pytest.raises(errors.Unavailable, match=told) as caught:
            yard.demo.load()
        assert "load the demo again; it goes on from there" in caught.value.detail
        assert [each.name for each in yard.datasets.list(project="demo")] == ["history", "june"]
        assert [each.versions for each in yard.models.list(project="demo")] == [0]
    assert fractions == sorted(fractions)
    assert 0.1 < fractions[-1] < 0.5
