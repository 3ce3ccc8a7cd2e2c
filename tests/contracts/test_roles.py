"""The database finds the items that roles let somebody see as plain Python does, on both kinds."""

from __future__ import annotations

from contextlib import closing
from itertools import product

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select
from tests.governed import governed, published

import modelyard
from modelyard.governance.items import repository as items
from modelyard.governance.items.merging import Kept
from modelyard.governance.items.types import Item
from modelyard.governance.roles.access import Access
from modelyard.governance.roles.granting import grants_of
from modelyard.governance.roles.people import Person
from modelyard.governance.roles.types import GivenRole
from modelyard.governance.templates.conditions import Known
from modelyard.governance.templates.roles import shipped_rights
from modelyard.governance.templates.types import Template
from modelyard.kernel.identity import Identity
from modelyard.kernel.values import now
from modelyard.store.tables import governed_items

NAMES, GROUPS, FIELDS = ("ada", "ben"), ("g1", "g2"), ("color", "size", "owner", "link")
IDS = [f"model:p{p}/m{n}" for p, n in product((1, 2), (1, 2, 3))]
ROLES = ("reader", "contributor", "auditor", "asked", "final-approver")
tests = st.one_of(
    st.builds(lambda v: {"field": "color", "equals": v}, st.sampled_from(["red", "blue"])),
    st.builds(lambda v: {"field": "size", "above": v}, st.integers(0, 3)),
    st.just({"field": "size", "equals": 2}),
    st.builds(lambda v: {"field": "owner", "given": v}, st.booleans()),
    st.builds(
        lambda v: {"step": "one", "status": v}, st.sampled_from(["NOT_STARTED", "ONGOING"])
    ),
)  # fmt: skip
conditions = st.recursive(
    tests,
    lambda inner: st.builds(
        lambda word, some: {word: some},
        st.sampled_from(["all_of", "any_of", "none_of"]),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=4,
)
whom = st.fixed_dictionaries(
    {},
    optional={
        "groups": st.just(["g1"]), "users": st.just(["ada"]), "everyone": st.just(True),
        "named_in": st.just("owner"), "only_if": conditions, "gone": st.booleans(),
    },
).filter(lambda told: set(told) & {"groups", "users", "everyone", "named_in"})  # fmt: skip
some_fields = st.one_of(
    st.just({}),
    st.builds(lambda some: {"all_but": some}, st.lists(st.sampled_from(FIELDS), unique=True)),
    st.builds(lambda some: {"only": some}, st.lists(st.sampled_from(FIELDS), unique=True)),
)
role_texts = st.builds(
    lambda name, may, reads, given: {"id": name, "may": may, "reads": reads, "given": given},
    st.sampled_from(ROLES),
    st.lists(st.sampled_from(["read", "write"]), unique=True),
    some_fields,
    st.lists(whom, max_size=2),
)
templates = st.builds(
    lambda name, roles, parent, link: Template.model_validate(
        {
            "name": name, "kind": "model", "roles": roles,
            "fields": [
                {"id": "color", "type": "text", "several": True}, {"id": "size", "type": "number"},
                {"id": "owner", "type": "text"}, {"id": "link", "type": "reference"},
            ],
            "steps": [{"id": "one"}],
            "roles_from": {"parent": parent, "fields": ["link"] if link else []},
        }
    ),
    st.just("t1"),
    st.lists(role_texts, max_size=3, unique_by=lambda role: role["id"]),
    st.booleans(),
    st.booleans(),
)  # fmt: skip
rows = st.fixed_dictionaries(
    {
        "template": st.sampled_from([None, "t1", "t2"]),
        "gone": st.booleans(),
        "parent": st.sampled_from([None, *IDS]),
        "steps": st.sampled_from([{}, {"one": "ONGOING"}, {"one": "NOT_STARTED"}]),
        "fields": st.fixed_dictionaries(
            {},
            optional={
                "color": st.lists(st.sampled_from(["red", "blue"]), min_size=1, max_size=2),
                "size": st.sampled_from([1, 2, 2.0, 3.5]),
                "owner": st.sampled_from(["ada", "group:g2", "zoe"]),
                "link": st.sampled_from(IDS),
            },
        ),
    }
)
given_rows = st.builds(
    lambda **told: GivenRole(
        **told, name={"user": "ada", "group": "g1"}.get(told["to"], ""), number=7, given=now(),
        given_by="x",
    ),
    role=st.sampled_from(ROLES),
    to=st.sampled_from(["user", "group", "everyone"]),
    project=st.sampled_from([None, "p1"]),
    template=st.sampled_from([None, "t1"]),
    step=st.sampled_from([None, "one"]),
    values=st.sampled_from([{}, {"color": "red"}, {"size": 2}]),
    gone=st.sampled_from([None, True, False]),
)  # fmt: skip
persons = st.builds(
    Person,
    name=st.sampled_from(NAMES),
    groups=st.frozensets(st.sampled_from(GROUPS)),
    reads=st.frozensets(st.sampled_from(["p1", "p2"])),
    writes=st.just(frozenset({"p2"})),
).map(lambda p: Person(p.name, p.groups, None, reads=p.reads, writes=p.writes & p.reads))


class Oracle:
    """The same rules, one item after another, in Python."""

    def __init__(self, person, given, by_name, found):
        self.person, self.given, self.by_name, self.found = person, given, by_name, found

    def direct(self, item):
        """Roles that rules give on an item itself."""
        me, template = self.person, self.by_name.get(item.template)
        for rule in self.given:
            is_me = rule.to == "everyone" or rule.name == me.name or rule.name in me.groups
            said = [("project", rule.project), ("template", rule.template)]
            meets = all(value in (None, getattr(item, name)) for name, value in said)
            meets = meets and rule.gone in (None, item.gone is not None)
            meets = meets and (rule.step is None or item.steps.get(rule.step) == "ONGOING")
            for name, value in rule.values.items():
                held = item.fields.get(name)
                meets = meets and value in (held if isinstance(held, list) else [held])
            if is_me and meets:
                yield rule.role
        known = Known(item.fields, item.steps, {})
        for role in template.roles if template else ():
            for to in role.given:
                named = item.fields.get(to.named_in) if to.named_in else None
                is_me = (
                    to.everyone or me.name in to.users or set(to.groups) & me.groups
                    or named in {me.name, *(f"group:{name}" for name in me.groups)}
                )  # fmt: skip
                fits = to.gone in (None, item.gone is not None)
                if is_me and fits and (to.only_if is None or to.only_if.holds(known)):
                    yield role.id

    def passed(self, item, seen):
        """Roles on an item, and on those from which its template takes some."""
        if item.id in seen:
            return
        yield from self.direct(item)
        template = self.by_name.get(item.template)
        sources = [item.parent] if template and template.roles_from.parent else []
        if template and template.roles_from.fields:
            sources.append(item.fields.get("link"))
        for source in filter(None, sources):
            yield from self.passed(self.found[source], {*seen, item.id})

    def roles(self, item):
        found = set(self.passed(item, set()))
        found |= {"reader"} if item.project in self.person.reads else set()
        return found | ({"contributor"} if item.project in self.person.writes else set())

    def rights(self, item, role):
        template = self.by_name.get(item.template)
        said = (
            next((each for each in template.roles if each.id == role), None) if template else None
        )
        if said is None:
            is_known = shipped_rights(role) is not None
            return shipped_rights(role) or (), FIELDS if is_known else ()
        only, but = said.reads.only, said.reads.all_but
        reads = only if only is not None else set(FIELDS) - set(but)
        return said.may, reads

    def sees(self, item):
        return any("read" in self.rights(item, role)[0] for role in self.roles(item))

    def reads(self, item):
        if item.template is None:
            return set()
        return set().union(*(self.rights(item, role)[1] for role in self.roles(item)))


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    person=persons,
    given=st.lists(given_rows, max_size=3),
    first=templates,
    second=templates,
    told=st.lists(rows, min_size=len(IDS), max_size=len(IDS)),
)
def test_the_database_finds_what_plain_python_finds(engine, person, given, first, second, told):
    by_name = {"t1": first, "t2": second.model_copy(update={"name": "t2"})}
    at = now()
    found = {
        name: Item(
            **{**row, "gone": at if row["gone"] else None}, id=name, kind="model", name=name[-2:],
            project=name[6:8], digest="", created=at, changed=at,
            template_version=1 if row["template"] else None,
        )
        for name, row in zip(IDS, told, strict=True)
    }  # fmt: skip
    oracle = Oracle(person, given, by_name, found)
    grants = tuple(grants_of(person, given, by_name.values()))
    access = Access(person, {(name, 1): each for name, each in by_name.items()}, grants)
    with engine.begin() as db:
        db.execute(delete(governed_items))
        items.put(db, [Kept(each, {}) for each in found.values()], ())
        seen = set(db.scalars(select(governed_items.c.id).where(access.visible())))
        holders = access.on(db, IDS)
    assert seen == {name for name, each in found.items() if oracle.sees(each)}
    for name, each in found.items():
        assert {held.role for held in holders[name].held} == oracle.roles(each)
        assert holders[name].reads == oracle.reads(each)


TEXT = """\
name: priced
kind: model
fields: [{id: risk, type: text}, {id: price, type: number}, {id: of, type: reference}]
steps: [{id: assess}]
roles:
  - {id: reader, reads: {all_but: [price]}}
  - {id: treasurer, may: [read], given: [{users: [tom], only_if: {field: price, above: 10}}]}
roles_from: {fields: [of]}
"""


def test_values_are_told_as_roles_let_one_know_them(database_url, tmp_path, monkeypatch):
    monkeypatch.setenv("MODELYARD_DATABASE", database_url)
    with closing(modelyard.open(tmp_path / "yard", actor="tester")) as yard:
        published(yard, tmp_path, TEXT)
        yard.users.create(name="tom")
        yard.users.create(name="rita")
        yard.projects.create(key="risk")
        yard.members.add(project="risk", name="rita", role="reader")
        for name in ("one", "two"):
            yard.models.create(project="risk", name=name, prediction_type="regression")
            governed(yard, f"model:risk/{name}", "priced")
        yard.govern.set(item="model:risk/one", values={"price": 11, "risk": "low"})
        yard.govern.set(item="model:risk/two", values={"price": 9, "of": "model:risk/one"})
        rita, tom = (yard.acting(Identity(name, "user")).govern for name in ("rita", "tom"))
        told = {each.attribute for each in rita.timeline(attribute="fields", limit=None)}
        assert told == {"fields.risk", "fields.of"}
        assert {each.id for each in tom.items(limit=None, kind="model")} == {
            "model:risk/one", "model:risk/two",
        }  # fmt: skip
        assert tom.show(item="model:risk/two").fields == {"price": 9, "of": "model:risk/one"}
        held = {(each.role, each.origin) for each in tom.may(item="model:risk/two").roles}
        assert held == {("treasurer", "model:risk/one")}
        told = {each.attribute for each in tom.timeline(attribute="fields", limit=None)}
        assert told == {"fields.risk", "fields.of", "fields.price"}
