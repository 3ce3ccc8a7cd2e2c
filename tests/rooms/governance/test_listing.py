"""Lists of governed items: in order, in a tree, with sign-offs, as far as somebody sees."""

from __future__ import annotations

import pytest
from sqlalchemy import update
from tests.governed import governed, published

import modelyard
from modelyard import errors
from modelyard.governance.items.collecting import collect
from modelyard.kernel.identity import Identity
from modelyard.store.tables import governed_items

TEXT = """\
name: short
kind: model
fields: [{id: risk, type: number}]
steps:
  - {id: assess, title: Assessment, fields: [risk]}
  - id: sign
    signoff: {approvers: {users: [bob]}}
"""


@pytest.fixture(scope="module")
def yard(tmp_path_factory):
    """Two projects with models; ada sees one of them, bob the other."""
    folder = tmp_path_factory.mktemp("listing")
    yard = modelyard.open(folder / "yard", actor="tester")
    published(yard, folder, TEXT)
    for user, project in (("ada", "open"), ("bob", "shut")):
        yard.users.create(name=user)
        yard.projects.create(key=project)
        yard.members.add(project=project, name=user, role="contributor")
    for project, name in (("open", "one"), ("open", "two"), ("shut", "three")):
        yard.models.create(project=project, name=name, prediction_type="regression")
    collect(yard.open())
    yield yard
    yard.close()


def ids(found):
    return [each.id for each in found]


def test_a_tree_begins_with_what_belongs_to_nothing_that_one_sees(yard):
    top = {each.id: each for each in yard.govern.items(top=True)}
    assert {"project:open", "project:shut", "project:default"} <= top.keys()
    assert not any(each.startswith("model:") for each in top)
    assert top["project:open"].below == 2
    assert ids(yard.govern.items(under="project:open")) == ["model:open/one", "model:open/two"]


def test_what_one_does_not_see_is_neither_listed_nor_counted(yard):
    ada = yard.acting(Identity("ada", "user")).govern
    yard.govern.create(kind="project", name="all")
    yard.govern.place(item="project:open", under="governed-project:all")
    yard.govern.place(item="project:shut", under="governed-project:all")
    (above,) = [each for each in ada.items(top=True) if each.id == "governed-project:all"]
    assert above.below == 1
    assert ids(ada.items(under="governed-project:all")) == ["project:open"]
    for project in ("open", "shut"):
        yard.govern.place(item=f"project:{project}")


def test_children_of_what_is_not_seen_stand_at_the_top(yard):
    yard.govern.hide(item="project:open")
    with yard.open().begin() as db:
        one = governed_items.c.id == "model:open/one"
        db.execute(update(governed_items).where(one).values(state="governed"))
    assert "model:open/one" in ids(yard.govern.items(top=True))
    yard.govern.unhide(item="project:open")


def test_alike_ones_stand_together_and_parts_go_on(yard):
    whole = yard.govern.items(group="kind")
    kinds = [each.kind for each in whole]
    assert kinds == sorted(kinds)
    found = []
    after = None
    while True:
        part = yard.govern.items(group="kind", limit=2, after=after)
        found += part
        after = part.next
        if after is None:
            break
    assert found == whole
    assert part.total == len(whole)
    changed = [each.changed for each in yard.govern.items(sort="changed")]
    assert changed == sorted(changed, reverse=True)


def test_steps_and_sign_offs_are_told_as_they_hold(yard):
    item = governed(yard, "model:open/two", "short")
    for _ in range(2):
        yard.govern.advance(item=item)
    yard.govern.request(item=item)
    (listed,) = yard.govern.items(template="short", status="sign")
    assert listed.signoffs == {"sign": "WAITING_FOR_APPROVAL"}
    assert [each.item for each in yard.acting(Identity("bob", "user")).govern.tasks()] == [item]
    bob = yard.acting(Identity("bob", "user")).govern
    bob.approve(item=item)
    assert yard.govern.items(status="sign")[0].signoffs == {"sign": "APPROVED"}
    with yard.open().begin() as db:
        one = governed_items.c.id == item
        db.execute(update(governed_items).where(one).values(digest="0" * 64))
    assert yard.govern.items(status="sign")[0].signoffs == {"sign": "NOT_STARTED"}


def test_a_filter_is_data_and_says_what_is_wrong_with_it(yard):
    both = {"any_of": [{"item": "name", "equals": "one"}, {"item": "id", "contains": "THREE"}]}
    assert ids(yard.govern.items(where=both, kind="model")) == [
        "model:open/one", "model:shut/three"
    ]  # fmt: skip
    assert ids(
        yard.govern.items(where="{none_of: [{item: kind, one_of: [model]}]}", project="shut")
    ) == ["project:shut"]
    for text, said in (
        ("{any_of: []}", "line 1: .*a condition at least"),
        ("{item: size, equals: a}", "line 1: .*must be 'id'"),
        ("{field: risk, equals: [1]}", "line 1: equals: a filter compares with texts"),
        ("{fact: 'a..b', given: true}", "line 1: .*"),
        ("{metric: 'a\"b', given: true}", "line 1: .*"),
        ("{time: changed}", "say when"),
        ("not: this", "one of the keys"),
        ("{", "cannot be read as YAML"),
    ):
        with pytest.raises(errors.Invalid, match=said):
            yard.govern.items(where=text)
    deep = {"item": "kind", "equals": "model"}
    for _ in range(20):
        deep = {"all_of": [deep]}
    with pytest.raises(errors.Invalid, match="inside one another"):
        yard.govern.items(where=deep)


def test_views_are_ones_own_or_everybodys(yard):
    ada, bob = (yard.acting(Identity(name, "user")) for name in ("ada", "bob"))
    models = {"item": "kind", "equals": "model"}
    kept = ada.views.save(name="mine", where=models, column=("state", "changed"), group="state")
    assert kept.filter == models
    assert (kept.owner, kept.shared) == ("ada", False)
    assert [each.kind for each in ada.govern.items(view="mine")] == ["model", "model"]
    both = ada.govern.items(view="mine", where={"item": "name", "equals": "two"})
    assert ids(both) == ["model:open/two"]
    with pytest.raises(errors.NotFound):
        bob.govern.items(view="mine")
    with pytest.raises(errors.Forbidden, match="the shared view mine"):
        ada.views.save(name="mine", shared=True)
    yard.views.save(name="mine", where={"item": "kind", "equals": "project"}, shared=True)
    assert ids(bob.govern.items(view="mine")) == ["project:shut"]
    assert {*ids(ada.govern.items(view="mine"))} == {"model:open/one", "model:open/two"}
    assert [(v.name, v.shared) for v in ada.views.list()] == [("mine", True), ("mine", False)]
    ada.views.delete(name="mine")
    assert ids(ada.govern.items(view="mine")) == ["project:open"]
    with pytest.raises(errors.Forbidden):
        ada.views.delete(name="mine")
    yard.views.delete(name="mine")
    with pytest.raises(errors.NotFound):
        yard.views.show(name="mine")


def test_the_views_of_somebody_go_with_them(yard):
    yard.users.create(name="una")
    yard.acting(Identity("una", "user")).views.save(name="hers")
    yard.users.delete(name="una")
    yard.users.create(name="una")
    assert yard.acting(Identity("una", "user")).views.list() == []


def test_a_view_is_ones_own_until_it_is_shared_and_again_when_it_is_taken_back(yard):
    bob = yard.acting(Identity("bob", "user"))
    yard.views.save(name="page", menu=True)
    yard.views.save(name="aside")
    assert bob.views.list() == []
    assert [each.name for each in yard.views.list(menu=True)] == ["page"]
    assert yard.views.share(name="page").shared
    assert [(each.name, each.owner) for each in bob.views.list(menu=True)] == [("page", "tester")]
    bob.views.save(name="page")
    for refused in (bob.views.share, bob.views.withdraw):
        with pytest.raises(errors.Forbidden, match="the shared view page"):
            refused(name="page")
    yard.views.save(name="page")
    for refused in (yard.views.share, yard.views.withdraw):
        with pytest.raises(errors.Conflict, match="'page' already; delete that"):
            refused(name="page")
    yard.views.delete(name="page", shared=False)
    assert not yard.views.withdraw(name="page").shared
    with pytest.raises(errors.NotFound):
        yard.views.withdraw(name="page")
    assert [each.shared for each in bob.views.list()] == [False]
    for name in ("page", "aside"):
        yard.views.delete(name=name)


RANKED = """\
name: ranked
kind: initiative
fields:
  - {id: size, type: number}
  - {id: worth, type: category, options: [low, middling, high]}
  - {id: word, type: text}
steps: [{id: one, fields: [size]}]
"""


def test_items_are_ordered_by_what_a_field_says_part_by_part(yard, tmp_path):
    published(yard, tmp_path, RANKED)
    said = {
        "a": {"size": 10, "worth": "high", "word": "b"},
        "b": {"size": 9.5, "worth": "low", "word": "a"},
        "c": {"size": -1, "worth": "middling"},
        "d": {},
    }
    for name, values in said.items():
        item = yard.govern.create(kind="initiative", name=name, template="ranked").id
        if values:
            yard.govern.set(item=item, values=values)
    asked = {"kind": "initiative", "by_field": "size"}
    found = yard.govern.items(**asked, field=("size", "word"))
    assert [each.name for each in found] == ["c", "b", "a", "d"]
    assert [each.fields for each in found][2:] == [{"size": 10, "word": "b"}, {}]
    after, parts = None, []
    while parts == [] or after:
        part = yard.govern.items(**asked, reverse=True, limit=1, after=after)
        parts += [each.name for each in part]
        after = part.next
    assert parts == ["a", "b", "c", "d"]
    for field, order in (("worth", "bcad"), ("word", "bacd"), ("none", "abcd")):
        names = [each.name for each in yard.govern.items(kind="initiative", by_field=field)]
        assert "".join(names) == order
    view = {"kind": "initiative", "by_field": "worth", "reverse": True, "field": ("worth",)}
    yard.views.save(name="worthy", **view)
    found = yard.govern.items(view="worthy")
    assert [each.fields.get("worth") for each in found] == ["high", "middling", "low", None]
    assert [each.name for each in yard.govern.business(view="worthy")] == ["a", "c", "b", "d"]
    assert [each.name for each in yard.govern.items(view="worthy", sort="name")] == [*"abcd"]
    yard.views.delete(name="worthy")


def test_a_filter_knows_no_field_that_is_kept_from_who_asks(yard, tmp_path):
    text = TEXT.replace("name: short", "name: kept")
    roles = "".join(
        f"  - {{id: {role}, reads: {{all_but: [risk]}}}}\n" for role in ("reader", "contributor")
    )
    published(yard, tmp_path, f"{text}roles:\n{roles}")
    yard.models.create(project="open", name="secret", prediction_type="regression")
    item = governed(yard, "model:open/secret", "kept")
    yard.govern.set(item=item, values={"risk": 4})
    high, none = {"field": "risk", "above": 3}, {"field": "risk", "given": False}
    assert ids(yard.govern.items(where=high)) == [item]
    assert item not in ids(yard.govern.items(where=none))
    ada = yard.acting(Identity("ada", "user")).govern
    assert ids(ada.items(where=high)) == []
    assert item in ids(ada.items(where=none))
    assert item in ids(ada.items(where={"none_of": [high]}))
    yard.govern.set(item="model:open/two", values={"risk": 5})
    for who, order, known in (
        (yard.govern, [item, "model:open/two"], {"risk": 4}),
        (ada, ["model:open/two", "model:open/one"], {}),
    ):
        found = who.items(kind="model", project="open", by_field="risk", field=("risk",))
        assert ids(found)[:2] == order
        assert next(each.fields for each in found if each.id == item) == known
