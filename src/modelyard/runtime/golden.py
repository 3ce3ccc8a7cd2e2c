"""Golden predictions: what a version predicted at import, and whether a load still does."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

DIRECT, RESTRUCTURED = "direct:", "restructured:"
NAMED_ROWS = 100
NAMED_DETAILS = 5


@dataclass(frozen=True)
class Comparison:
    """How far found predictions are from the golden ones."""

    rows: int
    differing: tuple[int, ...]
    largest_gap: float
    details: tuple[str, ...]


def joined(direct: pa.Table | None, restructured: pa.Table | None) -> pa.Table:
    """Both output modes side by side in one table, each column named for its mode."""
    columns: dict[str, pa.ChunkedArray] = {}
    for prefix, table in ((DIRECT, direct), (RESTRUCTURED, restructured)):
        if table is not None:
            columns |= {f"{prefix}{name}": table[name] for name in table.column_names}
    return pa.table(columns)


def direct(both: pa.Table) -> pa.Table:
    """What the model returned, of both output modes side by side."""
    names = [name for name in both.column_names if name.startswith(DIRECT)]
    return both.select(names).rename_columns([name.removeprefix(DIRECT) for name in names])


def write_arrow(table: pa.Table, path: Path) -> None:
    """Write a table as an Arrow file."""
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)


def read_arrow(data: Any) -> pa.Table:
    """Read an Arrow file from an open binary file."""
    return pa.ipc.open_file(data.read()).read_all()


def compare(golden: pa.Table, found: pa.Table, tolerance: float) -> Comparison:
    """Compare two output tables row by row.

    Numbers may differ by `tolerance` times the larger of 1 and the golden number's size; everything
    else, missing values included, has to be the same.
    """
    if found.num_rows != golden.num_rows:
        said = (f"{found.num_rows} rows came back for {golden.num_rows}",)
        return Comparison(golden.num_rows, tuple(range(golden.num_rows)), math.inf, said)
    worst = [0.0] * golden.num_rows
    details: list[str] = []
    for name in golden.column_names:
        if name not in found.column_names:
            details.append(f"column {_shown(name)} is missing")
            worst = [math.inf] * golden.num_rows
            continue
        pairs = zip(golden[name].to_pylist(), found[name].to_pylist(), strict=True)
        for row, (was, now) in enumerate(pairs):
            apart = gap(was, now)
            if apart > tolerance and len(details) < NAMED_DETAILS:
                details.append(f"row {row}, {_shown(name)}: was {was!r}, is {now!r}")
            worst[row] = max(worst[row], apart)
    differing = tuple(row for row, apart in enumerate(worst) if apart > tolerance)
    return Comparison(golden.num_rows, differing, max(worst, default=0.0), tuple(details))


def gap(was: Any, now: Any) -> float:
    """How far two output values are apart: 0 the same, infinite not comparable."""
    if was is None or now is None:
        return 0.0 if was is now else math.inf
    if isinstance(was, bool) or isinstance(now, bool):
        return 0.0 if was == now else math.inf
    if isinstance(was, int | float) and isinstance(now, int | float):
        if was == now or (math.isnan(was) and math.isnan(now)):
            return 0.0
        apart = abs(was - now) / max(1.0, abs(was))
        return apart if math.isfinite(apart) else math.inf
    if isinstance(was, Mapping) and isinstance(now, Mapping):
        if was.keys() != now.keys():
            return math.inf
        return max((gap(was[key], now[key]) for key in was), default=0.0)
    if _is_list(was) and _is_list(now):
        if len(was) != len(now):
            return math.inf
        return max(map(gap, was, now), default=0.0)
    return 0.0 if was == now else math.inf


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def _shown(name: str) -> str:
    mode, _, column = name.partition(":")
    return f"{column} ({mode})"
