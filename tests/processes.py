"""The surroundings of programs that the tests start."""

from __future__ import annotations

import os


def not_ours(**more: str) -> dict[str, str]:
    """The variables of a program that runs nothing of ours: coverage would only slow it down."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    return {**kept, **more}
