"""The examples of the how-to page, run as they stand, one after the other."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

from tests.running_server import RunningServer

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "http-api.md"
BLOCKS = re.findall(r"```(bash|json)\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)


def test_every_example_works(tmp_path):
    said = ""
    with RunningServer(tmp_path / "yard") as server:
        for kind, text in BLOCKS:
            if kind == "json":
                assert json.loads(said.splitlines()[-1]) == json.loads(text)
                continue
            done = subprocess.run(
                ["bash", "-euc", text],
                cwd=tmp_path,
                env={"URL": server.url, "PATH": "/usr/bin:/bin"},
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            assert done.returncode == 0, (text, done.stderr)
            said = done.stdout
            assert '"code":' not in said or "404" in said, said
