"""The signature report: what a caller must send, with every repair and its reason."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Literal, NamedTuple

from modelyard import errors
from modelyard.models.dataset_facts import ColumnFacts, DatasetFacts
from modelyard.models.types import ModelFile, Repair, SignatureReport
from modelyard.runtime.types import InputColumn, InputTensor, LoadedModel, ModelInputs, Param

TYPES = ("boolean", "integer", "long", "float", "double", "string", "binary", "datetime", "any")
WHOLE = {"integer", "long"}
NUMBERS = {*WHOLE, "float", "double"}
WIDER = {
    "integer": {"long", "float", "double"},
    "long": {"double"},
    "float": {"double"},
    "any": set(TYPES),
}
"""Types that a user may declare instead of the signature's: they hold all of its values."""
NO_FEATURES = (
    "the model has no signature and does not tell its features: rows are passed to it as they "
    "come; name the features with --features, or give a --dataset"
)
Inferred = Literal["model", "dataset", "user"]
KINDS: dict[Inferred, Literal["inferred", "from_dataset", "from_user"]] = {
    "model": "inferred",
    "dataset": "from_dataset",
    "user": "from_user",
}


class Change(NamedTuple):
    """A column after a repair, with the repair or a warning."""

    column: InputColumn
    repair: Repair | None = None
    warning: str | None = None


def declared_features(texts: Sequence[str]) -> tuple[InputColumn, ...]:
    """Features as a user writes them: `name`, or `name:type`.

    Raises:
        Invalid: a type is unknown, or a name stands twice.
    """
    columns = []
    for text in texts:
        name, colon, kind = text.rpartition(":")
        if not colon:
            name, kind = text, "any"
        elif kind not in TYPES:
            raise errors.Invalid(
                f"--features {text}: there is no type {kind!r}; there are: {', '.join(TYPES)}"
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
    if found is not None and found.tensors:
        report = _of_tensors(found, declared)
    elif found is not None and found.columns:
        report = SignatureReport(inputs=found, source="signature")
        report = _repaired(report, _declarations(found.columns, declared, "the model's signature"))
        report = _with_warnings(report, _disagreement(found.columns, loaded.features or ()))
    else:
        params = () if found is None else found.params
        report = _without_signature(loaded, dataset, declared, params=params)
    report = _repaired(report, _vocabularies(loaded.features or ()))
    report = _repaired(report, _constants(loaded.features or ()))
    return report if dataset is None else _fitted(report, dataset)


def _of_tensors(found: ModelInputs, declared: Sequence[InputColumn]) -> SignatureReport:
    """A signature of tensors; declared features name the columns that one is put together from."""
    report = SignatureReport(inputs=found, source="signature")
    if not declared:
        return report
    tensor = found.tensors[0]
    if len(found.tensors) > 1 or tensor.name is not None:
        known = {tensor.name for tensor in found.tensors}
        odd = next((column for column in declared if column.name not in known), None)
        if odd is not None:
            raise errors.Invalid(
                f"feature {odd.name!r} is not in the model's signature, which has the tensors: "
                f"{', '.join(str(name) for name in known)}"
            )
        return report
    width = _width(tensor)
    if width is not None and width != len(declared):
        raise errors.Invalid(
            f"{len(declared)} features are declared, but the model's signature takes a tensor of "
            f"{width} values per row (shape {list(tensor.shape)})"
        )
    repair = Repair(
        kind="from_user",
        before="a tensor without names",
        after=f"{len(declared)} columns: {_names(declared)}",
        reason="the signature has no names for them; these were declared",
    )
    inputs = found.model_copy(update={"columns": tuple(declared)})
    return report.model_copy(update={"inputs": inputs, "repairs": (repair,)})


def _width(tensor: InputTensor) -> int | None:
    """How many values a row of a flat tensor has; None where it is open or not flat."""
    sizes = tensor.shape[1:]
    return sizes[0] if len(sizes) == 1 and sizes[0] > 0 else None


def _declarations(
    known: Sequence[InputColumn], declared: Sequence[InputColumn], whose: str
) -> Callable[[InputColumn], Change]:
    """Apply declared features, which may widen a type but not contradict it."""
    names = {column.name for column in known}
    for column in declared:
        if column.name not in names:
            raise errors.Invalid(
                f"feature {column.name!r} is not in {whose}, which has: {_names(known)}"
            )
    wanted = {column.name: column for column in declared}
    left = [c for c in known if c.required and c.name not in wanted] if declared else []
    if left:
        raise errors.Invalid(f"{whose} also requires the features {_names(left)}; declare them too")

    def apply(column: InputColumn) -> Change:
        own = wanted.get(column.name)
        if own is None or own.type in ("any", column.type):
            return Change(column)
        if own.type not in WIDER.get(column.type, ()):
            raise errors.Invalid(
                f"feature {column.name!r} is declared as {own.type}, but {whose} says {column.type}"
            )
        reason = "declared so"
        return Change(
            column.model_copy(update={"type": own.type}),
            _repair(column, "from_user", column.type, own.type, reason),
        )

    return apply


def _disagreement(signature: Sequence[InputColumn], own: Sequence[InputColumn]) -> tuple[str, ...]:
    """A warning where the signature and the model itself name different features."""
    said, needs = {c.name for c in signature}, {c.name for c in own}
    missing = [column for column in own if column.name not in said]
    if not own or not missing or not said & needs:
        return ()  # the same, or a wrapper that takes something else altogether
    return (
        f"the model itself was trained on {_names(missing)}, which its signature does not have",
    )


def _without_signature(
    loaded: LoadedModel,
    dataset: DatasetFacts | None,
    declared: Sequence[InputColumn],
    *,
    params: tuple[Param, ...],
) -> SignatureReport:
    if loaded.features:
        apply = _declarations(loaded.features, declared, "the model itself")
        typed = [apply(column).column for column in loaded.features]
        types = {} if dataset is None else {c.name: c.type for c in dataset.columns}
        # LightGBM writes the blanks of its feature names as underscores.
        blanks = {re.sub(r"\s", "_", name): name for name in types}
        typed = [c.model_copy(update={"name": blanks.get(c.name, c.name)}) for c in typed]
        typed = [
            column.model_copy(update={"type": types.get(column.name, "any")})
            if column.type == "any"
            else column
            for column in typed
        ]
        return _inferred(typed, "model", "the features that the model was trained on", params)
    if declared:
        return _inferred(declared, "user", "the features that were declared", params)
    if dataset is not None:
        columns = [InputColumn(name=c.name, type=c.type) for c in dataset.columns]
        return _inferred(columns, "dataset", "the columns of the dataset", params)
    return SignatureReport(
        inputs=ModelInputs(params=params), source="none", warnings=(NO_FEATURES,)
    )


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
        after=f"{len(columns)} columns: {_names(columns)}",
        reason=f"the MLmodel file has no signature; taken instead: {reason}",
    )
    return SignatureReport(
        inputs=ModelInputs(columns=columns, params=params), source=source, repairs=(repair,)
    )


def _vocabularies(own: Sequence[InputColumn]) -> Callable[[InputColumn], Change]:
    """Add the categories that the model knows and a signature has no place for."""
    known = {column.name: column.categories for column in own if column.categories is not None}

    def apply(column: InputColumn) -> Change:
        vocabulary = known.get(column.name)
        if vocabulary is None or column.categories is not None:
            return Change(column)
        reason = "the model was trained on these categories; a signature has no place for them"
        after = f"one of {len(vocabulary)} categories"
        return Change(
            column.model_copy(update={"categories": vocabulary}),
            _repair(column, "categories", column.type, after, reason),
        )

    return apply


def _constants(own: Sequence[InputColumn]) -> Callable[[InputColumn], Change]:
    """Let columns be left out that the worker adds by itself."""
    added = {column.name for column in own if not column.required}

    def apply(column: InputColumn) -> Change:
        if column.name not in added or not column.required:
            return Change(column)
        reason = "the model can do without it; where the data lacks it, the worker adds it"
        after = f"{column.type}, may be left out"
        return Change(
            column.model_copy(update={"required": False}),
            _repair(column, "optional", f"{column.type}, required", after, reason),
        )

    return apply


def _are_positions(columns: Sequence[InputColumn]) -> bool:
    """Whether a signature without names was given numbers for names: any names will do then."""
    return [column.name for column in columns] == [str(at) for at in range(len(columns))]


def _fitted(report: SignatureReport, dataset: DatasetFacts) -> SignatureReport:
    """Repair what the dataset shows to be wrong."""
    there = {column.name: column for column in dataset.columns}
    wanted = report.inputs.columns or tuple(
        InputColumn(name=tensor.name, type="any") for tensor in report.inputs.tensors if tensor.name
    )
    missing = [column for column in wanted if column.required and column.name not in there]
    if missing and not _are_positions(wanted):
        raise errors.Invalid(
            f"the dataset lacks {_names(missing)}, which the model needs; it has: "
            f"{', '.join(list(there)[:20])}"
        )
    for rule in (_allow_missing, _widen, _read_dates, _warn_of_fractions, _warn_of_text, _unseen):
        report = _repaired(report, _with_facts(rule, there, dataset.rows))
    return report


_Rule = Callable[[InputColumn, ColumnFacts, int], Change]


def _with_facts(
    rule: _Rule, there: dict[str, ColumnFacts], rows: int
) -> Callable[[InputColumn], Change]:
    def apply(column: InputColumn) -> Change:
        facts = there.get(column.name)
        return Change(column) if facts is None else rule(column, facts, rows)

    return apply


def _allow_missing(column: InputColumn, facts: ColumnFacts, rows: int) -> Change:
    if not facts.missing or not column.required:
        return Change(column)
    said = f"{column.type}, required"
    reason = f"{facts.missing} of {rows} rows of the dataset have no value"
    if column.type in WHOLE and column.categories is None:
        reason += "; a column of whole numbers cannot hold missing ones, one of doubles can"
        wider = column.model_copy(update={"type": "double", "required": False})
        return Change(wider, _repair(column, "wider_type", said, "double, may be missing", reason))
    optional = column.model_copy(update={"required": False})
    after = f"{column.type}, may be missing"
    return Change(optional, _repair(column, "optional", said, after, reason))


def _widen(column: InputColumn, facts: ColumnFacts, _: int) -> Change:
    if column.type != "integer" or not facts.large:
        return Change(column)
    reason = "the dataset holds whole numbers of more than 32 bits"
    wider = column.model_copy(update={"type": "long"})
    return Change(wider, _repair(column, "wider_type", "integer", "long", reason))


def _read_dates(column: InputColumn, facts: ColumnFacts, _: int) -> Change:
    if column.type == "datetime" and facts.type == "string":
        reason = (
            "the dataset holds text; dates are read from it, written as 2024-01-31 or with time"
        )
        return Change(column, _repair(column, "datetime", "datetime", "datetime or text", reason))
    if column.type == "string" and facts.type == "datetime":
        reason = "the dataset holds dates; the model takes text and is given them written out"
        return Change(column, _repair(column, "datetime", "string", "string or datetime", reason))
    if facts.type == "datetime" and column.type not in ("datetime", "any"):
        return Change(column, warning=_clash(column, "dates"))
    return Change(column)


def _warn_of_fractions(column: InputColumn, facts: ColumnFacts, _: int) -> Change:
    if facts.fractions and column.type in WHOLE:
        return Change(column, warning=_clash(column, "fractions"))
    return Change(column)


def _warn_of_text(column: InputColumn, facts: ColumnFacts, _: int) -> Change:
    if facts.type == "string" and column.type in {*NUMBERS, "boolean"} and not column.categories:
        return Change(column, warning=_clash(column, f"text; what does not read as {column.type}"))
    return Change(column)


def _clash(column: InputColumn, held: str) -> str:
    return (
        f"column {column.name!r} holds {held} in the dataset, but the model takes {column.type}: "
        "such rows will be refused"
    )


def _unseen(column: InputColumn, facts: ColumnFacts, _: int) -> Change:
    if column.categories is None or facts.values is None:
        return Change(column)
    known = set(map(str, column.categories))
    unseen = [value for value in facts.values if str(value) not in known]
    if not unseen:
        return Change(column)
    shown = ", ".join(repr(value) for value in unseen[:5])
    return Change(
        column,
        warning=f"column {column.name!r} has {len(unseen)} values in the dataset that the model "
        f"was not trained on: {shown}{', …' if len(unseen) > 5 else ''}",
    )


def _repaired(report: SignatureReport, rule: Callable[[InputColumn], Change]) -> SignatureReport:
    """Apply a rule to every column."""
    changes = [rule(column) for column in report.inputs.columns]
    columns = tuple(change.column for change in changes)
    repairs = tuple(change.repair for change in changes if change.repair is not None)
    changed = report.model_copy(
        update={
            "inputs": report.inputs.model_copy(update={"columns": columns}),
            "repairs": report.repairs + repairs,
        }
    )
    return _with_warnings(changed, (c.warning for c in changes if c.warning is not None))


def _with_warnings(report: SignatureReport, warnings: Iterable[str]) -> SignatureReport:
    return report.model_copy(update={"warnings": (*report.warnings, *warnings)})


def _repair(
    column: InputColumn,
    kind: Literal["optional", "wider_type", "categories", "datetime", "from_user"],
    before: str,
    after: str,
    reason: str,
) -> Repair:
    return Repair(column=column.name, kind=kind, before=before, after=after, reason=reason)


def _names(columns: Sequence[InputColumn]) -> str:
    shown = ", ".join(column.name for column in columns[:20])
    return f"{shown}, …" if len(columns) > 20 else shown
