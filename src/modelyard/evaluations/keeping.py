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
from modelyard.evaluations.types import Evaluation
from modelyard.kernel.context import Context
from modelyard.store.artifacts import digest_of
from modelyard.store.database import exclusively
from modelyard.store.keeping import collect
from modelyard.store.staging import stage

SAMPLE, SCREENS = "sample.parquet", "screens.json.gz"


def keep(
    context: Context, evaluation: Evaluation, screens: Mapping[str, Content], sample: Path
) -> Evaluation:
    """Keep it with its files, all or nothing; the sample's file is given away."""
    with stage(context, partial(collect, context)) as staged:
        rows, packed = staged.folder / SAMPLE, staged.folder / SCREENS
        sample.replace(rows)
        content = {name: plain(each) for name, each in screens.items()}
        packed.write_bytes(gzip.compress(json.dumps(content).encode(), mtime=0))
        files = {SAMPLE: digest_of(rows), SCREENS: digest_of(packed)}
        kept = evaluation.model_copy(update={"sample": files[SAMPLE]})
        with context.begin() as db:
            exclusively(db)
            repository.add(db, kept, files)
            staged.keep(context, [(staged.folder / name, files[name]) for name in files])
    return kept


def screens_of(context: Context, identifier: str) -> dict[str, dict[str, Any]]:
    """The screens that were kept."""
    with context.artifacts.open(_file(context, identifier, SCREENS)) as file:
        found: dict[str, dict[str, Any]] = json.loads(gzip.decompress(file.read()))
    return found


def _file(context: Context, identifier: str, name: str) -> str:
    with context.read() as db:
        found = repository.files_of(db, identifier).get(name)
    if found is None:
        raise errors.NotFound(f"the evaluation {identifier} was deleted meanwhile")
    return found


def plain(content: Content) -> dict[str, Any]:
    """A screen as JSON."""
    return content.model_dump(mode="json") if isinstance(content, BaseModel) else content
