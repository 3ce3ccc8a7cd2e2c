"""Trying a model: fetch, read, scan, give it an env, ask it; an import keeps what a probe tells."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from modelyard import errors
from modelyard.data.access import open_source, sample
from modelyard.data.types import Sampling
from modelyard.kernel.context import Context
from modelyard.models import kept_trial, repository, shelf
from modelyard.models.commands import ModelRequest, ProbeVersion
from modelyard.models.comparing import difference
from modelyard.models.folders import (
    copy_tree,
    forget_folder,
    forget_marked_folders,
    leased_folder,
    list_files,
    tree_digest,
)
from modelyard.models.metadata import lacks_classes
from modelyard.models.mlmodel import read_mlmodel
from modelyard.models.request_rules import check_request
from modelyard.models.scan import scan_folder
from modelyard.models.sources import fetch
from modelyard.models.trial import Candidate, Trial, try_model
from modelyard.models.types import (
    Difference,
    Lineage,
    ModelFacts,
    ModelVersion,
    ProbedModel,
    SavedModel,
    Scan,
)
from modelyard.runtime.envs.codeenvs import ensure_env
from modelyard.runtime.envs.request import request_of
from modelyard.store.keeping import collect
from modelyard.store.staging import Stage, stage


@dataclass(frozen=True)
class Tried:
    """A model that was tried, while its files are at hand."""

    staged: Stage
    facts: ModelFacts
    trial: Trial
    asked: str
    """Digest over what decides what the trial found."""


def probe_version(context: Context, command: ProbeVersion) -> ProbedModel:
    """Try a model; its files are put aside for an import, and nothing else is kept.

    Raises:
        NotFound: the saved model, the source or the dataset is not there.
        Invalid: the model or what was said of it is wrong.
        Blocked: the scan's verdict is not allowed by the settings.
        Failed: its env cannot be built, or it does not load or predict.
    """
    with context.read() as db:
        model = repository.get_model(db, command.project, command.model)
        active = (
            repository.get_version(db, command.project, command.model, None)
            if model.active_version
            else None
        )
    with tried(context, command, model) as found:
        facts, trial = found.facts, found.trial
        shelf.put_aside(
            context,
            command,
            facts.digest,
            found.staged.model,
            facts.lineage,
            more=lambda beside: kept_trial.write(beside, found.asked, command.threshold, trial),
        )
    forget_folder(context, facts.digest)
    changed = None if active is None else difference(active, facts.signature.inputs, facts.core)
    missing = ("classes",) if lacks_classes(model.prediction_type, facts.core) else ()
    return ProbedModel(
        **dict(facts),
        golden_rows=0 if trial.inputs is None else trial.inputs.num_rows,
        difference=changed,
        missing=missing,
        warnings=(
            *facts.signature.warnings,
            *([facts.probe.problem] if facts.probe.problem else ()),
            *_what_breaks(active, changed),
        ),
    )


@contextmanager
def tried(
    context: Context, command: ModelRequest[Any], model: SavedModel, *, digest: str | None = None
) -> Iterator[Tried]:
    """Try a model; its files stay at hand until the block is left.

    Args:
        context: the workspace.
        command: where the model is, and what is said of it.
        model: the saved model that it is meant for.
        digest: that of the files it must have; those that were probed need not be fetched again,
            nor loaded again if all that decides what is found is as it was moments before.

    Raises:
        Conflict: the source holds files of another digest.
        Blocked, Failed, Forbidden, Invalid, NotFound, Unavailable: as for a probe.
    """
    check_request(command, model)
    forget_marked_folders(context)
    shelf.sweep(context)
    with stage(context, partial(collect, context)) as staged:
        lineage = bring(context, command, staged.model, digest)
        model_file, mlmodel = read_mlmodel(staged.model)
        files = list_files(staged.model)
        found = tree_digest(files)
        if digest not in (None, found):
            raise errors.Conflict(
                f"{command.source} is not what was probed: its files have changed since; probe it "
                "again",
                expected=digest,
                found=found,
            )
        context.progress(f"scanning {len(files)} files")
        scan = scan_folder(staged.model, context.settings.trust)
        refuse_untrusted(context, command, scan)
        context.progress("preparing its code env")
        env = ensure_env(context, request_of(staged.model, mlmodel), named=command.env)
        rows = dataset_rows(context, command)
        asked = kept_trial.asked_of(command, model.prediction_type, found, env, rows)
        with private_copy(context, staged, found) as folder:
            trial = None
            if digest is not None:
                beside = shelf.place_of(context, command, digest)
                trial = kept_trial.read(beside, asked, command.threshold)
            if trial is None:
                candidate = Candidate(folder, model_file, mlmodel, env, rows)
                trial = try_model(context, command, model, candidate)
            facts = ModelFacts(
                project=command.project,
                model=command.model,
                prediction_type=model.prediction_type,
                digest=found,
                files=files,
                lineage=lineage,
                model_file=model_file,
                env=env,
                scan=scan,
                signature=trial.signature,
                core=trial.core,
                probe=trial.probe,
            )
            yield Tried(staged, facts, trial, asked)


def bring(
    context: Context, command: ModelRequest[Any], target: Path, digest: str | None
) -> Lineage:
    """Get the model's files into an empty folder: those that were probed, else from the source."""
    probed = shelf.take(context, command, digest, target)
    if probed is not None:
        return probed
    context.progress(f"fetching {command.source}")
    return fetch(
        context,
        command.project,
        command.source,
        target,
        tracking_uri=command.tracking_uri,
        registry_uri=command.registry_uri,
    )


def _what_breaks(active: ModelVersion | None, changed: Difference | None) -> list[str]:
    """Sentences about what callers of the active version will notice."""
    if active is None or changed is None or not changed.breaks:
        return []
    inputs = ", ".join(change.name for change in changed.inputs if change.breaks)
    said = [f"what {active.version} takes is refused, because of {inputs}"] if inputs else []
    if not changed.same_classes:
        said.append(f"the classes are not those of {active.version}, in that order")
    return said


def refuse_untrusted(context: Context, command: ModelRequest[Any], scan: Scan) -> None:
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


def dataset_rows(context: Context, command: ModelRequest[Any]) -> pa.Table | None:
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
