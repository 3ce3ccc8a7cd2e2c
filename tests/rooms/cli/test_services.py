"""What services write while they run."""

from __future__ import annotations

import re

from tests import forks

import modelyard

LINE = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d INFO modelyard\.jobs: (.+)"


def test_a_worker_tells_what_it_does_as_information(tmp_path):
    yard = modelyard.open(tmp_path / "yard")
    job = yard.jobs.submit(command="projects.create", given={"key": "risk"}).id
    words = ["worker", "--drain", "--workspace", str(tmp_path / "yard")]
    done = forks.run(words, check=True)
    said = [re.fullmatch(LINE, line)[1] for line in done.stderr.splitlines()]
    assert said[0].endswith("is ready")
    assert said[1:] == [
        f"job {job} started: projects.create, attempt 1",
        f"job {job} ended: succeeded",
    ]
    quiet = forks.run([*words, "--quiet"], check=True)
    assert quiet.stderr == ""
    yard.close()
