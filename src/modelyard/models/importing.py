"""Importing a version: try the model, then keep it."""

from __future__ import annotations

import platform
import uuid
from collections.abc import Sequence
from pathlib import Path

from modelyard.kernel.context import Context
from modelyard.kernel.values import now
from modelyard.models import activating, repository, shelf
from modelyard.models.commands import ImportVersion
from modelyard.models.folders import forget_folder
from modelyard.models.metadata import require_classes
from modelyard.models.probing import Tried, tried
from modelyard.models.trial import Trial
from modelyard.models.types import Golden, ModelVersion, StoredFile, Verification
from modelyard.runtime import golden
from modelyard.store.artifacts import digest_of
from modelyard.store.database import exclusively
from modelyard.store.keeping import collect
from modelyard.store.staging import Stage

GOLDEN = "/golden/{}.arrow"
"""Golden rows are among the artifacts that a version keeps; no model file's path starts with /."""


def import_version(context: Context, command: ImportVersion) -> ModelVersion:
    """Import a model; everything is kept in one step at the end, or nothing is.

    Raises:
        NotFound: the saved model, the source or the dataset is not there.
        Invalid: the model or what was said of it is wrong.
        Blocked: the scan's verdict is not allowed by the settings.
        Failed: its env cannot be built, or it does not load or predict.
        Conflict: somebody else imported the same version meanwhile, or the source holds another
            model than the one that was probed.
    """
    with context.read() as db:
        model = repository.get_model(db, command.project, command.model)
        seen = repository.revision(db, command.project, command.model, command.version)
    with tried(context, command, model, digest=command.digest) as found:
        require_classes(model.prediction_type, found.facts.core)
        version = keep(context, found, command, seen)
    if command.digest is not None:
        shelf.take_down(context, command, command.digest)
    return version


def keep(context: Context, found: Tried, command: ImportVersion, seen: str | None) -> ModelVersion:
    """Write the version's rows and move its files into the artifact store, in one transaction."""
    facts, trial, staged = found.facts, found.trial, found.staged
    moves = [(staged.model / file.path, file) for file in facts.files]
    golden_moves = golden_files(staged, trial)
    version = ModelVersion(
        **dict(facts),
        id=f"S-{command.project}-{command.model}-{command.version}",
        version=command.version,
        active=command.activate,
        name=command.name,
        description=command.description,
        imported=now(),
        imported_by=context.identity.name,
        golden=golden_facts(trial, [file for _, file in golden_moves], command.tolerance),
    )
    key = (version.project, version.model, version.version)
    with context.begin() as db:
        exclusively(db)
        replaced = repository.kept_digests(db, *key)
        old_folder = repository.folder_digest(db, *key)
        kept = [file for _, file in (*moves, *golden_moves)]
        repository.put_version(db, version, kept, revision_now=uuid.uuid4().hex, revision_seen=seen)
        if version.golden is not None:
            repository.record_verification(db, *key, first_verification(version))
        if command.activate:
            activating.set_active(db, *key, "imported", version.imported_by)
        staged.keep(context, [(path, file.sha256) for path, file in (*moves, *golden_moves)])
    collect(context, replaced)
    if old_folder not in (None, version.digest):
        forget_folder(context, old_folder)
    with context.read() as db:
        return repository.get_version(db, *key)


def golden_facts(trial: Trial, kept: Sequence[StoredFile], tolerance: float) -> Golden | None:
    """What is told of the golden rows, if there are any."""
    if trial.inputs is None or not kept:
        return None
    inputs, outputs = (file.sha256 for file in kept)
    return Golden(
        inputs=inputs,
        outputs=outputs,
        rows=trial.inputs.num_rows,
        rows_from=trial.probe.rows_from,
        tolerance=tolerance,
        options=trial.options,
    )


def golden_files(staged: Stage, trial: Trial) -> list[tuple[Path, StoredFile]]:
    """Write the golden rows into the stage."""
    if trial.inputs is None or trial.outputs is None:
        return []
    moves = []
    for name, table in (("inputs", trial.inputs), ("outputs", trial.outputs)):
        path = staged.folder / f"{name}.arrow"
        golden.write_arrow(table, path)
        stored = StoredFile(
            path=GOLDEN.format(name), sha256=digest_of(path), size=path.stat().st_size
        )
        moves.append((path, stored))
    return moves


def first_verification(version: ModelVersion) -> Verification:
    """The golden predictions were asked for twice at import: that is their first verification."""
    rows = version.golden.rows if version.golden else 0
    return Verification(
        env=version.env.id,
        host=platform.node(),
        checked=version.imported,
        rows=rows,
        matching=rows,
        largest_gap=0.0,
    )
