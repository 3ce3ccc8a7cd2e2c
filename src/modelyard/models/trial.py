"""The first run of a model in its worker: what it is, what it answers, what is kept of that."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa

from modelyard import errors
from modelyard.kernel.context import Context
from modelyard.models import golden
from modelyard.models.commands import ImportVersion
from modelyard.models.dataset_facts import DatasetFacts
from modelyard.models.examples import edge_rows, read_input_example, synthesize_rows
from modelyard.models.metadata import core_metadata, require_classes
from modelyard.models.running import model_folder, open_pool, predict_both
from modelyard.models.signature import declared_features, report_signature
from modelyard.models.types import (
    CoreMetadata,
    ModelFile,
    Probe,
    RowsFrom,
    SavedModel,
    SignatureReport,
)
from modelyard.runtime.pool import WorkerPool
from modelyard.runtime.types import (
    CodeEnv,
    Interpretation,
    Mode,
    ModelInputs,
    PredictOptions,
    RawOutput,
)


@dataclass(frozen=True)
class Trial:
    """What a trial found; `inputs` and `outputs` are the golden rows, if any could be kept."""

    probe: Probe
    signature: SignatureReport
    core: CoreMetadata
    options: PredictOptions
    inputs: pa.Table | None
    outputs: pa.Table | None


@dataclass(frozen=True)
class Candidate:
    """A model that was copied and read, and is about to run for the first time."""

    folder: Path
    model_file: ModelFile
    mlmodel: Mapping[str, Any]
    env: CodeEnv
    rows: pa.Table | None
    """Rows of the dataset that was named."""


def try_model(
    context: Context, command: ImportVersion, model: SavedModel, candidate: Candidate
) -> Trial:
    """Load the model in a worker, predict some rows, and read what it answers.

    Raises:
        Failed: the model does not load, or fails on its own example or on the dataset's rows.
        Invalid: what the user said of classes, features or threshold contradicts the model.
        Unsupported: an interpretation was given for a prediction type that has none.
    """
    if command.interpretation is not None and model.prediction_type == "other":
        raise errors.Unsupported(
            f"{model.name!r} has prediction type 'other', whose output is not interpreted"
        )
    started = time.monotonic()
    folder = model_folder(
        context,
        candidate.env,
        candidate.folder,
        candidate.mlmodel,
        None,
        name=f"{command.model} {command.version}",
    )
    with open_pool(context, folder) as pool:
        context.progress("loading the model in its worker")
        loaded = pool.load()
        facts = None if candidate.rows is None else DatasetFacts.of(candidate.rows)
        declared = declared_features(command.features)
        report = report_signature(candidate.model_file, loaded, facts, declared)
        core = core_metadata(
            model.prediction_type,
            loaded,
            report,
            target=command.target,
            classes=command.classes,
            threshold=command.threshold,
            outputs=candidate.model_file.outputs,
        )
        rows, rows_from = trial_rows(candidate, report.inputs, command.golden_rows)
        asking = _Asking(pool, model, core, report.inputs, command.tolerance)
        context.progress(f"trying the model on {0 if rows is None else rows.num_rows} rows")
        raw, read, problem = asking.probe(rows, rows_from, command.interpretation)
        options = asking.options("direct", read)
        inputs = outputs = None
        if rows is not None and raw is not None:
            inputs, outputs, unsteady = asking.golden(rows, options)
            problem = problem or unsteady
    probe = Probe(
        loaded=loaded,
        rows_from=rows_from,
        rows=0 if rows is None else rows.num_rows,
        raw=raw,
        interpretation=read,
        problem=problem,
        seconds=round(time.monotonic() - started, 3),
    )
    core = _with_classes(core, read)
    require_classes(model.prediction_type, core)
    return Trial(probe, report, core, options, inputs, outputs)


def trial_rows(
    candidate: Candidate, inputs: ModelInputs, most: int
) -> tuple[pa.Table | None, RowsFrom]:
    """The rows to try a model on: of the dataset, else its input example, else made up."""
    if candidate.rows is not None and candidate.rows.num_rows:
        count = candidate.rows.num_rows
        wanted = [at * count // most for at in range(most)] if count > most else list(range(count))
        return candidate.rows.take(wanted), "dataset"
    example = read_input_example(candidate.folder, candidate.model_file)
    if example is not None and example.num_rows:
        return example.slice(0, most), "input_example"
    if inputs.columns or inputs.tensors:
        return synthesize_rows(inputs), "signature"
    return None, "none"


@dataclass(frozen=True)
class _Asking:
    """One model in one worker, asked in the ways that a trial needs."""

    pool: WorkerPool
    model: SavedModel
    core: CoreMetadata
    inputs: ModelInputs
    tolerance: float

    def probe(
        self, rows: pa.Table | None, rows_from: RowsFrom, told: Interpretation | None
    ) -> tuple[RawOutput | None, Interpretation | None, str | None]:
        """Ask for one prediction of unknown shape; a refusal of made-up rows is no failure."""
        if told is not None:
            told = told.model_copy(update={"overridden": True})
        if rows is None:
            return None, told, "there are no rows to try it on: no input example, no signature"
        try:
            meta = self.pool.predict(rows, self.options("probe", told)).meta
        except errors.ModelyardError as exc:
            if rows_from == "signature" and not _lost(exc) and told is None:
                return None, None, f"it refused a row made up from its signature: {exc.detail}"
            raise type(exc)(
                f"the model loads but cannot predict rows of its {_named(rows_from)}: {exc.detail}",
                **exc.context,
            ) from exc
        raw = RawOutput.model_validate(meta["raw"])
        read = Interpretation.model_validate(meta["interpretation"])
        if read.rule == "values" and self.model.prediction_type != "other":
            return raw, None, f"its output cannot be read as predictions: {read.reason}"
        return raw, read, None

    def golden(
        self, rows: pa.Table, options: PredictOptions
    ) -> tuple[pa.Table | None, pa.Table | None, str | None]:
        """Predict the rows and edge rows twice; edge rows that the model refuses are left out."""
        edges = edge_rows(rows, self.inputs)
        if edges is not None and edges.num_rows:
            skipping = options.model_copy(update={"on_error": "skip"})
            reply = self.pool.predict(edges, skipping)
            refused = {reject.row for reject in reply.rejects}
            fine = [row for row in range(edges.num_rows) if row not in refused]
            edges = self._readable(edges.take(fine), options)
            rows = pa.concat_tables([rows, edges.cast(rows.schema)])
        first = predict_both(self.pool, rows, options)
        again = golden.compare(first, predict_both(self.pool, rows, options), self.tolerance)
        if again.differing:
            return (
                None,
                None,
                (
                    "no golden predictions are kept: asked twice, the model answers differently "
                    f"({again.details[0]})"
                ),
            )
        return rows, first, None

    def _readable(self, edges: pa.Table, options: PredictOptions) -> pa.Table:
        """The edge rows whose answers are predictions; what never occurs may get nonsense."""
        if options.interpretation is None or self.model.prediction_type == "other":
            return edges
        asked = options.model_copy(update={"mode": "restructured"})

        def reads(rows: pa.Table) -> bool:
            try:
                self.pool.predict(rows, asked)
            except errors.ModelyardError as exc:
                if _lost(exc):
                    raise
                return False
            return True

        if reads(edges):
            return edges
        return edges.take([row for row in range(edges.num_rows) if reads(edges.slice(row, 1))])

    def options(
        self,
        mode: Mode | Literal["probe"],
        read: Interpretation | None = None,
    ) -> PredictOptions:
        """How to ask."""
        return PredictOptions(
            mode=mode,
            prediction_type=self.model.prediction_type,
            interpretation=read,
            classes=self.core.classes or None,
            threshold=self.core.threshold,
            inputs=self.inputs,
        )


def _lost(error: errors.ModelyardError) -> bool:
    """Whether the worker died, hung or ate too much, so that it is no matter of the rows."""
    return bool(error.context.keys() & {"cause", "out_of_memory"})


def _with_classes(core: CoreMetadata, read: Interpretation | None) -> CoreMetadata:
    """Take the classes from the output where nobody named them."""
    if core.classes or read is None or not read.classes:
        return core
    return core.model_copy(update={"classes": read.classes, "class_order": "model"})


def _named(rows_from: RowsFrom) -> str:
    return {"input_example": "own input example", "dataset": "dataset"}.get(rows_from, rows_from)
