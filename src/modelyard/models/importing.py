"""Importing a version: fetch, read, scan, give it an env, try it, keep it."""

from __future__ import annotations

import platform
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import pyarrow as pa

from modelyard import errors
from modelyard.data.access import open_source, sample
from modelyard.data.types import Sampling
from modelyard.kernel.context import Context
from modelyard.kernel.values import now
from modelyard.models import golden, repository
from modelyard.models.commands import ImportVersion
from modelyard.models.folders import (
    copy_tree,
    forget_folder,
    forget_marked_folders,
    leased_folder,
    list_files,
    tree_digest,
)
from modelyard.models.mlmodel import read_mlmodel
from modelyard.models.scan import scan_folder
from modelyard.models.sources import fetch
from modelyard.models.staging import Stage, stage
from modelyard.models.trial import Candidate, Trial, try_model
from modelyard.models.types import (
    Golden,
    ModelVersion,
    SavedModel,
    Scan,
    StoredFile,
    Verification,
)
from modelyard.runtime.envs import ensure_env, request_of
from modelyard.store.artifacts import digest_of
from modelyard.store.database import exclusively

GOLDEN = "/golden/{}.arrow"
"""Golden rows are among the artifacts that a version keeps; no model file's path starts with /."""


def collect(context: Context, digests: set[str]) -> None:
    """Take artifacts out of the store that no version keeps."""
    with context.begin() as db:
        exclusively(db)
        context.artifacts.remove(repository.unreferenced(db, digests))


def import_version(context: Context, command: ImportVersion) -> ModelVersion:
    """Import a model; everything is kept in one step at the end, or nothing is.

    Raises:
        NotFound: the saved model, the source or the dataset is not there.
        Invalid: the model or what was said of it is wrong.
        Blocked: the scan's verdict is not allowed by the settings.
        Failed: its env cannot be built, or it does not load or predict.
        Conflict: somebody else imported the same version meanwhile.
    """
    with context.read() as db:
        model = repository.get_model(db, command.project, command.model)
        seen = repository.revision(db, command.project, command.model, command.version)
    check_request(command, model)
    forget_marked_folders(context)
    with stage(context, partial(collect, context)) as staged:
        context.progress(f"fetching {command.source}")
        lineage = fetch(
            context,
            command.project,
            command.source,
            staged.model,
            tracking_uri=command.tracking_uri,
            registry_uri=command.registry_uri,
        )
        model_file, mlmodel = read_mlmodel(staged.model)
        files = list_files(staged.model)
        context.progress(f"scanning {len(files)} files")
        scan = scan_folder(staged.model, context.settings.trust)
        refuse_untrusted(context, command, scan)
        context.progress("preparing its code env")
        env = ensure_env(context, request_of(staged.model, mlmodel), named=command.env)
        digest = tree_digest(files)
        with private_copy(context, staged, digest) as folder:
            candidate = Candidate(folder, model_file, mlmodel, env, dataset_rows(context, command))
            trial = try_model(context, command, model, candidate)
            return keep(
                context,
                staged,
                seen,
                activate=command.activate,
                version=ModelVersion(
                    id=f"S-{command.project}-{command.model}-{command.version}",
                    project=command.project,
                    model=command.model,
                    version=command.version,
                    prediction_type=model.prediction_type,
                    active=command.activate,
                    name=command.name,
                    description=command.description,
                    imported=now(),
                    imported_by=context.identity.name,
                    digest=digest,
                    files=files,
                    lineage=lineage,
                    model_file=model_file,
                    env=env,
                    scan=scan,
                    signature=trial.signature,
                    core=trial.core,
                    probe=trial.probe,
                ),
                trial=trial,
                tolerance=command.tolerance,
            )


def check_request(command: ImportVersion, model: SavedModel) -> None:
    """Refuse at once what could only fail later.

    Raises:
        Invalid: classes, threshold or features do not go with the prediction type or each other.
    """
    kind, classes = model.prediction_type, command.classes
    if command.dataset and command.features:
        raise errors.Invalid("features come from --dataset or from --features, not from both")
    if classes and kind not in {"binary_classification", "multiclass"}:
        raise errors.Invalid(f"{model.name!r} has prediction type {kind}, which has no --classes")
    if kind == "binary_classification" and classes and len(classes) != 2:
        raise errors.Invalid(
            f"{model.name!r} is a binary classification: --classes takes exactly 2 labels, "
            f"negative first, not {len(classes)}"
        )
    if kind == "multiclass" and len(classes) == 1:
        raise errors.Invalid(f"{model.name!r} is multiclass: --classes takes 2 labels or more")
    if len(set(map(str, classes))) < len(classes):
        raise errors.Invalid(f"--classes names a label twice: {', '.join(map(str, classes))}")
    if command.threshold is not None and kind != "binary_classification":
        raise errors.Invalid(f"{model.name!r} has prediction type {kind}, which has no --threshold")


def refuse_untrusted(context: Context, command: ImportVersion, scan: Scan) -> None:
    """Raise Blocked when the settings do not allow the scan's verdict."""
    allowed = context.settings.trust.allowed
    if scan.verdict in allowed:
        return
    worst = [finding for finding in scan.findings if finding.verdict == scan.verdict]
    found = "; ".join(f"{finding.file}: {finding.what}" for finding in worst[:3])
    raise errors.Blocked(
        f"{command.source} was not imported: its files are {scan.verdict.replace('_', ' ')} "
        f"({found}), and the setting trust.allowed lets in {', '.join(allowed)}. "
        "Look at the findings; if you trust where the model comes from, extend that setting",
        findings=[finding.model_dump() for finding in scan.findings],
    )


def dataset_rows(context: Context, command: ImportVersion) -> pa.Table | None:
    """The head of the dataset that was named."""
    if command.dataset is None:
        return None
    source = open_source(context, command.project, command.dataset)
    rows = sample(source, Sampling(method="first", rows=command.dataset_rows))
    if command.target and command.target not in rows.column_names:
        raise errors.Invalid(
            f"{command.dataset} has no column {command.target!r} to be the --target; it has: "
            f"{', '.join(rows.column_names[:20])}"
        )
    return rows.drop_columns([command.target]) if command.target else rows


@contextmanager
def private_copy(context: Context, staged: Stage, digest: str) -> Iterator[Path]:
    """The folder that workers load the model from; gone again when the import fails."""
    try:
        with leased_folder(context, digest, partial(copy_tree, staged.model)) as folder:
            yield folder
    except BaseException:
        with suppress(errors.Unavailable, OSError):  # what failed first is to be told
            forget_folder(context, digest)
        raise


def keep(
    context: Context,
    staged: Stage,
    seen: str | None,
    *,
    version: ModelVersion,
    trial: Trial,
    tolerance: float,
    activate: bool,
) -> ModelVersion:
    """Write the version's rows and move its files into the artifact store, in one transaction."""
    moves = [(staged.model / file.path, file) for file in version.files]
    golden_moves = golden_files(staged, trial)
    if trial.inputs is not None and golden_moves:
        inputs, outputs = (file.sha256 for _, file in golden_moves)
        version = version.model_copy(
            update={
                "golden": Golden(
                    inputs=inputs,
                    outputs=outputs,
                    rows=trial.inputs.num_rows,
                    rows_from=trial.probe.rows_from,
                    tolerance=tolerance,
                    options=trial.options,
                )
            }
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
        if activate:
            repository.set_active(db, version.project, version.model, version.version)
        staged.keep(context, (*moves, *golden_moves))
    collect(context, replaced)
    if old_folder not in (None, version.digest):
        forget_folder(context, old_folder)
    with context.read() as db:
        return repository.get_version(db, *key)


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
