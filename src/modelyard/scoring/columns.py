"""Which columns a scoring reads, sends to the model, keeps and adds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import pyarrow as pa

from modelyard import errors
from modelyard.runtime.types import ModelInputs

PERCENTILE = "proba_percentile"
PROBABILITY = "proba_"
RENAMED = "input_"


@dataclass(frozen=True)
class InputColumns:
    """The columns of the input that matter: those to read, to send and to keep, in order."""

    read: tuple[str, ...]
    sent: tuple[str, ...]
    kept: tuple[str, ...]


def choose_columns(
    schema: pa.Schema,
    inputs: ModelInputs,
    *,
    features: Sequence[str],
    keep: Sequence[str] | None,
    dataset: str,
) -> InputColumns:
    """Choose what to read: the columns that the model takes, and those to keep.

    Where the model names no columns, the version's features are sent; where it has none, all.

    Args:
        schema: of the input.
        inputs: what the model takes.
        features: names of the version's features.
        keep: columns to keep; None: all. The single word `none` keeps none, unless a column is
            called so.
        dataset: name of the input, for messages.

    Raises:
        Invalid: a column is missing that the model needs or that should be kept.
    """
    there = list(schema.names)
    if keep is None:
        kept = tuple(there)
    elif list(keep) == ["none"] and "none" not in there:
        kept = ()
    else:
        _demand(there, keep, dataset, "it cannot be kept", field="keep")
        kept = tuple(dict.fromkeys(keep))
    sent = _sent(there, inputs, features, dataset)
    wanted = {*sent, *kept}
    return InputColumns(tuple(name for name in there if name in wanted), sent, kept)


def _sent(
    there: Sequence[str], inputs: ModelInputs, features: Sequence[str], dataset: str
) -> tuple[str, ...]:
    known = [column.name for column in inputs.columns]
    if _are_positions(known) and not set(known) <= set(there):
        known = []
    needed = [column.name for column in inputs.columns if column.required and column.name in known]
    if not known:
        known = needed = [tensor.name for tensor in inputs.tensors if tensor.name]
    if known:
        _demand(there, needed, dataset, f"the model needs: {_listed(needed)}")
        return tuple(name for name in known if name in there)
    if _are_positions(features) and not set(features) <= set(there):
        return tuple(there)
    _demand(there, features, dataset, f"the version's features are: {_listed(features)}")
    return tuple(features) or tuple(there)


def _are_positions(names: Sequence[str]) -> bool:
    """Whether a signature without names was given numbers for names: any names will do then."""
    return list(names) == [str(position) for position in range(len(names))]


def _demand(
    there: Sequence[str], names: Sequence[str], dataset: str, why: str, **about: str
) -> None:
    known = set(there)
    missing = [name for name in names if name not in known]
    if not missing:
        return
    if len(missing) == 1:
        what = f"column {missing[0]!r} is missing from {dataset}"
    else:
        what = f"columns {_listed(missing)} are missing from {dataset}"
    others = [name.lower() for name in there if name not in names]
    near = {name: get_close_matches(name.lower(), others, 1) for name in missing}
    hints = [
        f"{name!r} may be {actual!r}"
        for name, found in near.items()
        for actual in there
        if actual not in names and found and actual.lower() == found[0]
    ]
    hint = f" ({'; '.join(hints[:3])})" if hints else ""
    raise errors.Invalid(
        f"{what}; {why}{hint}", missing=missing, dataset=dataset, columns=list(there)[:200], **about
    )


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:20])
    return shown if len(names) <= 20 else f"{shown} and {len(names) - 20} more"


def without_clashes(kept: Sequence[str], added: Sequence[str]) -> dict[str, str]:
    """Name each kept column in the output: `input_<name>` where the predictions need its name."""
    taken = {*added}
    names: dict[str, str] = {}
    for name in kept:
        free = name
        while free in taken or (free != name and free in kept):
            free = f"{RENAMED}{free}"
        names[name] = free
        taken.add(free)
    return names
