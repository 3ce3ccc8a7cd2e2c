"""The examples of the page about the client do what it says."""

from __future__ import annotations

import re
from pathlib import Path

from tests.e2e.models import write_model

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "remote.md"


def test_every_example_works(server, here, monkeypatch):
    monkeypatch.setenv("MODELYARD_URL", server.url)
    write_model(here / "mlflow-model")
    (here / "holdout.csv").write_text("id,age,fare\na,40,1\nb,20,2\n")
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    code = "\n".join(blocks).replace('"https://modelyard.example.org", api_key="mdy_…"', "")
    names = {}
    exec(compile(code, PAGE.name, "exec"), names)
    assert (here / "scored.csv").read_text().splitlines()[1].startswith('"a",40,1,"yes"')
    (here / "scored.csv").unlink()
    yard, job = names["yard"], names["job"]
    run = yard.follow(job)
    assert (run.state, run.rows) == ("finished", 2)
    assert job.id in {found.id for found in yard.jobs.list()}
    assert not (here / "scored.csv").exists()
    kept = [file.path for file in yard.files.list() if file.path.endswith("scored.csv")]
    yard.files.get(path=kept[0], to="fetched.csv")
    assert (here / "fetched.csv").read_text().count("\n") == 3
    yard.close()
