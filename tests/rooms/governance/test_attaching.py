"""Files are attached to governed items, and stay what they were."""

from __future__ import annotations

import pytest
from tests.governed import governed, published

import modelyard
from modelyard import errors
from modelyard.kernel.identity import Identity
from modelyard.store.keeping import keepers

TEXT = """\
name: with-files
kind: model
fields:
  - {id: report, type: file, endings: [.pdf, .md], largest: 1000, required: true}
  - {id: more, type: file, several: true, at_most: 2}
  - {id: notes, type: text}
steps:
  - {id: assess, fields: [report, more]}
  - {id: live}
"""


@pytest.fixture(scope="module")
def yard(tmp_path_factory):
    folder = tmp_path_factory.mktemp("attaching")
    yard = modelyard.open(folder / "yard", actor="tester")
    published(yard, folder, TEXT)
    yard.users.create(name="rita")
    yard.members.add(name="rita", role="reader")
    yield yard
    yard.close()


@pytest.fixture
def item(yard, request):
    name = request.node.name.replace("_", "-")[:60]
    yard.models.create(name=name, prediction_type="regression")
    return governed(yard, f"model:default/{name}", "with-files")


@pytest.fixture
def file(tmp_path):
    """Writes a file, and gives its path."""

    def write(name, text):
        (tmp_path / name).write_text(text, "utf-8")
        return str(tmp_path / name)

    return write


def value(yard, item, field):
    return next(each.value for each in yard.govern.workflow(item=item).fields if each.id == field)


def test_what_was_attached_comes_back(yard, item, file, tmp_path):
    with pytest.raises(errors.Blocked, match="it needs report"):
        yard.govern.advance(item=item, step="live")
    first = yard.govern.attach(item=item, field="report", file=file("a.md", "one"))
    assert (first.name, first.size) == ("a.md", 3)
    second = yard.govern.attach(item=item, field="report", file=file("b.MD", "two"))
    assert value(yard, item, "report")["sha256"] == second.sha256
    out = tmp_path / "out.md"
    assert yard.govern.download(item=item, field="report", output=str(out)) == second
    assert out.read_text() == "two"
    with yard.open().read() as db:
        kept = keepers(db)
    assert {kept[each.sha256] for each in (first, second)} == {f"a file that is attached to {item}"}
    yard.govern.set(
        item=item, values={"report": {**value(yard, item, "report"), "sha256": first.sha256}}
    )
    assert yard.govern.download(item=item, field="report", output=str(out), replace=True).size == 3
    assert out.read_text() == "one"
    events = [each.attribute for each in yard.govern.timeline(item=item)]
    assert events.count("fields.report") == 3
    yard.govern.advance(item=item, step="live")


def test_a_field_takes_several_up_to_its_most(yard, item, file, tmp_path):
    for name in ("a.txt", "b.txt"):
        yard.govern.attach(item=item, field="more", file=file(name, name))
    assert [each["name"] for each in value(yard, item, "more")] == ["a.txt", "b.txt"]
    out = tmp_path / "out"
    yard.govern.download(item=item, field="more", number=2, output=str(out))
    assert out.read_text() == "b.txt"
    with pytest.raises(errors.Invalid, match="0 to 2 values, and 3"):
        yard.govern.attach(item=item, field="more", file=file("c.txt", "c"))
    with pytest.raises(errors.NotFound, match="has 2 files, and no number 3"):
        yard.govern.download(item=item, field="more", number=3, output=str(tmp_path / "none"))
    assert not (tmp_path / "none").exists()


def test_what_a_field_does_not_take_is_not_kept(yard, item, file):
    before = len(list((yard.folder / "artifacts").rglob("*")))
    for name, text, said in (
        ("a.exe", "x", r"a file called \.pdf or \.md, not"),
        ("a.pdf", "x" * 1001, "1,000 bytes at most, and a.pdf has 1,001"),
    ):
        with pytest.raises(errors.Invalid, match=said):
            yard.govern.attach(item=item, field="report", file=file(name, text))
    for field, said in (("notes", "takes files 'notes'; there are: more, report"),):
        with pytest.raises(errors.NotFound, match=said):
            yard.govern.attach(item=item, field=field, file=file("a.md", "x"))
    with pytest.raises(errors.NotFound, match=r"no file gone\.md"):
        yard.govern.attach(item=item, field="report", file="/tmp/nowhere/gone.md")
    assert len(list((yard.folder / "artifacts").rglob("*"))) == before
    stranger = {"name": "a.md", "sha256": "0" * 64, "size": 3}
    for given, said in (
        (stranger, f"attached to {item}, and a.md is not"),
        ("a.md", "takes a file that is attached: govern attach"),
    ):
        with pytest.raises(errors.Invalid, match=said):
            yard.govern.set(item=item, values={"report": given})
    assert value(yard, item, "report") is None


def test_only_who_may_fill_it_in_attaches(yard, item, file):
    yard.govern.attach(item=item, field="report", file=file("a.md", "one"))
    sent = yard.folder / "transfers" / "sent"
    sent.parent.mkdir(exist_ok=True)
    sent.write_text("mine")
    rita = yard.acting(Identity("rita", "user")).govern
    with pytest.raises(errors.Forbidden, match="rita may not change"):
        rita.attach(item=item, field="report", file=str(sent), name="r.md")
    out = yard.folder / "transfers" / "out"
    assert rita.download(item=item, field="report", output=str(out)).name == "a.md"
