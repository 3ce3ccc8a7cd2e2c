"""Keeping an evaluation: its rows as Parquet, its screens as packed JSON, a row that names both."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from modelyard import errors
from modelyard.evaluations import repository
from modelyard.evaluations.drifting import repository as reports
from modelyard.evaluations.drifting.keeping import REPORT, summary_of, write
from modelyard.evaluations.drifting.types import Drift
from modelyard.evaluations.figures import Content
from modelyard.evaluations.storing.placing import find_same
from modelyard.evaluations.types import NAMED, Evaluation
from modelyard.kernel.context import Context
from modelyard.store.artifacts import digest_of
from modelyard.store.database import exclusively
from modelyard.store.keeping import collect
from modelyard.store.staging import stage

SAMPLE, SCREENS = "sample.parquet", "screens.json.gz"
WORST, CODE = "worst.json.gz", "custom-metrics.json.gz"
DRIFT, REFERENCE = "drift.parquet", "reference.parquet"
FIELDS = {SAMPLE: "sample", DRIFT: "drift_sample", REFERENCE: "reference_sample"}
"""The fields that hold the digests of files of rows."""


def keep(
    context: Context,
    evaluation: Evaluation,
    screens: Mapping[str, Content],
    rows: Mapping[str, Path],
    code: Mapping[str, str] | None = None,
    drift: Drift | None = None,
) -> Evaluation:
    """Keep it with its files and its drift report, all or nothing.

    It is in place of one of its store that has its id.

    Args:
        context: the workspace.
        evaluation: without the digests of its rows.
        screens: contents by name.
        rows: files by what they are kept as; they are given away.
        code: of its custom metrics: the name of the `file`, and its `text`.
        drift: the report of its drift; none: none was computed.

    Raises:
        Conflict: the store was deleted meanwhile, or one elsewhere has the id now.
    """
    with stage(context, partial(collect, context)) as staged:
        files = {}
        for name, file in rows.items():
            file.replace(staged.folder / name)
            files[name] = digest_of(staged.folder / name)
        content = {name: plain(each) for name, each in screens.items()}
        files[SCREENS] = _packed(staged.folder / SCREENS, content)
        if code:
            files[CODE] = _packed(staged.folder / CODE, code)
        digests = {FIELDS[name]: files[name] for name in rows}
        kept = evaluation.model_copy(update=digests)
        report, moves = (
            staged.folder / REPORT,
            [(staged.folder / each, files[each]) for each in files],
        )
        if drift is not None:
            moves.append((report, write(report, drift)))
        before: set[str] = set()
        with context.begin() as db:
            exclusively(db)
            if find_same(db, kept.project, kept.id, kept.store) is not None:
                before = repository.remove(db, kept.project, identifier=kept.id)
            repository.add(db, kept, files)
            if drift is not None:
                reports.add(db, summary_of(drift), dict(moves)[report])
            staged.keep(context, moves)
    collect(context, before)
    return kept


def screens_of(context: Context, evaluation: Evaluation) -> dict[str, dict[str, Any]]:
    """The screens that were kept."""
    found = read_files(context, evaluation, SCREENS).get(SCREENS)
    if found is None:
        raise errors.NotFound(f"the evaluation {evaluation.id} was deleted meanwhile")
    return {NAMED.get(name, name): content for name, content in found.items()}


def kept_file(context: Context, evaluation: Evaluation, name: str) -> dict[str, Any] | None:
    """What is kept by a name, if there is any."""
    return read_files(context, evaluation, name).get(name)


def read_files(context: Context, evaluation: Evaluation, prefix: str) -> dict[str, dict[str, Any]]:
    """The contents of those packed files of an evaluation whose names begin so."""
    with context.read() as db:
        files = repository.files_of(db, evaluation)
    found = {}
    for name, digest in files.items():
        if name.startswith(prefix):
            with context.artifacts.open(digest) as file:
                found[name] = json.loads(gzip.decompress(file.read()))
    return found


def add_file(
    context: Context, evaluation: Evaluation, name: str, content: Mapping[str, Any]
) -> None:
    """Keep a packed file more, in place of what was kept by its name.

    Raises:
        NotFound: the evaluation was deleted meanwhile.
    """
    with stage(context, partial(collect, context)) as staged:
        digest = _packed(staged.folder / name, content)
        with context.begin() as db:
            exclusively(db)
            repository.get(db, evaluation.project, evaluation.id)
            before = repository.put_file(db, evaluation, name, digest)
            staged.keep(context, [(staged.folder / name, digest)])
    collect(context, before)


def _packed(path: Path, content: Mapping[str, Any]) -> str:
    path.write_bytes(gzip.compress(json.dumps(content).encode(), mtime=0))
    return digest_of(path)


def plain(content: Content) -> dict[str, Any]:
    """A screen as JSON."""
    return content.model_dump(mode="json") if isinstance(content, BaseModel) else content
