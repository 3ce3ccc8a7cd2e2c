"""The examples of the page about access, run as they stand, one after the other."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from tests.imported_command import imported_command
from tests.running_server import RunningServer

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "access.md"
BLOCKS = re.findall(r"```bash\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)


def test_every_example_works(tmp_path):
    with (
        imported_command(tmp_path) as places,
        RunningServer(tmp_path / "yard", no_auth=False) as server,
    ):
        script = "\n".join(["export PS4='+ '", "set -x", *BLOCKS])
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=tmp_path,
            env={
                "URL": server.url,
                "PATH": f"{places}:/usr/bin:/bin",
                "MODELYARD_WORKSPACE": str(server.workspace),
                "MODELYARD_DATABASE": os.environ.get("MODELYARD_DATABASE", ""),
            },
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert '"code":' not in done.stdout
    assert "a long pass phrase" not in done.stdout
