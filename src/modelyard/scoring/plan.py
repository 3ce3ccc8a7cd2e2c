"""Everything that is decided about a scoring before its first row is read."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from modelyard import errors
from modelyard.data.access import PREFIX, Source, check_output, open_source
from modelyard.kernel import paths
from modelyard.kernel.context import Context
from modelyard.kernel.gathered import Gathered
from modelyard.models.access import (
    RunnableVersion,
    find_version,
    make_runnable,
)
from modelyard.models.types import ModelVersion
from modelyard.runtime.types import Mode, PredictOptions
from modelyard.scoring.asking import how_to_ask
from modelyard.scoring.columns import InputColumns, choose_columns
from modelyard.scoring.rejects import kept_rejects
from modelyard.scoring.types import Scoring

TABLE_ENDINGS = (".parquet", ".csv", ".jsonl", ".json", ".tsv", ".ndjson")


@dataclass(frozen=True)
class Checked:
    """A scoring with all that it names opened and checked, but for the model's own files."""

    version: ModelVersion
    source: Source
    mode: Mode
    columns: InputColumns
    options: PredictOptions


@dataclass(frozen=True)
class Plan(Checked):
    """A scoring that can be carried out."""

    project: str
    scoring: Scoring
    runnable: RunnableVersion
    workers: int
    identity: str
    """Digest over all that decides the output; a run of the same identity can be taken up."""

    def rejects_file(self, context: Context, run_id: str) -> Path:
        """Where refused rows go: beside an output file, else where the caller can find them."""
        beside = rejects_beside(context, self.project, self.scoring.output)
        mine = context.identity.is_local
        folder = context.folder if mine else paths.files_folder(context, self.project)
        return beside or kept_rejects(folder, run_id)


def rejects_beside(context: Context, project: str, output: str) -> Path | None:
    """The file beside an output that takes its refused rows; None where it is no file."""
    name = Path(output).name.removesuffix(".gz")
    if output.startswith(PREFIX) or Path(name).suffix.lower() not in TABLE_ENDINGS:
        return None
    path = paths.find(context, project, output)
    return path.with_name(f"{path.name}.rejects.jsonl") if path.parent.is_dir() else None


def check_scoring(project: str, scoring: Scoring, context: Context) -> Checked:
    """Open what a scoring names, and check that it goes together; nothing is run.

    Raises:
        NotFound: the model, version or input is not there.
        Blocked: the version may not run.
        Invalid: options contradict each other, or columns are missing.
        Unsupported: the model cannot give what is asked.
    """
    wrong = Gathered()
    version: ModelVersion | None = None
    with wrong.about("output"):
        _check_output(project, scoring, context)
    with wrong.about("model" if scoring.version is None else "version"):
        version = find_version(context, project, scoring.model, scoring.version)
    with wrong.about("mode"):
        if version is not None:
            mode, options = how_to_ask(version, scoring, percentile=scoring.percentile)
    with wrong.about("input"):
        source = open_source(context, project, scoring.input)
        if version is not None:
            columns = choose_columns(
                source.schema,
                version.signature.inputs,
                features=[feature.name for feature in version.core.features],
                keep=scoring.keep,
                dataset=source.name,
            )
    wrong.tell()
    if version is None:
        raise AssertionError("that it was not found would have been told")
    return Checked(version, source, mode, columns, options)


def _check_output(project: str, scoring: Scoring, context: Context) -> None:
    check_output(context, project, scoring.input, scoring.output)
    rejects = rejects_beside(context, project, scoring.output)
    if rejects is not None and _is_same(context, project, scoring.input, rejects):
        raise errors.Invalid(
            f"{scoring.input!r} is where the rows refused for {scoring.output!r} go; give the "
            "output another name"
        )


def make_plan(project: str, scoring: Scoring, context: Context) -> Plan:
    """Check a scoring and make its version ready to run.

    Raises:
        ModelyardError: as `check_scoring` says.
        Failed: the version does not reproduce its golden predictions here.
    """
    checked = check_scoring(project, scoring, context)
    place = scoring.output
    if not place.startswith(PREFIX):
        place = paths.settle(context, place)
    return Plan(
        **vars(checked),
        project=project,
        scoring=scoring,
        runnable=make_runnable(context, checked.version),
        workers=scoring.workers or context.settings.runtime.workers or _cores(),
        identity=_identity(project, scoring, place, checked),
    )


def _is_same(context: Context, project: str, text: str, file: Path) -> bool:
    """Whether a text names this very file."""
    if text.startswith(PREFIX):
        return False
    return paths.find(context, project, text).resolve() == file.resolve()


def _identity(project: str, scoring: Scoring, place: str, checked: Checked) -> str:
    version = checked.version
    facts = [
        project,
        scoring.model_dump(mode="json", exclude={"workers", "version", "mode", "output"}),
        place,
        version.version,
        version.digest,
        version.imported.isoformat(),
        version.env.id,
        checked.mode,
        checked.options.model_dump(mode="json"),
        checked.source.fingerprint or secrets.token_hex(),
    ]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def stamps(plan: Plan, predicted: pa.Scalar) -> dict[str, pa.Scalar]:
    """The columns that say which model predicted and when."""
    if not plan.scoring.metadata:
        return {}
    version = plan.version
    return {
        "smmd_savedModelId": pa.scalar(version.model),
        "smmd_modelVersion": pa.scalar(version.version),
        "smmd_fullModelId": pa.scalar(version.id),
        "smmd_predictionTime": predicted,
    }
