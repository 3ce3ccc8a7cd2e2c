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
from modelyard.evaluations.figures import Content
from modelyard.evaluations.types import NAMED, Evaluation
from modelyard.kernel.context import Context
from modelyard.store.artifacts import digest_of
from modelyard.store.database import exclusively
from modelyard.store.keeping import collect
from modelyard.store.staging import stage

SAMPLE, SCREENS = "sample.parquet", "screens.json.gz"
WORST, CODE = "worst.json.gz", "custom-metrics.json.gz"


def keep(
    context: Context,
    evaluation: Evaluation,
    screens: Mapping[str, Content],
    sample: Path,
    code: Mapping[str, str] | None = None,
) -> Evaluation:
    """Keep it with its files, all or nothing; the sample's file is given away.

    Args:
        context: the workspace.
        evaluation: what it tells.
        screens: by name.
        sample: the scored rows.
        code: of its custom metrics: the name of the `file`, and its `text`.
    """
    with stage(context, partial(collect, context)) as staged:
        rows, packed = staged.folder / SAMPLE, staged.folder / SCREENS
        sample.replace(rows)
        content = {name: plain(each) for name, each in screens.items()}
        files = {SAMPLE: digest_of(rows), SCREENS: _packed(packed, content)}
        if code:
            files[CODE] = _packed(staged.folder / CODE, code)
        kept = evaluation.model_copy(update={"sample": files[SAMPLE]})
        with context.begin() as db:
            exclusively(db)
            repository.add(db, kept, files)
            staged.keep(context, [(staged.folder / name, files[name]) for name in files])
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
