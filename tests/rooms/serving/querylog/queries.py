"""Queries to write into a log."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelyard.serving.querylog.events import CallerInfo, QueryEvent

SERVICE, ENDPOINT = "churn-api", "churn"


@dataclass(frozen=True)
class Result:
    output: Mapping[str, Any] | None
    ignored: str = ""
    problem: str = ""
    enriched: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Took:
    preprocessing: int = 3
    waited: int = 40
    enrichment: int = 0
    model: int = 900
    batch: int = 4


YES = Result({"prediction": "yes", "probas": {"no": 0.1, "yes": 0.9}})


def query(*rows: Mapping[str, Any], answers: Any = None, **more: Any) -> QueryEvent:
    rows = rows or ({"age": 41, "plan": "basic"},)
    told: dict[str, Any] = {
        "generation": "p1",
        "request_id": "r1",
        "answers": [YES] * len(rows) if answers is None else answers,
        "caller": CallerInfo("service", "shop", "10.0.0.7"),
        "timings": Took(),
        "seconds": 0.0012,
    }
    return QueryEvent(SERVICE, ENDPOINT, rows=rows, **{**told, **more})


def files_of(folder: Path) -> list[Path]:
    return sorted(folder.joinpath(SERVICE, ENDPOINT).glob("*"))


def lines_of(folder: Path) -> list[dict[str, Any]]:
    return [
        json.loads(line) for file in files_of(folder) for line in file.read_bytes().splitlines()
    ]
