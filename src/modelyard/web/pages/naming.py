"""Commands in words for people: what a job does, what somebody did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelyard.verbs import CATALOG

JOBS = {
    "datasets.create": "Read dataset {name}",
    "datasets.sample": "Sample {dataset}",
    "versions.import": "Import {model} {version}",
    "versions.verify": "Verify {model} {version}",
    "versions.export": "Export {model} {version}",
    "envs.build": "Build env {name}",
    "scoring.run": "Score {input} with {model}",
    "recipes.run": "Run recipe {name}",
}


def job_title(command: str, arguments: Mapping[str, Any]) -> str:
    """What a job does."""
    named = {name: str(value) for name, value in arguments.items() if value is not None}
    try:
        return JOBS[command].format_map(named)
    except KeyError:
        return about(command)


def about(command: str) -> str:
    """What a command is for, in the first words of its description."""
    if command not in CATALOG:
        return command
    first = (CATALOG[command].__doc__ or command).splitlines()[0]
    for stop in (":", ";", ".", ","):
        first = first.partition(stop)[0]
    return first
