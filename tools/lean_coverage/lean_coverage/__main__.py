"""`python -m lean_coverage PROGRAM …`: run it, and report which lines of ours it ran."""

from __future__ import annotations

import marshal
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from coverage import Coverage

from lean_coverage import FOLDER, MARKS, SOURCES
from lean_coverage.marking import Marked, marked
from lean_coverage.reporting import data_of

PLACE = Path(".coverage-marks")


def main() -> int:
    """Run a program with the code marked that coverage's settings name; gives the exit code."""
    folder = PLACE.absolute()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    modules = list(_prepared(folder))
    done = subprocess.run(sys.argv[1:], env={**os.environ, FOLDER: str(folder)}, check=False)
    data_of(modules, (folder / MARKS).read_bytes()).close()
    reported = subprocess.run([sys.executable, "-m", "coverage", "report"], check=False)
    return done.returncode or reported.returncode


def _prepared(folder: Path) -> Iterator[Marked]:
    """Every module, once its code lies where `start` looks for it; then there are marks for all."""
    sources = [Path(each).absolute() for each in Coverage().get_option("run:source_dirs")]
    end = 0
    for path in sorted(path for source in sources for path in source.rglob("*.py")):
        module = marked(path.read_text(encoding="utf-8"), str(path), end)
        place = Path(f"{folder}{path}")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(marshal.dumps(module.code))
        end = module.end
        yield module
    (folder / SOURCES).write_text("".join(f"{source}/\n" for source in sources), encoding="utf-8")
    (folder / MARKS).write_bytes(bytes(end))


if __name__ == "__main__":
    sys.exit(main())
