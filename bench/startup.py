"""CPU seconds of `modelyard --help`; the budget is 0.5.

Run: `.venv/bin/python bench/startup.py`.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
from pathlib import Path

ROUNDS = 11
MODELYARD = Path(sys.executable).with_name("modelyard")


def cpu(*words: str) -> float:
    """User and system seconds of one run."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([MODELYARD, *words], stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Print medians."""
    for words in (["--help"], ["versions", "import", "--help"], ["--version"]):
        median = statistics.median(cpu(*words) for _ in range(ROUNDS))
        print(f"modelyard {' '.join(words):24} {median:.3f} s of CPU")


if __name__ == "__main__":
    main()
