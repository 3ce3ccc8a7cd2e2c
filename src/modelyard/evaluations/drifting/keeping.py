"""Keeping a drift report: packed JSON among the artifacts, and a row that names it."""

from __future__ import annotations

import gzip
from functools import partial
from pathlib import Path

from modelyard.evaluations.drifting import repository
from modelyard.evaluations.drifting.types import Drift, DriftSummary
from modelyard.kernel.context import Context
from modelyard.store.artifacts import digest_of
from modelyard.store.database import exclusively
from modelyard.store.keeping import collect
from modelyard.store.staging import stage

REPORT = "drift.json.gz"


def keep(context: Context, drift: Drift) -> Drift:
    """Keep a report, all or nothing."""
    with stage(context, partial(collect, context)) as staged:
        path = staged.folder / REPORT
        digest = write(path, drift)
        with context.begin() as db:
            exclusively(db)
            repository.add(db, summary_of(drift), digest)
            staged.keep(context, [(path, digest)])
    return drift


def write(path: Path, drift: Drift) -> str:
    """Write a report as it is kept; gives its digest."""
    path.write_bytes(gzip.compress(drift.model_dump_json().encode(), mtime=0))
    return digest_of(path)


def read(context: Context, project: str, identifier: str) -> Drift:
    """A report as it was kept.

    Raises:
        NotFound: there is none of this id.
    """
    with context.read() as db:
        digest = repository.digest_of(db, project, identifier)
    with context.artifacts.open(digest) as file:
        return Drift.model_validate_json(gzip.decompress(file.read()))


def summary_of(drift: Drift) -> DriftSummary:
    """A report as one line of a list."""
    shared = drift.model_dump(
        include={"id", "project", "model", "version", "created", "created_by"}
    )
    return DriftSummary(
        **shared,
        reference=drift.reference.name,
        current=drift.current.name,
        evaluation=drift.current.evaluation,
        outcome=drift.verdict.outcome,
        accuracy=drift.global_.accuracy.value,
        drifted=sum(each.outcome == "drifted" for each in drift.columns),
        headline=drift.verdict.headline,
    )
