"""Filters find in the database what plain Python finds, whatever they ask."""

from __future__ import annotations

import json
from datetime import timedelta

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter
from sqlalchemy import delete, insert, select

from modelyard.governance.listing.filtering import Looking, faults_of
from modelyard.governance.roles.values import note
from modelyard.governance.signoffs.repository import life_of
from modelyard.governance.templates.conditions import Condition, Known
from modelyard.kernel.values import now
from modelyard.store.tables import governed_items, item_values, signoffs

CONDITION = TypeAdapter(Condition)
STATUSES = ("NOT_STARTED", "WAITING_FOR_APPROVAL", "APPROVED", "REJECTED")
TEXTS = st.sampled_from(["", "a", "B", "ab", "1", "true", "é", "a%b", "it's"])
SCALARS = st.one_of(
    TEXTS, st.integers(-3, 3), st.sampled_from([0.5, 1.0, -2.25]), st.booleans(), st.none()
)
VALUES = st.one_of(
    SCALARS,
    st.lists(SCALARS, min_size=1, max_size=3),
    st.dictionaries(st.sampled_from(["a", "b"]), SCALARS, max_size=2),
)
SAID = VALUES.filter(lambda value: value is not None)
"""What fields say; they have no value otherwise."""
PLACES = st.dictionaries(
    st.sampled_from(["x:1/2", "y"]),
    st.dictionaries(st.sampled_from(["stage", "health"]), VALUES, max_size=2),
    max_size=2,
)
METRICS = st.dictionaries(
    st.sampled_from(["auc", "my own"]), st.one_of(st.none(), st.floats(-1, 1)), max_size=2
)


@st.composite
def evaluation(draw):
    minute = draw(st.integers(0, 9))
    key = draw(st.sampled_from(["e1", "e2", "e3"]))
    return {"id": key, "created": f"2026-05-01T00:0{minute}:00Z", "metrics": draw(METRICS)}


FACTS = st.fixed_dictionaries(
    {},
    optional={
        "version": st.dictionaries(st.sampled_from(["flavor", "size"]), VALUES, max_size=2),
        "deployments": st.one_of(PLACES, st.lists(st.one_of(SCALARS, PLACES), max_size=2)),
        "evaluations": st.dictionaries(st.sampled_from(["e1", "e2"]), evaluation(), max_size=2),
        "monitoring": st.dictionaries(
            st.sampled_from(["s", "t"]), st.fixed_dictionaries({"newest": evaluation()}), max_size=2
        ),
    },
)
STEPS = ("one", "two")


@st.composite
def items(draw):
    """An item with its sign-offs, as filters know it."""
    kind = draw(st.sampled_from(["model", "version"]))
    ago = draw(st.integers(0, 5))
    statuses = draw(st.dictionaries(st.sampled_from(STEPS), st.sampled_from(STATUSES)))
    return {
        "kind": kind,
        "state": draw(st.sampled_from(["new", "governed"])),
        "template": draw(st.sampled_from([None, "review"])),
        "status": draw(st.sampled_from(["", "Review"])),
        "ago": ago,
        "gone": draw(st.booleans()),
        "fields": draw(st.dictionaries(st.sampled_from(["risk", "owner"]), SAID)),
        "steps": draw(
            st.dictionaries(st.sampled_from(STEPS), st.sampled_from(["NOT_STARTED", "ONGOING"]))
        ),
        "facts": draw(FACTS),
        "signoffs": statuses,
        "moved": draw(st.booleans()),
    }


def said(key):
    """What a test of a value says: some of its bounds, or alternatives, or whether it is given."""
    numbers = st.sampled_from([-1.0, 0.5, 1, 2])
    one = st.fixed_dictionaries({}, optional={"above": numbers, "below": numbers})
    return st.one_of(
        st.booleans().map(lambda value: {"given": value}),
        st.tuples(SCALARS.filter(lambda v: v is not None), one).map(
            lambda pair: {"equals": pair[0], **pair[1]}
        ),
        st.tuples(st.lists(SCALARS, min_size=1, max_size=3), one).map(
            lambda pair: {"one_of": pair[0], **pair[1]}
        ),
        one.filter(bool),
    ).map(lambda test: {**key, **test})


TESTS = st.one_of(
    st.sampled_from(["risk", "owner", "none"]).flatmap(lambda name: said({"field": name})),
    st.sampled_from(
        ["version.flavor", "version", "deployments.*.stage", "deployments.*.none", "nothing"]
    ).flatmap(lambda name: said({"fact": name})),
    st.builds(
        lambda step, status: {"step": step, "status": status},
        st.sampled_from([*STEPS, "none"]),
        st.sampled_from(["NOT_STARTED", "ONGOING"]),
    ),
    st.builds(
        lambda step, status: {"signoff": step, "status": status},
        st.sampled_from([*STEPS, "*", "none"]),
        st.sampled_from(STATUSES),
    ),
    st.builds(
        lambda name, test: {"item": name, **test},
        st.sampled_from(["kind", "state", "template", "status", "id"]),
        st.one_of(
            st.booleans().map(lambda value: {"given": value}),
            st.sampled_from(["", "model", "review", "new"]).map(lambda text: {"equals": text}),
            st.sampled_from(["E", "%", "é"]).map(lambda text: {"contains": text}),
            st.just({"one_of": ["governed", "version"]}),
        ),
    ),
    st.builds(
        lambda name, days: {"time": name, "within_days": days},
        st.sampled_from(["created", "changed", "gone"]),
        st.sampled_from([0.5, 2.5, 100]),
    ),
    st.builds(
        lambda name, test: {"metric": name, **test},
        st.sampled_from(["auc", "my own", "other"]),
        st.sampled_from([{"given": True}, {"given": False}, {"above": 0}, {"below": 0.5}]),
    ),
)
CONDITIONS = st.recursive(
    TESTS,
    lambda inner: st.builds(
        lambda key, parts: {key: parts},
        st.sampled_from(["all_of", "any_of", "none_of"]),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=6,
)


PLAIN = {"kind": "model", "state": "new", "template": None, "status": "", "ago": 0, "gone": False}
PLAIN |= {"fields": {}, "steps": {}, "facts": {}, "signoffs": {}, "moved": False}


def put(db, found, at):
    """Write items down; gives what is known of each, by id."""
    db.execute(delete(signoffs))
    db.execute(delete(governed_items))
    db.execute(delete(item_values))
    known = {}
    for number, each in enumerate(found):
        item, moment = f"{each['kind']}:p/{number}", at - timedelta(days=each["ago"])
        row = {name: each[name] for name in ("kind", "state", "template", "status")}
        row |= {"id": item, "project": "p", "name": str(number), "parent": None, "stage": ""}
        row |= {"created": moment, "changed": moment, "gone": moment if each["gone"] else None}
        more = {"state_from": "", "template_version": 1, "readers": "", "digest": "now"}
        more |= {"marks": "", "searched": ""}
        documents = {name: json.dumps(each[name]) for name in ("facts", "fields", "steps")}
        db.execute(insert(governed_items).values(**row, **more, **documents))
        note(db, [(item, each["fields"], each["steps"])])
        held = {}
        for step, status in each["signoffs"].items():
            about = {"item": item, "step": step, "number": 1, "current": True, "status": status}
            life = life_of(moment, each["template"])
            facts = "then" if each["moved"] else "now"
            db.execute(insert(signoffs).values(**about, life=life, facts=facts, body="{}"))
            bound = status in ("WAITING_FOR_APPROVAL", "APPROVED")
            held[step] = "NOT_STARTED" if each["moved"] and bound else status
        held = held if each["state"] == "governed" else {}
        known[item] = Known(each["fields"], each["steps"], held, row, each["facts"], at)
    return known


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(items(), min_size=1, max_size=4), st.lists(CONDITIONS, min_size=1, max_size=3))
@example([{**PLAIN, "fields": {"risk": {}}}], [{"field": "risk", "one_of": [None]}])
def test_the_database_finds_what_python_finds(engine, found, conditions):
    at = now()
    with engine.connect() as db:
        known = put(db, found, at)
        for text in conditions:
            condition = CONDITION.validate_python(text)
            assert not list(faults_of(condition))
            query = select(governed_items.c.id).where(Looking(at).holding(condition))
            wanted = {item for item, each in known.items() if condition.holds(each)}
            assert set(db.scalars(query)) == wanted, text
        db.rollback()
