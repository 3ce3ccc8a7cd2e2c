"""The tutorial, command for command, on what the demo leaves behind."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from tests.imported_command import imported_command

ROOT = Path(__file__).parents[2]
TUTORIAL = (ROOT / "docs" / "tutorial.md").read_text("utf-8")
COMMANDS = "\n".join(re.findall(r"```bash\n(.*?)```", TUTORIAL, re.DOTALL))


@pytest.fixture
def checkout(tmp_path):
    """A folder with `.venv` and with what `make demo` writes below `demo/output`."""
    (tmp_path / ".venv").mkdir()
    output = tmp_path / "demo" / "output"
    train = [sys.executable, ROOT / "demo" / "train.py", output, "late-linear"]
    subprocess.run(train, check=True, capture_output=True)
    with imported_command(tmp_path / ".venv") as places:
        (places / "python").symlink_to(sys.executable)
        yield tmp_path


@pytest.mark.slow
def test_the_tutorial_does_what_it_says(checkout):
    ours = {name for name in os.environ if "MODELYARD" in name} - {"MODELYARD_DATABASE"}
    environ = {name: value for name, value in os.environ.items() if name not in ours}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", COMMANDS],
        cwd=checkout,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    output = checkout / "demo" / "output"
    scored, flights = (pq.read_table(output / f"{name}.parquet") for name in ("scored", "june"))
    added = ["prediction", "proba_in_time", "proba_late"]
    assert scored.column_names == [*flights.column_names, *added]
    assert scored.select(flights.column_names).equals(flights.replace_schema_metadata(None))
    right = pc.mean(pc.cast(pc.equal(scored["prediction"], scored["late"]), "double")).as_py()
    assert right > 0.8, "it learnt from five months of flights"
    assert (output / "late-v1.zip").exists()
    assert re.search(r"^v2 +yes.*catches more late flights *$", done.stdout, re.MULTILINE)
    assert re.search(r"^Matching +25 *$", done.stdout, re.MULTILINE)
    june, october, drift = (
        json.loads((output / f"{name}.json").read_text()) for name in ("june", "october", "drift")
    )
    assert june["metrics"]["accuracy"]["value"] == pytest.approx(right)
    worst = done.stdout.partition("p corrected")[2]
    assert worst.lstrip().startswith("dep_delay: over 14 to 33")
    assert (drift["reference"]["evaluation"], drift["current"]["rows"]) == (june["id"], 2000)
    [area] = [each for each in drift["performance"]["metrics"] if each["code"] == "auc"]
    assert area["reference"]["value"] == pytest.approx(june["metrics"]["auc"]["value"])
    assert area["current"]["low"] < october["metrics"]["auc"]["value"] < area["current"]["high"]
    assert (area["change"], drift["verdict"]["outcome"]) == ("worse", "drifted")
