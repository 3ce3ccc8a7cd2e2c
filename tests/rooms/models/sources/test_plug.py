"""A package that adds a kind of source, as the documentation shows it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.rooms.models.sources.conftest import files_of

PAGE = Path(__file__).parents[4] / "docs" / "how-to" / "sources.md"


@pytest.fixture
def _package(tmp_path, model, monkeypatch):
    """The package of the documentation, installed; its vault is the folder above the model."""
    text = PAGE.read_text("utf-8")
    code = re.search(r"```python\n(import shutil.*?)```", text, re.DOTALL)[1]
    point = re.search(r"^vault = .*$", text, re.MULTILINE)[0].replace('"', "")
    facts = tmp_path / "site" / "our_package-1.0.dist-info"
    facts.mkdir(parents=True)
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: our-package\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text(f"[modelyard.sources]\n{point}\n")
    code = code.replace("/mnt/vault", str(model.parent))
    (tmp_path / "site" / "our_package.py").write_text(code)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))


@pytest.mark.usefixtures("_package")
def test_the_documented_source(model, target, copy):
    lineage = copy("vault://model")
    assert lineage.source == "vault://model"
    assert files_of(target) == files_of(model)
