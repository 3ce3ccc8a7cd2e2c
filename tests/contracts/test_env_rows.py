"""Rows of code envs are kept alike on SQLite and on PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from modelyard import errors
from modelyard.kernel.paging import ALL
from modelyard.runtime import repository
from modelyard.runtime.types import CodeEnv, EnvRequest, Relaxation
from modelyard.store.database import transaction

ENV = CodeEnv(
    id="0123456789abcdef",
    python="3.10.13",
    packages=("numpy==1.26.4",),
    asked=EnvRequest(source="requirements.txt"),
    created=datetime(2026, 1, 1, tzinfo=UTC),
)
RELAXED = (Relaxation(asked="numpy==1.26.3", built="numpy==1.26.4", reason="a test"),)


def test_an_env_is_kept_once(engine):
    with transaction(engine) as db:
        repository.add_env(db, ENV)
        repository.add_env(db, ENV.model_copy(update={"python": "3.10.14"}))
        assert repository.list_envs(db, ALL) == [ENV]


def test_a_request_finds_its_env_with_its_own_relaxations(engine):
    with transaction(engine) as db:
        repository.add_env(db, ENV)
        for relaxations in ((), RELAXED):
            answer = ENV.model_copy(update={"relaxations": relaxations})
            repository.add_request(db, "key", answer)
            assert repository.find_by_request(db, "key") == answer
        assert repository.find_by_request(db, "other") is None


def test_a_name_stands_for_the_env_it_was_given_to_last(engine):
    other = ENV.model_copy(update={"id": "f" * 16})
    with transaction(engine) as db:
        for env in (ENV, other):
            repository.add_env(db, env)
            repository.give_name(db, "team", env.id)
        assert repository.get_env(db, "team") == other.model_copy(update={"name": "team"})
        assert repository.names_of(db, ENV.id) == ()


def test_a_deleted_env_takes_its_names_and_requests_along(engine):
    with transaction(engine) as db:
        repository.add_env(db, ENV)
        repository.add_request(db, "key", ENV)
        repository.give_name(db, "team", ENV.id)
        repository.delete_env(db, ENV.id)
        assert repository.find_by_request(db, "key") is None
        with pytest.raises(errors.NotFound, match="no code env 'team'"):
            repository.get_env(db, "team")
