"""No text of a remote caller leads out of the project's files, in any field of any verb."""

from __future__ import annotations

import shutil
import sqlite3
import urllib.parse

import pytest
from pydantic_core import PydanticUndefined
from tests.cases import every
from tests.e2e.models import write_model

import modelyard
from modelyard import errors
from modelyard.kernel.command import ProjectCommand
from modelyard.kernel.identity import Identity
from modelyard.kernel.values import LocalPath
from modelyard.verbs import CATALOG, Verbs

pytestmark = pytest.mark.slow

FIELDS = [
    (command, field, LocalPath.of_field(info))
    for _, _, command in Verbs.commands()
    for field, info in command.model_fields.items()
    if LocalPath.of_field(info) and field not in (command.sends, command.receives)
]
IDS = [f"{command.__name__}-{field}" for command, field, _ in FIELDS]
SAID = {
    "model": "churn",
    "version": "v1",
    "name": "made",
    "prediction_type": "other",
    "dataset": "holdout",
    "input": "holdout",
    "output": "files://out.csv",
    "source": "files://model",
}
"""What is said in the other fields that a command needs."""
THERE = {"UpdateRecipe": {"name": "nightly"}}
"""What commands need that change something."""
FORBIDDEN = {
    "up": "../secret{ending}",
    "far_up": "a/b/../../../../../../../../../{outside}/secret{ending}",
    "absolute": "{outside}/secret{ending}",
    "slashes": "//{outside}/secret{ending}",
    "home": "~/secret{ending}",
    "home_of": "~root/secret{ending}",
    "file_uri": "file://{outside}/secret{ending}",
    "file_uri_short": "file:{outside}/secret{ending}",
    "file_uri_coded": "FILE:///..%2f..{coded}%2fsecret{ending}",
    "files_uri": "files://../secret{ending}",
    "files_uri_absolute": "files://{outside}/secret{ending}",
    "workspace": "{workspace}/modelyard.db",
    "other_project": "{workspace}/files/other/secret{ending}",
    "sibling": "../other/secret{ending}",
    "link": "link/secret{ending}",
    "link_to_file": "linked{ending}",
    "null": "a\0b{ending}",
    "long": "a/" + "b" * 5000 + "{ending}",
    "surrogate": "a\udcff{ending}",
    "line": "a\nb{ending}",
    "windows": "..\\..\\secret{ending}",
    "hidden": "a/.hidden{ending}",
    "connection": "connection://folder/../secret{ending}",
    "connection_link": "connection://folder/link/secret{ending}",
}
HARMLESS = {
    "coded": "%2e%2e/secret{ending}",
    "wide": "．．/secret{ending}",
    "pattern": "l*/*{ending}",
    "variable": "$HOME/secret{ending}",
}
"""Texts that mean nothing but themselves: names inside the project's files."""
ENDINGS = {
    "data": ".csv",
    "model": "",
    "database": ".db",
    "folder": "",
    "store": "",
    "file": ".txt",
}


@pytest.fixture(scope="module")
def outside(tmp_path_factory):
    """A folder that no remote caller may reach, with one thing of each kind in it."""
    folder = tmp_path_factory.mktemp("outside")
    (folder / "secret.csv").write_text("canary\n1\n")
    (folder / "secret.txt").write_text("canary==1.0\n")
    with sqlite3.connect(folder / "secret.db") as db:
        db.execute("create table canary (a)")
    db.close()
    write_model(folder / "secret")
    return folder


@pytest.fixture(scope="module")
def kept(tmp_path_factory, outside):
    """A workspace with a version, a dataset and a connection, and with links that lead out."""
    folder = tmp_path_factory.mktemp("kept")
    yard = modelyard.open(folder / "yard")
    files = folder / "yard" / "files" / "default"
    yard.projects.create(key="other")
    yard.models.create(name="churn", prediction_type="binary_classification")
    model = write_model(files / "model")
    yard.versions.import_(
        model="churn", version="v1", source=str(model), classes=("no", "yes"), env="local"
    )
    (files / "holdout.csv").write_text("age,fare\n1,2\n")
    (files / "in").mkdir()
    yard.datasets.create(name="holdout", path="files://holdout.csv")
    yard.connections.create(name="folder", path="files://in")
    scored = {"input": "holdout", "output": "files://out.csv"}
    yard.recipes.create(name="nightly", model="churn", **scored)
    for place in (files, files / "in"):
        (place / "link").symlink_to(outside)
        for ending in (".csv", ".txt", ".db", ""):
            (place / f"linked{ending}").symlink_to(outside / f"secret{ending}")
    shutil.copytree(outside, folder / "yard" / "files" / "other")
    yield yard
    yard.close()


@pytest.fixture(scope="module")
def eve(kept):
    """Who may do everything, but not on the server's machine."""
    kept.users.create(name="eve", admin=True)
    return kept.acting(Identity("eve", "user"))


def tree(folder):
    return {
        path: (path.stat().st_mtime_ns, path.stat().st_size if path.is_file() else None)
        for path in sorted(folder.rglob("*"))
    }


def filled(command, field, text):
    said = {**SAID, **THERE.get(command.__name__, {})}
    needed = {
        name: said[name]
        for name, info in command.model_fields.items()
        if name != field and name in SAID and info.default is PydanticUndefined
    }
    if field in ("tracking_uri", "registry_uri"):
        needed["source"] = "models:/canary/1"
    return CATALOG.fill(CATALOG.name_of(command), {**needed, field: text})


def typed(command, text, outside, workspace, mark):
    written = text.format(
        outside=outside,
        workspace=workspace,
        coded=urllib.parse.quote(str(outside), safe=""),
        ending=ENDINGS[mark.of],
    )
    if not issubclass(command, ProjectCommand) and written.startswith("link"):
        written = f"default/{written}"
    return f"sqlite:///{written}" if mark.of == "database" else written


@pytest.mark.parametrize(("command", "field", "mark"), FIELDS, ids=IDS)
class TestField:
    @every("attack", FORBIDDEN)
    def test_leads_nowhere_else(self, kept, eve, outside, command, field, mark, attack):
        text = typed(command, FORBIDDEN[attack], outside, kept.folder, mark)
        before = tree(outside), tree(kept.folder / "files")
        with pytest.raises((errors.Forbidden, errors.Invalid, errors.Unsupported)) as raised:
            eve.run(filled(command, field, text))
        assert "canary" not in raised.value.detail
        assert str(kept.folder) not in raised.value.detail.replace(text, "")
        assert (tree(outside), tree(kept.folder / "files")) == before

    @every("attack", HARMLESS)
    def test_means_only_what_it_says(self, kept, eve, outside, command, field, mark, attack):
        text = typed(command, HARMLESS[attack], outside, kept.folder, mark)
        before = tree(outside), tree(kept.folder / "files" / "other")
        try:
            told = str(eve.run(filled(command, field, text)))
        except errors.ModelyardError as error:
            told = error.detail
        assert "canary" not in told
        assert (tree(outside), tree(kept.folder / "files" / "other")) == before
