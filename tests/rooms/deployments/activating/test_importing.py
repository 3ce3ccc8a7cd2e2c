"""Bundles that arrive: whole, from somebody who is trusted, by somebody who may bring them."""

from __future__ import annotations

from zipfile import ZipFile

import pytest
from tests.bundled import PROJECT

from modelyard import errors
from modelyard.kernel.identity import Identity


def test_the_same_once_more_is_no_change_and_another_of_its_id_is_refused(node, made, tmp_path):
    listed = node.bundles.list(**PROJECT)
    assert [(each.bundle, each.origin) for each in listed] == [
        ("b2", "imported"),
        ("b1", "imported"),
    ]
    assert node.bundles.import_(file=str(made / "b1.zip")).created == listed[1].created
    assert node.bundles.list(**PROJECT) == listed
    node.bundles.create(bundle="b1", output=str(tmp_path / "b1.zip"))
    with pytest.raises(errors.Conflict, match="another bundle 'b1' already"):
        node.bundles.import_(file=str(tmp_path / "b1.zip"), project="churn")


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
def test_one_that_was_cut_off_leaves_nothing(yard, made, tmp_path, share):
    whole = (made / "b1.zip").read_bytes()
    (tmp_path / "part.zip").write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(errors.Invalid, match="the bundle cannot be used"):
        yard.bundles.import_(file=str(tmp_path / "part.zip"))
    assert [each.key for each in yard.projects.list()] == ["default"]


def test_one_whose_content_was_altered_leaves_nothing(yard, made, tmp_path):
    with ZipFile(made / "b1.zip") as whole, ZipFile(tmp_path / "altered.zip", "w") as altered:
        for name in whole.namelist():
            content = whole.read(name)
            altered.writestr(
                name, content.replace(b"daily", b"dayly") if "rows/" in name else content
            )
    with pytest.raises(errors.Invalid, match=r"rows/recipes.jsonl is damaged"):
        yard.bundles.import_(file=str(tmp_path / "altered.zip"))
    assert [each.key for each in yard.projects.list()] == ["default"]


def test_who_may_bring_one(node, made):
    for name in ("ada", "bob", "eve"):
        node.users.create(name=name)
    node.members.add(name="ada", role="contributor", **PROJECT)
    node.members.add(name="bob", role="reader", **PROJECT)
    ada, bob, eve = (node.acting(Identity(name, "user")) for name in ("ada", "bob", "eve"))
    transfer = node.folder / "transfers" / "one"
    transfer.parent.mkdir(exist_ok=True)
    transfer.write_bytes((made / "b1.zip").read_bytes())
    assert ada.bundles.import_(file=str(transfer)).bundle == "b1"
    assert bob.bundles.list(**PROJECT)
    with pytest.raises(errors.Forbidden, match="bundles:write"):
        bob.bundles.import_(file=str(transfer))
    with pytest.raises(errors.NotFound):
        eve.bundles.import_(file=str(transfer))
    assert eve.bundles.import_(file=str(transfer), project="eves").project == "eves"
    assert eve.members.list(project="eves")[0].role == "admin"
    with pytest.raises(errors.Forbidden, match="activations:write"):
        ada.bundles.activate(bundle="b1", connection={"in": "prod"}, **PROJECT)
