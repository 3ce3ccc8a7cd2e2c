"""Keeping a replay: packed JSON among the artifacts, and a row that names it."""

from __future__ import annotations

import gzip
from functools import partial

from modelyard.evaluations.replaying import repository
from modelyard.evaluations.replaying.types import Replay, ReplaySummary
from modelyard.kernel.context import Context
from modelyard.store.artifacts import digest_of
from modelyard.store.database import exclusively
from modelyard.store.keeping import collect
from modelyard.store.staging import stage

REPLAY = "replay.json.gz"


def keep(context: Context, replay: Replay) -> Replay:
    """Keep a replay, all or nothing."""
    with stage(context, partial(collect, context)) as staged:
        path = staged.folder / REPLAY
        path.write_bytes(gzip.compress(replay.model_dump_json().encode(), mtime=0))
        digest = digest_of(path)
        with context.begin() as db:
            exclusively(db)
            repository.add(db, summary_of(replay), digest)
            staged.keep(context, [(path, digest)])
    return replay


def read(context: Context, project: str, identifier: str) -> Replay:
    """A replay as it was kept.

    Raises:
        NotFound: there is none of this id.
    """
    with context.read() as db:
        digest = repository.digest_of(db, project, identifier)
    with context.artifacts.open(digest) as file:
        return Replay.model_validate_json(gzip.decompress(file.read()))


def summary_of(replay: Replay) -> ReplaySummary:
    """A replay as one line of a list."""
    told = set(ReplaySummary.model_fields) - {"flipped", "shift", "headline"}
    return ReplaySummary(
        **replay.model_dump(include=told),
        flipped=replay.flips.share.value if replay.flips else None,
        shift=replay.shift.difference.value,
        headline=replay.verdict.headline,
    )
