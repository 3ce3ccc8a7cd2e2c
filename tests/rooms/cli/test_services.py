"""What services write while they run."""

from __future__ import annotations

import re
import subprocess
import sys

import modelyard

LINE = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d INFO modelyard\.jobs: (.+)"


def test_a_worker_tells_what_it_does_as_information(tmp_path):
    yard = modelyard.open(tmp_path / "yard")
    job = yard.jobs.submit(command="projects.create", given={"key": "risk"}).id
    words = ["worker", "--drain", "--workspace", str(tmp_path / "yard")]
    done = subprocess.run(
        [sys.executable, "-m", "modelyard", *words], check=True, capture_output=True, text=True
    )
    said = [re.fullmatch(LINE, line)[1] for line in done.stderr.splitlines()]
    assert said[0].endswith("is ready")
    assert said[1:] == [
        f"job {job} started: projects.create, attempt 1",
        f"job {job} ended: succeeded",
    ]
    quiet = subprocess.run(
        [sys.executable, "-m", "modelyard", *words, "--quiet"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert quiet.stderr == ""
    yard.close()
