"""The first run of a model in its worker: what it is, what it answers, what is kept of that."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
from pydantic import JsonValue

from modelyard import errors
from modelyard.data.json_cells import json_columns
from modelyard.kernel.context import Context
from modelyard.models.commands import ModelRequest
from modelyard.models.dataset_facts import DatasetFacts
from modelyard.models.examples import edge_rows, read_input_example, synthesize_rows
from modelyard.models.metadata import core_metadata
from modelyard.models.running import model_folder, open_pool, predict_both
from modelyard.models.signature import declared_features, report_signature
from modelyard.models.types import (
    CoreMetadata,
    ModelFile,
    Probe,
    RowsFrom,
    SampleRows,
    SavedModel,
    SignatureReport,
)
from modelyard.runtime import golden
from modelyard.runtime.pool import WorkerPool
from modelyard.runtime.types import (
    CodeEnv,
    Interpretation,
    Mode,
    ModelInputs,
    PredictOptions,
    RawOutput,
)

SAMPLE_ROWS, SAMPLE_COLUMNS, SAMPLE_LETTERS = 5, 50, 300
"""How much of the first answer is kept to be shown."""


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
    context: Context, command: ModelRequest[Any], model: SavedModel, candidate: Candidate
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
        name=command.called(),
    )
    with open_pool(context, folder) as pool:
        context.progress("loading the model in its worker")
        loaded = pool.load()
        load_seconds = round(time.monotonic() - started, 3)
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
        first = asking.probe(rows, rows_from, command.interpretation)
        options = asking.options("direct", first.interpretation)
        inputs = outputs = direct = unsteady = None
        if rows is not None and first.raw is not None:
            inputs, outputs, unsteady = asking.golden(rows, options)
            direct = sample(golden.direct(outputs).slice(0, rows.num_rows))  # no edge rows
        if unsteady is not None:
            inputs = outputs = None
    probe = Probe(
        loaded=loaded,
        rows_from=rows_from,
        rows=0 if rows is None else rows.num_rows,
        raw=first.raw,
        direct=direct,
        interpretation=first.interpretation,
        read=first.read,
        problem=first.problem or unsteady,
        seconds=round(time.monotonic() - started, 3),
        load_seconds=load_seconds,
        answer_seconds=first.seconds,
    )
    core = _with_classes(core, first.interpretation)
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
class _First:
    """The first answer, and how it is read; `problem` says why there is none, or no reading."""

    interpretation: Interpretation | None = None
    problem: str | None = None
    raw: RawOutput | None = None
    read: SampleRows | None = None
    seconds: float | None = None


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
    ) -> _First:
        """Ask for one prediction of unknown shape; a refusal of made-up rows is no failure."""
        if told is not None:
            told = told.model_copy(update={"overridden": True})
        if rows is None:
            return _First(told, "there are no rows to try it on: no input example, no signature")
        started = time.monotonic()
        try:
            reply = self.pool.predict(rows, self.options("probe", told))
        except errors.ModelyardError as exc:
            if rows_from == "signature" and not _lost(exc) and told is None:
                return _First(problem=f"it refused a row made up from its signature: {exc.detail}")
            raise type(exc)(
                f"the model loads but cannot predict rows of its {_named(rows_from)}: {exc.detail}",
                **exc.context,
            ) from exc
        seconds = round(time.monotonic() - started, 3)
        raw = RawOutput.model_validate(reply.meta["raw"])
        read = Interpretation.model_validate(reply.meta["interpretation"])
        if read.rule == "values" and self.model.prediction_type != "other":
            problem = f"its output cannot be read as predictions: {read.reason}"
            return _First(problem=problem, raw=raw, seconds=seconds)
        return _First(read, None, raw, sample(reply.table), seconds)

    def golden(
        self, rows: pa.Table, options: PredictOptions
    ) -> tuple[pa.Table, pa.Table, str | None]:
        """Predict the rows and edge rows twice; edge rows that the model refuses are left out.

        Gives all these rows, the first answers, and why they cannot be kept if they differ.
        """
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
            unsteady = (
                "no golden predictions are kept: asked twice, the model answers differently "
                f"({again.details[0]})"
            )
            return rows, first, unsteady
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


def sample(table: pa.Table | None) -> SampleRows | None:
    """The first rows of an answer, as they are shown."""
    if table is None:
        return None
    few = table.slice(0, SAMPLE_ROWS).select(table.column_names[:SAMPLE_COLUMNS])
    columns = (map(_shortened, column) for column in json_columns(few))
    return SampleRows(columns=tuple(few.column_names), rows=tuple(zip(*columns, strict=True)))


def _shortened(cell: JsonValue) -> JsonValue:
    """A cell that is fit to be shown: long texts and lists are cut."""
    if not isinstance(cell, str | list | dict):
        return cell
    text = cell if isinstance(cell, str) else json.dumps(cell, ensure_ascii=False)
    return cell if len(text) <= SAMPLE_LETTERS else f"{text[:SAMPLE_LETTERS]}…"


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
