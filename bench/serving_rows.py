"""What it costs to read one row of 12 columns: from JSON, by its types, into Arrow.

    python bench/serving_rows.py

The least of many rounds, in microseconds. orjson is measured if it is installed; nodes do
without it.
"""

from __future__ import annotations

import json
import random
import timeit
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import msgspec
from pydantic import create_model

from modelyard.runtime.types import InputColumn, ModelInputs
from modelyard.runtime.worker import protocol
from modelyard.serving.rows import reader_for

DICE = random.Random(0)
ROW: dict[str, Any] = {
    **{f"n{at}": DICE.random() for at in range(9)},
    **{f"w{at}": str(DICE.randrange(100)) for at in range(3)},
}
BODY = json.dumps({"features": ROW}).encode()
TYPES: dict[str, Any] = {name: float | None if name.startswith("n") else str | None for name in ROW}
READER = reader_for(
    ModelInputs(
        columns=tuple(
            InputColumn(name=name, type="double" if name.startswith("n") else "string")
            for name in ROW
        )
    )
)


def plain(row: dict[str, Any]) -> list[Any]:
    """The same check in a loop."""
    cells = []
    for name in TYPES:
        cell = row[name]
        if not isinstance(cell, float | int | None if name.startswith("n") else str | None):
            raise TypeError(name)
        cells.append(cell)
    return cells


def least(action: Callable[..., object], *arguments: object) -> float:
    """Microseconds of the quickest rounds."""
    rounds = timeit.repeat(lambda: action(*arguments), number=500, repeat=30)
    return 1e6 * min(rounds) / 500


def main() -> None:
    """Measure and print."""
    kind, cells = READER.read(ROW)
    one, many = READER.table(kind, [cells]), READER.table(kind, [cells] * 32)
    model = create_model("Model", **{name: (kind, ...) for name, kind in TYPES.items()})
    decode = msgspec.json.Decoder().decode
    told = {
        "JSON to a dict, json": least(json.loads, BODY),
        "JSON to a dict, msgspec": least(decode, BODY),
        "dict to checked cells, a loop": least(plain, ROW),
        "dict to checked cells, pydantic": least(model.model_validate, ROW),
        "dict to checked cells, ours (msgspec)": least(READER.read, ROW),
        "cells to a table, 1 row": least(READER.table, kind, [cells]),
        "cells to a table, 32 rows": least(READER.table, kind, [cells] * 32),
        "table to a message, 1 row": least(protocol.encode, b"{}", one),
        "table to a message, 32 rows": least(protocol.encode, b"{}", many),
    }
    if find_spec("orjson"):
        told["JSON to a dict, orjson"] = least(import_module("orjson").loads, BODY)
    for what, taken in told.items():
        print(f"{what:<40} {taken:>8.1f}")


if __name__ == "__main__":
    main()
