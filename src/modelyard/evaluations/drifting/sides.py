"""Sides that are open: Parquet files whose columns are read one after the other."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from modelyard import errors
from modelyard.analysis.arrays import Floats, Ints
from modelyard.analysis.labels import coded
from modelyard.data.access import Source, open_target, sampled
from modelyard.evaluations.drifting.planning import (
    Data,
    Evaluated,
    Named,
    Plan,
    is_answer,
    sampling_of,
)
from modelyard.evaluations.drifting.types import Side
from modelyard.evaluations.kept_rows import digest_of_part, kept_rows
from modelyard.evaluations.scored import PREDICTION, Scored, names_of_probabilities, numbers
from modelyard.kernel import paths
from modelyard.kernel.context import Context
from modelyard.kernel.values import FILES
from modelyard.models.types import ModelVersion
from modelyard.runtime.types import Label
from modelyard.scoring.columns import RENAMED
from modelyard.scoring.commands import RunScoring


class ParquetRows:
    """Rows of a Parquet file; texts are read as dictionaries.

    Args:
        file: the file.
        called: what its columns are called here, by their names in the file; others are left out.
        where: what the file is, for messages.
    """

    def __init__(self, file: Path | BinaryIO, called: Mapping[str, str], where: str) -> None:
        with _readable(where):
            schema = pq.ParquetFile(file).schema_arrow
            texts = [field.name for field in schema if _is_text(field.type)]
            self._parquet = pq.ParquetFile(file, read_dictionary=texts, pre_buffer=False)
        self._where = where
        self._names = {name: stored for stored, name in called.items()}
        inside = self._parquet.schema_arrow
        self._schema = pa.schema([inside.field(at).with_name(to) for at, to in called.items()])

    @property
    def schema(self) -> pa.Schema:
        """Names and types of the columns."""
        return self._schema

    @property
    def count(self) -> int:
        """How many rows there are."""
        return int(self._parquet.metadata.num_rows)

    def column(self, name: str) -> pa.ChunkedArray:
        """All values of a column.

        Raises:
            Invalid: the file is damaged.
        """
        return self.stored(self._names[name])

    def stored(self, name: str) -> pa.ChunkedArray:
        """All values of a column, by its name in the file; raises as `column` does."""
        with _readable(self._where):
            return self._parquet.read(columns=[name])[name]


@dataclass(frozen=True)
class Answers:
    """What is known of each row beside its columns; names are those in the file.

    Args:
        rows: the file.
        prediction: the column of predictions.
        probabilities: a column for each class, in their order; empty: there are none.
        truth: the column of the truth; none: it is not known.
        weights: the column of weights; none: all rows count alike.
    """

    rows: ParquetRows
    prediction: str
    probabilities: tuple[str, ...]
    truth: str | None
    weights: str | None = None

    def scored(self, classes: tuple[Label, ...]) -> Scored:
        """What was predicted, and the truth where it is known.

        Args:
            classes: of the version, in order; empty: numbers are predicted.
        """
        read = self.rows.stored

        def values(name: str) -> Ints | Floats:
            return coded(read(name), classes).codes if classes else numbers(read(name))

        matrix = None
        if self.probabilities:
            matrix = np.column_stack([numbers(read(name)) for name in self.probabilities])
        predicted = values(self.prediction)
        unknown: Ints | Floats = (
            np.full(len(predicted), -1) if classes else np.full_like(predicted, np.nan)
        )
        return Scored(
            truth_column=self.truth or "",
            weights_column=self.weights,
            truth=unknown if self.truth is None else values(self.truth),
            predicted=predicted,
            probabilities=matrix,
            weights=None if self.weights is None else numbers(read(self.weights)),
        )

    def unknown_labels(self, classes: tuple[Label, ...]) -> dict[Label, int]:
        """Labels of the truth that are none of the classes, with the number of their rows."""
        if self.truth is None or not classes:
            return {}
        return coded(self.rows.stored(self.truth), classes).unknown

    def require_truth(self, name: str, classes: tuple[Label, ...]) -> None:
        """Refuse a side, called `name`, without a truth that can be compared with the predictions.

        Raises:
            Unsupported: the truth is not known, or has labels that are no classes.
        """
        if self.truth is None:
            raise errors.Unsupported(f"the truth of {name} is not known")
        for label, rows in self.unknown_labels(classes).items():
            raise errors.Unsupported(
                f"the truth of {name} has labels that the model does not know, such as {label!r} "
                f"({rows:,} rows)"
            )


@dataclass(frozen=True)
class OpenSide:
    """A side whose columns can be read.

    Args:
        named: as it was found.
        rows: all columns of the data, by the data's own names.
        features: those of them that are compared unless others are named.
        taken: whether these are what a version takes.
        answers: what was predicted; none: nothing.
        unanswered: why nothing was, where a version was to score it.
    """

    named: Named
    rows: ParquetRows
    features: tuple[str, ...]
    taken: bool
    answers: Answers | None = None
    unanswered: str | None = None

    def told(self) -> Side:
        """What a report says of it."""
        facts: dict[str, str | None] = {}
        if isinstance(self.named, Data):
            source = self.named.source
            facts = {"dataset": self.named.given, "fingerprint": source.fingerprint}
        elif self.named.part == "reference":
            facts = {"dataset": self.named.evaluation.reference_dataset}
        else:
            of = self.named.evaluation
            facts = {"dataset": of.dataset, "evaluation": of.id}
        return Side(
            **facts,
            name=self.named.name,
            given=self.named.given,
            rows=self.rows.count,
            predicted=self.answers is not None,
            labelled=self.answers is not None and self.answers.truth is not None,
        )


class Sides:
    """The sides of a comparison; each is opened when it is asked for, once."""

    def __init__(self, context: Context, plan: Plan, files: ExitStack) -> None:
        self._context, self._plan, self._files = context, plan, files
        self._open: dict[int, OpenSide] = {}
        self.warnings: list[str] = list(plan.warnings)

    def open(self, named: Named) -> OpenSide:
        """Open a side; errors as in scoring do not stop it: it then has no predictions."""
        if id(named) not in self._open:
            self._open[id(named)] = (
                self._data(named) if isinstance(named, Data) else self._evaluated(named)
            )
        return self._open[id(named)]

    @cached_property
    def _target(self) -> str | None:
        answering = self._plan.answering
        return self._plan.command.target or (answering.target if answering else None)

    def _evaluated(self, named: Evaluated) -> OpenSide:
        of = named.evaluation
        file = self._files.enter_context(self._rows(named))
        kept = kept_rows(of, pq.ParquetFile(file))
        answers = {kept.prediction, *kept.probabilities}
        called = {
            name: _called(name, kept.schema.names, answers)
            for name in kept.schema.names
            if name not in answers
        }
        rows = ParquetRows(file, called, f"the rows of evaluation {of.id}")
        told = None
        if kept.prediction is not None:
            told = Answers(rows, kept.prediction, kept.probabilities, kept.truth, kept.weights)
        features = tuple(called[name] for name in kept.features)
        return OpenSide(named, rows, features, bool(of.features), told)

    def _rows(self, named: Evaluated) -> BinaryIO:
        if named.file is not None:
            return named.file.open("rb")
        return self._context.artifacts.open(digest_of_part(named.evaluation, named.part) or "")

    def _data(self, named: Data) -> OpenSide:
        source, version, unanswered = named.source, self._plan.version, None
        place = f"{FILES}{self._plan.folder}/side-{self._plan.sides.index(named)}"
        if version is not None:
            try:
                return self._scored(named, version, place)
            except errors.ModelyardError as exc:
                unanswered = f"{source.name} could not be scored: {exc}"
                self.warnings.append(unanswered)
        is_whole = sampling_of(self._plan.command).takes_all
        file = source.one_parquet_file() if is_whole else None
        if file is None:
            file = self._drawn(source, f"{place}-rows.parquet")
        rows = ParquetRows(file, {name: name for name in source.schema.names}, source.name)
        return OpenSide(named, rows, *self._columns(source, version), unanswered=unanswered)

    def _scored(self, named: Data, version: ModelVersion, place: str) -> OpenSide:
        source, command = named.source, self._plan.command
        given = named.given
        if not sampling_of(command).takes_all:
            given = f"{place}-rows.parquet"
            self._drawn(source, given)
        run = RunScoring(
            project=command.project,
            model=version.model,
            version=version.version,
            input=given,
            output=f"{place}-scored.parquet",
            on_error=command.on_error,
            params=command.params,
        )
        finished = self._context.caller.run(run)
        if finished.rejected:
            self.warnings.append(
                f"the model refused {finished.rejected:,} rows of {source.name}; they are left out"
            )
        file = self._place(f"{place}-scored.parquet")
        names = pq.read_schema(file).names
        called = dict(zip(names, source.schema.names, strict=False))
        back = {name: stored for stored, name in called.items()}
        rows = ParquetRows(file, called, f"the scored rows of {source.name}")
        told = None
        if PREDICTION in names[len(called) :]:
            probabilities = tuple(names_of_probabilities(names))
            told = Answers(rows, PREDICTION, probabilities, back.get(self._target or ""))
        return OpenSide(named, rows, *self._columns(source, version), told)

    def _columns(
        self, source: Source, version: ModelVersion | None
    ) -> tuple[tuple[str, ...], bool]:
        """What is compared of data: what the version takes, else all but truth and predictions.

        And whether it is the former.
        """
        there = source.schema.names
        features = [each.name for each in version.core.features] if version else []
        taken = tuple(name for name in features if name in there)
        own = tuple(name for name in there if name != self._target and not is_answer(name))
        return (taken, True) if taken else (own, False)

    def _drawn(self, source: Source, place: str) -> Path:
        """The rows of data as a Parquet file; one that was drawn before is the same."""
        context, project = self._context, self._plan.command.project
        file = self._place(place)
        if not file.exists():
            token = secrets.token_hex(16)
            with open_target(context, project, place, source.schema, token=token) as target:
                rows = 0
                for batch in sampled(source, sampling_of(self._plan.command)):
                    target.write(batch)
                    rows += batch.num_rows
                    context.progress(f"reading {source.name}", rows=rows)
                target.commit()
        return file

    def _place(self, place: str) -> Path:
        return paths.find(self._context, self._plan.command.project, place)


@contextmanager
def opened(context: Context, plan: Plan) -> Iterator[Sides]:
    """The sides of a comparison; files that were made for it go when the block ends."""
    folder = paths.find(context, plan.command.project, f"{FILES}{plan.folder}")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with ExitStack() as files:
            yield Sides(context, plan, files)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _called(stored: str, names: list[str], answers: set[str | None]) -> str:
    """The data's own name of a column that made way for a prediction's."""
    name = stored.removeprefix(RENAMED)
    return name if name in answers and name in names else stored


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


@contextmanager
def _readable(where: str) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError) as exc:
        said = str(exc).partition("\n")[0]
        raise errors.Invalid(f"{where} cannot be read: {said}") from exc
