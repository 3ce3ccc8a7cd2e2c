"""Long lists in parts: the same on SQLite and on PostgreSQL."""

from __future__ import annotations

import base64
import json
import random
from datetime import timedelta

import pytest
from sqlalchemy import func, insert, literal, select

from modelyard import errors
from modelyard.kernel.paging import Paged
from modelyard.kernel.values import now
from modelyard.store.database import transaction
from modelyard.store.paging import matches, page, searchable
from modelyard.store.tables import envs, models, projects
from modelyard.store.tables.columns import Moment

COUNT = 57


@pytest.fixture
def filled(engine):
    """Envs of a few moments, in no order."""
    moments = [now() + timedelta(seconds=number % 5) for number in range(COUNT)]
    rows = [
        {"id": f"{number:032d}", "created": moments[number % 7], "body": str(number)}
        for number in range(COUNT)
    ]
    random.Random(7).shuffle(rows)
    with transaction(engine) as db:
        db.execute(insert(envs), rows)
    return engine


def walk(engine, by, limit, *, descending=False):
    """Every part of the list of envs, with the cursors between them."""
    parts, after = [], None
    with transaction(engine) as db:
        while True:
            asked = Paged(limit=limit, after=after)
            found = page(
                db, select(envs.c.body), by, asked, lambda row: row.body, descending=descending
            )
            parts.append(list(found))
            after = found.next
            if after is None:
                return parts


@pytest.mark.parametrize("limit", [1, 10, 56, 57, 58, None])
@pytest.mark.parametrize("descending", [False, True])
def test_the_parts_make_the_whole(filled, limit, descending):
    by = [envs.c.created, envs.c.id]
    with transaction(filled) as db:
        order = [key.desc() if descending else key for key in by]
        whole = list(db.scalars(select(envs.c.body).order_by(*order)))
    parts = walk(filled, by, limit, descending=descending)
    assert [each for part in parts for each in part] == whole
    assert all(len(part) == limit for part in parts[:-1])
    assert parts[-1]


@pytest.mark.parametrize("descending", [False, True])
def test_a_part_tells_its_place_where_it_is_counted(filled, descending):
    wanted = select(envs.c.body).where(envs.c.id > f"{6:032d}")
    by, after, places = [envs.c.created, envs.c.id], None, []
    with transaction(filled) as db:
        while after is not None or not places:
            found = page(
                db,
                wanted,
                by,
                Paged(limit=20, after=after),
                lambda row: row.body,
                descending=descending,
                counted=True,
            )
            places.append((found.first, len(found), found.total))
            after = found.next
        whole = page(db, wanted, by, Paged(limit=COUNT), lambda row: row.body, counted=True)
        uncounted = page(db, wanted, by, Paged(limit=1), lambda row: row.body)
    assert places == [(1, 20, 50), (21, 20, 50), (41, 10, 50)]
    assert (len(whole), whole.first, whole.total) == (50, None, None)
    assert (uncounted.first, uncounted.total) == (None, None)


def test_orders_may_be_computed(filled):
    never = literal(now() - timedelta(days=9), Moment)
    by = [func.coalesce(envs.c.created, never), envs.c.id]
    assert len([each for part in walk(filled, by, 8) for each in part]) == COUNT


def test_what_is_added_meanwhile_moves_nothing(engine):
    asked = Paged(limit=2)
    with transaction(engine) as db:
        for key in ("b", "d", "f"):
            db.execute(insert(projects).values(key=key, description="", created=now()))
        seen = page(db, select(projects.c.key), [projects.c.key], asked, lambda row: row.key)
        db.execute(insert(projects).values(key="a", description="", created=now()))
        asked = Paged(limit=9, after=seen.next)
        rest = page(db, select(projects.c.key), [projects.c.key], asked, lambda row: row.key)
    assert (list(seen), list(rest)) == (["b", "d"], ["default", "f"])


def forged(*values):
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode()


def test_cursors_of_nothing_are_refused(filled):
    by = [envs.c.created, envs.c.id]
    with transaction(filled) as db:
        real = page(db, select(envs.c.body), by, Paged(limit=1), lambda row: row.body).next
        mark = json.loads(base64.urlsafe_b64decode(real + "=="))[0]
        other = page(
            db, select(projects.c.key), [projects.c.key], Paged(limit=1), lambda row: row.key
        )
        assert other.next is None
        for cursor in (
            "x",
            "é",
            "",
            real[:-3],
            real + "!",
            forged(mark),
            forged(mark, "yesterday", "7"),
            forged(mark, now().isoformat(), 7),
            forged(mark, now().isoformat(), "a\0b"),
            forged(mark, now().isoformat(), "7", "8"),
            forged("abcdef", now().isoformat(), "7"),
            forged({}),
            forged(mark, "0001-01-01T00:00+14:00", "7"),
            base64.urlsafe_b64encode(b"[" * 3000).decode(),
        ):
            with pytest.raises(errors.Invalid, match="cursor"):
                page(db, select(envs.c.body), by, Paged(after=cursor), lambda row: row.body)


def test_a_search_knows_no_case_and_no_patterns(engine):
    texts = {"a": "Été in 100%", "b": "STRASSE", "c": "x_y"}
    with transaction(engine) as db:
        for name, text in texts.items():
            db.execute(
                insert(models).values(
                    project="default",
                    name=name,
                    prediction_type="other",
                    description=text,
                    created=now(),
                    searched=searchable(name, text),
                )
            )

        def found(wanted):
            return set(db.scalars(select(models.c.name).where(matches(models.c.searched, wanted))))

        assert found("éTÉ") == {"a"}
        assert found("0%") == {"a"}
        assert found("straße") == {"b"}
        assert found("x_y") == {"c"}
        assert found("%") == {"a"}
        assert found("_") == {"c"}
