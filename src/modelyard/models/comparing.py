"""How a model differs from the active version for those who call that one."""

from __future__ import annotations

from modelyard.models.types import CoreMetadata, Difference, InputChange, ModelVersion
from modelyard.runtime.types import InputColumn, ModelInputs

HOLDS: dict[str, frozenset[str]] = {
    "any": frozenset({"boolean", "integer", "long", "float", "double", "string", "datetime"}),
    "long": frozenset({"integer"}),
    "float": frozenset({"integer"}),
    "double": frozenset({"integer", "long", "float"}),
}
"""By type, the types whose every value it takes as well."""


def difference(active: ModelVersion, inputs: ModelInputs, core: CoreMetadata) -> Difference:
    """Compare what a model takes and which classes it tells with the active version's."""
    changes = (
        *_columns(active.signature.inputs, inputs),
        *_others(active.signature.inputs, inputs),
    )
    known = list(map(str, core.classes))
    same_classes = not known or known == list(map(str, active.core.classes))
    return Difference(
        version=active.version,
        inputs=changes,
        classes=active.core.classes,
        same_classes=same_classes,
        threshold=active.core.threshold,
        breaks=not same_classes or any(change.breaks for change in changes),
    )


def _columns(before: ModelInputs, after: ModelInputs) -> list[InputChange]:
    """Columns that are new, gone or of another type."""
    old = {column.name: column for column in before.columns}
    new = {column.name: column for column in after.columns}
    changes = []
    for name in dict.fromkeys((*old, *new)):
        was, now = old.get(name), new.get(name)
        if _said(was) != _said(now):
            breaks = now is not None and (now.required if was is None else not _takes(now, was))
            change = InputChange(name=name, before=_said(was), after=_said(now), breaks=breaks)
            changes.append(change)
    return changes


def _others(before: ModelInputs, after: ModelInputs) -> list[InputChange]:
    """Tensors and parameters that are not the same; a new parameter has its default."""
    old, new = _named(before), _named(after)
    params = {param.name for param in after.params}
    return [
        InputChange(
            name=name,
            before=old.get(name),
            after=new.get(name),
            breaks=name in old or name not in params,
        )
        for name in dict.fromkeys((*old, *new))
        if old.get(name) != new.get(name)
    ]


def _named(inputs: ModelInputs) -> dict[str, str]:
    tensors = {t.name or "–": f"{t.dtype} {list(t.shape)}" for t in inputs.tensors}
    return {**tensors, **{p.name: f"parameter, {p.type}" for p in inputs.params}}


def _takes(column: InputColumn, other: InputColumn) -> bool:
    """Whether a column takes whatever another one does."""
    wide = column.type == other.type or other.type in HOLDS.get(column.type, frozenset())
    known = column.categories is None or (
        other.categories is not None and set(other.categories) <= set(column.categories)
    )
    return wide and known and (other.required or not column.required)


def _said(column: InputColumn | None) -> str | None:
    if column is None:
        return None
    kind = column.type
    if column.categories is not None:
        kind = f"{kind}, one of {', '.join(map(str, column.categories[:10]))}"
        kind += ", …" if len(column.categories) > 10 else ""
    return kind if column.required else f"{kind}, may be missing"
