"""Lists of governed items: in order, in a tree, with sign-offs, as far as somebody sees."""

from __future__ import annotations

import pytest
from sqlalchemy import update
from tests.governed import governed, published

import modelyard
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
        db.execute(update(governed_items).where(one).values(state="new", state_from="tester"))
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
