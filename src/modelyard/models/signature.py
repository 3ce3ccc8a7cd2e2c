"""The signature report: what a caller must send, with every repair and its reason."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pat

from modelyard import errors
from modelyard.models.types import ModelFile, Repair, SignatureReport
from modelyard.runtime.types import InputColumn, Label, LoadedModel, ModelInputs, Param

TYPES = ("boolean", "integer", "long", "float", "double", "string", "binary", "datetime", "any")
WHOLE = {"integer", "long"}
NUMBERS = {*WHOLE, "float", "double"}
NO_FEATURES = (
    "the model has no signature and does not tell its features: rows are passed to it as they "
    "come; name the features with --features, or give a --dataset"
)
RepairKind = Literal["optional", "wider_type", "categories"]
Inferred = Literal["model", "dataset", "user"]
KINDS: dict[Inferred, Literal["inferred", "from_dataset", "from_user"]] = {
    "model": "inferred",
    "dataset": "from_dataset",
    "user": "from_user",
}


@dataclass(frozen=True)
class ColumnFacts:
    """What a sample of a dataset says of one column."""

    name: str
    type: str
    missing: int
    fractions: bool = False
    categories: tuple[Label, ...] | None = None


@dataclass(frozen=True)
class DatasetFacts:
    """What a sample of a dataset says of its columns."""

    rows: int
    columns: tuple[ColumnFacts, ...]

    @classmethod
    def of(cls, sample: pa.Table) -> Self:
        """Look at a sample."""
        facts = (_facts(name, sample[name]) for name in sample.column_names)
        return cls(sample.num_rows, tuple(facts))


def declared_features(texts: Sequence[str]) -> tuple[InputColumn, ...]:
    """Features as a user writes them: `name`, or `name:type`.

    Raises:
        Invalid: a type is unknown, or a name stands twice.
    """
    columns = []
    for text in texts:
        name, _, kind = (
            text.rpartition(":") if text.rpartition(":")[2] in TYPES else (text, "", "any")
        )
        if ":" in name and kind == "any":
            unknown = name.rpartition(":")[2]
            raise errors.Invalid(
                f"--features {text}: there is no type {unknown!r}; there are: {', '.join(TYPES)}"
            )
        columns.append(InputColumn(name=name, type=kind))
    names = [column.name for column in columns]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise errors.Invalid(f"--features names {', '.join(twice)} twice")
    return tuple(columns)


def report_signature(
    model_file: ModelFile,
    loaded: LoadedModel,
    dataset: DatasetFacts | None = None,
    declared: Sequence[InputColumn] = (),
) -> SignatureReport:
    """Say what a caller must send: from the signature, else the model, the user or the dataset.

    Raises:
        Invalid: what a user declared, or the dataset's columns, contradict the signature.
    """
    found = model_file.inputs
    if found is not None and (found.columns or found.tensors):
        check_declared(found.columns, declared)
        report = SignatureReport(inputs=found, source="signature")
    else:
        params = () if found is None else found.params
        report = _without_signature(loaded, dataset, declared, params=params)
    report = _with_categories(report, loaded.features or ())
    return report if dataset is None else _fitted(report, dataset)


def check_declared(signature: Sequence[InputColumn], declared: Sequence[InputColumn]) -> None:
    """Raise Invalid where declared features and the signature contradict each other."""
    if not declared:
        return
    known = {column.name: column for column in signature}
    for column in declared:
        own = known.get(column.name)
        if own is None:
            raise errors.Invalid(
                f"feature {column.name!r} is not in the model's signature, which has: "
                f"{_names(signature)}"
            )
        if column.type not in ("any", own.type):
            raise errors.Invalid(
                f"feature {column.name!r} is declared as {column.type}, but the model's signature "
                f"says {own.type}"
            )
    left = [c for c in signature if c.required and c.name not in {d.name for d in declared}]
    if left:
        raise errors.Invalid(f"the model's signature also requires the features {_names(left)}")


def _without_signature(
    loaded: LoadedModel,
    dataset: DatasetFacts | None,
    declared: Sequence[InputColumn],
    *,
    params: tuple[Param, ...],
) -> SignatureReport:
    if loaded.features:
        check_declared(loaded.features, declared)
        typed = _typed(loaded.features, declared, dataset)
        return _inferred(typed, "model", "the features that the model was trained on", params)
    if declared:
        return _inferred(declared, "user", "the features that were declared", params)
    if dataset is not None:
        columns = [InputColumn(name=c.name, type=c.type) for c in dataset.columns]
        return _inferred(columns, "dataset", "the columns of the dataset", params)
    return SignatureReport(
        inputs=ModelInputs(params=params),
        source="none",
        warnings=(NO_FEATURES,),
    )


def _typed(
    own: Iterable[InputColumn], declared: Sequence[InputColumn], dataset: DatasetFacts | None
) -> list[InputColumn]:
    """Give the model's features the types that somebody else knows."""
    types = {} if dataset is None else {c.name: c.type for c in dataset.columns}
    types |= {column.name: column.type for column in declared if column.type != "any"}
    return [
        column.model_copy(update={"type": types[column.name]})
        if column.type == "any" and column.name in types
        else column
        for column in own
    ]


def _inferred(
    columns: Iterable[InputColumn],
    source: Inferred,
    reason: str,
    params: tuple[Param, ...],
) -> SignatureReport:
    columns = tuple(columns)
    repair = Repair(
        kind=KINDS[source],
        before="no signature",
        after=f"{len(columns)} columns",
        reason=f"the MLmodel file has no signature; taken instead: {reason}",
    )
    return SignatureReport(
        inputs=ModelInputs(columns=columns, params=params), source=source, repairs=(repair,)
    )


def _with_categories(report: SignatureReport, own: Sequence[InputColumn]) -> SignatureReport:
    """Add the vocabularies that the model knows and the signature has no place for."""
    known = {column.name: column.categories for column in own if column.categories is not None}
    columns, repairs = [], list(report.repairs)
    for column in report.inputs.columns:
        vocabulary = known.get(column.name)
        if vocabulary is not None and column.categories is None:
            before, after = column.type, f"one of {len(vocabulary)} categories"
            reason = "the model was trained on these categories; the signature does not say so"
            repairs.append(_repair(column, "categories", before, after, reason))
            column = column.model_copy(update={"categories": vocabulary})  # noqa: PLW2901
        columns.append(column)
    return _changed(report, columns, repairs)


def _fitted(report: SignatureReport, dataset: DatasetFacts) -> SignatureReport:
    """Repair what the dataset shows to be wrong."""
    there = {column.name: column for column in dataset.columns}
    missing = [c for c in report.inputs.columns if c.required and c.name not in there]
    if missing:
        raise errors.Invalid(
            f"the dataset lacks {_names(missing)}, which the model needs; it has: "
            f"{', '.join(list(there)[:20])}"
        )
    columns, repairs, warnings = [], list(report.repairs), list(report.warnings)
    for column in report.inputs.columns:
        facts = there.get(column.name)
        if facts is None:
            columns.append(column)
            continue
        if facts.missing and column.required:
            column, repair = _allow_missing(column, facts, dataset.rows)  # noqa: PLW2901
            repairs.append(repair)
        if facts.fractions and column.type in WHOLE:
            warnings.append(
                f"column {column.name!r} holds fractions in the dataset, but the signature says "
                f"{column.type}: such rows will be refused"
            )
        columns.append(column)
    return _changed(report, columns, repairs, warnings)


def _allow_missing(
    column: InputColumn, facts: ColumnFacts, rows: int
) -> tuple[InputColumn, Repair]:
    said = f"{column.type}, required"
    reason = f"{facts.missing} of {rows} rows of the dataset have no value"
    if column.type in WHOLE:
        reason += "; a column of whole numbers cannot hold missing ones, one of doubles can"
        wider = column.model_copy(update={"type": "double", "required": False})
        return wider, _repair(column, "wider_type", said, "double, may be missing", reason)
    optional = column.model_copy(update={"required": False})
    return optional, _repair(column, "optional", said, f"{column.type}, may be missing", reason)


def _repair(column: InputColumn, kind: RepairKind, before: str, after: str, reason: str) -> Repair:
    return Repair(column=column.name, kind=kind, before=before, after=after, reason=reason)


def _changed(
    report: SignatureReport,
    columns: Iterable[InputColumn],
    repairs: Iterable[Repair],
    warnings: Iterable[str] | None = None,
) -> SignatureReport:
    inputs = report.inputs.model_copy(update={"columns": tuple(columns)})
    update: dict[str, object] = {"inputs": inputs, "repairs": tuple(repairs)}
    if warnings is not None:
        update["warnings"] = tuple(warnings)
    return report.model_copy(update=update)


def _facts(name: str, column: pa.ChunkedArray) -> ColumnFacts:
    kind = column.type
    missing = column.null_count
    categories: tuple[Label, ...] | None = None
    if pat.is_dictionary(kind):
        categories = tuple(
            sorted(set(column.cast(kind.value_type).drop_null().to_pylist()), key=str)
        )
        kind = kind.value_type
    fractions = False
    if pat.is_floating(kind):
        nan = pc.is_nan(column)
        missing += pc.sum(nan).as_py() or 0
        whole = pc.equal(pc.floor(column), column)
        fractions = bool(pc.any(pc.and_not(pc.invert(whole), nan)).as_py())
    return ColumnFacts(name, _mlflow_type(kind), missing, fractions, categories)


def _mlflow_type(kind: pa.DataType) -> str:
    tests = (
        (pat.is_boolean, "boolean"),
        (lambda t: pat.is_integer(t) and t.bit_width <= 32, "integer"),
        (pat.is_integer, "long"),
        (lambda t: pat.is_floating(t) and t.bit_width <= 32, "float"),
        (lambda t: pat.is_floating(t) or pat.is_decimal(t), "double"),
        (lambda t: pat.is_string(t) or pat.is_large_string(t), "string"),
        (lambda t: pat.is_binary(t) or pat.is_large_binary(t), "binary"),
        (lambda t: pat.is_date(t) or pat.is_timestamp(t), "datetime"),
    )
    return next((name for test, name in tests if test(kind)), "any")


def _names(columns: Sequence[InputColumn]) -> str:
    shown = ", ".join(column.name for column in columns[:20])
    return f"{shown}, …" if len(columns) > 20 else shown
