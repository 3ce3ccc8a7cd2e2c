"""The examples of the how-to page, run as they stand."""

from __future__ import annotations

import re
import shlex
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner

from modelyard.cli.main import build

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "datasets.md"
BLOCKS = re.findall(r"```(console|python)\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with the files and the database that the page speaks of."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MODELYARD_WORKSPACE", str(tmp_path / "yard"))
    Path("holdout.csv").write_text("id,churned\n1,no\n2,yes\n3,no\n")
    Path("orders.txt").write_bytes("id;price\n007;1.10 €\n".encode("cp1252"))
    Path("orders.csv").write_text("id,price\n007,1.10\n")
    with sqlite3.connect("sales.db") as db:
        db.execute("create table flights (id integer, delay double)")
        db.execute("insert into flights values (1, 20), (2, 0)")
    db.close()
    return tmp_path


def test_every_example_works(folder):
    names: dict[str, object] = {}
    for kind, code in BLOCKS:
        if kind == "python":
            exec(compile(code, str(PAGE), "exec"), names)
            continue
        # The page's server is an SQLite file here.
        for line in re.sub(r"postgresql://[^']*", "sqlite:///sales.db", code).splitlines():
            program, *words = shlex.split(line.removeprefix("$ "))
            assert program == "modelyard"
            done = CliRunner().invoke(build(), words)
            assert done.exit_code == 0, (line, done.output)
    assert (folder / "small.parquet").exists()
