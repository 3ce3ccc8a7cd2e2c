"""Filters of rows: an expression over columns, in a part of SQL that can do nothing else.

What is written is parsed, and the tree is looked through: it may hold columns, constants,
comparisons and the functions below. What runs is written anew from that tree, in a database that
opens no files and loads nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import chain, tee
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from modelyard import errors
from modelyard.analysis.arrays import Bools
from modelyard.data.duck import VECTOR, session
from modelyard.data.schemas import require_columns
from modelyard.data.source import Source

BEFORE, AFTER = "SELECT ", "\nFROM rows"
PLAIN = {"COLUMN_REF", "CONSTANT", "COMPARISON", "CONJUNCTION", "BETWEEN", "CASE", "CAST", "TYPE"}
OPERATORS = {
    *("OPERATOR_NOT", "OPERATOR_IS_NULL", "OPERATOR_IS_NOT_NULL", "OPERATOR_COALESCE"),
    *("COMPARE_IN", "COMPARE_NOT_IN"),
}
FUNCTIONS = {
    *("+", "-", "*", "/", "//", "%", "~~", "!~~", "~~*", "!~~*", "like_escape", "not_like_escape"),
    *("regexp_matches", "regexp_full_match", "contains", "starts_with", "ends_with", "prefix"),
    *("suffix", "lower", "upper", "trim", "ltrim", "rtrim", "length", "substring", "substr"),
    *("left", "right", "abs", "round", "floor", "ceil", "sign", "sqrt", "ln", "log10", "exp"),
    *("isnan", "isinf", "isfinite", "least", "greatest"),
    *("year", "quarter", "month", "week", "day", "dayofweek", "isodow", "hour", "minute"),
    *("second", "date_part"),
}
PIECE = 16_384
"""Rows that are looked at together, at least."""
SHOWN = 100
"""Characters of a filter that messages repeat."""


@dataclass(frozen=True)
class RowFilter:
    """A filter that fits a table.

    Args:
        text: as it was written.
        columns: those it looks at.
        query: the query that runs; its columns are c0, c1 and so on.
    """

    text: str
    columns: tuple[str, ...]
    query: str

    def mask(self, batches: Iterable[pa.RecordBatch]) -> Bools:
        """Which rows it holds for; not those where it is neither true nor false.

        Args:
            batches: rows with the filter's columns, in their order.

        Raises:
            Invalid: it cannot be computed for some row.
        """
        rest = iter(batches)
        first = next(rest, None)
        if first is None:
            return np.zeros(0, bool)
        with closing(_database(len(self.columns))) as db:
            return self._held(db, first.schema, chain((first,), rest))

    def masks(self, batches: Iterable[pa.RecordBatch]) -> Iterator[Bools]:
        """For each batch in turn, which of its rows it holds for; as `mask` says otherwise."""
        with closing(_database(len(self.columns))) as db:
            for batch in batches:
                yield self._held(db, batch.schema, (batch,))

    def _held(
        self, db: duckdb.DuckDBPyConnection, schema: pa.Schema, batches: Iterable[pa.RecordBatch]
    ) -> Bools:
        names = [f"c{at}" for at in range(len(self.columns))]
        called = pa.schema(
            [field.with_name(name) for field, name in zip(schema, names, strict=True)]
        )
        renamed = (batch.rename_columns(names) for batch in batches)
        try:
            db.register("rows", pa.RecordBatchReader.from_batches(called, renamed))
            found = db.sql(self.query).to_arrow_reader(VECTOR).read_all().column(0)
        except (duckdb.Error, pa.ArrowException) as exc:
            raise _refused(self.text, self.columns, exc) from exc
        matching: Bools = pc.fill_null(found, fill_value=False).to_numpy()
        return matching


def read_filter(text: str, schema: pa.Schema, where: str) -> RowFilter:
    """Read a filter of the rows of a table.

    Args:
        text: such as `age < 30 AND plan IN ('pro', 'team')`.
        schema: of the table.
        where: what the table is called in messages.

    Raises:
        Invalid: it is no such expression, or does not fit the columns.
    """
    columns = _Columns(text, schema, where)
    try:
        with closing(_database()) as db:
            tree = _parsed(db, text)
            _look_through(tree["statements"][0]["node"]["select_list"], columns)
            if not columns.found:
                raise errors.Invalid(f"the filter {_shown(text)} names no column")
            [(query,)] = db.execute("SELECT json_deserialize_sql(?)", [json.dumps(tree)]).fetchall()
            kinds = [schema.field(name).type for name in columns.found]
            db.register("rows", pa.table({f"c{at}": pa.nulls(1, k) for at, k in enumerate(kinds)}))
            found = db.sql(query)
            kind = str(found.types[0])
            found.fetchall()
    except RecursionError as exc:
        raise errors.Invalid("the filter is nested too deeply") from exc
    except duckdb.Error as exc:
        raise _refused(text, columns.found, exc) from exc
    if kind != "BOOLEAN":
        raise errors.Invalid(
            f"the filter {_shown(text)} gives {kind} for a row; it has to be true or false, "
            "such as age < 30"
        )
    return RowFilter(text, tuple(columns.found), query)


class Filtered(Source):
    """The rows of a source for which a filter holds.

    Raises:
        Invalid: it is no filter, or does not fit the columns.
    """

    def __init__(self, source: Source, where: str) -> None:
        super().__init__(source.name, source.schema, source.fingerprint)
        self._source = source
        self._filter = read_filter(where, source.schema, source.name)

    def count(self) -> int | None:
        """Nobody knows before all rows are read."""
        return None

    def _stream(self, columns: list[str], rows: int) -> Iterator[pa.RecordBatch]:
        looked_at = list(self._filter.columns)
        needed = list(dict.fromkeys((*columns, *looked_at)))
        here, ahead = tee(self._source.batches(rows=max(rows, PIECE), columns=needed))
        masks = self._filter.masks(batch.select(looked_at) for batch in ahead)
        for batch, mask in zip(here, masks, strict=True):
            yield batch.filter(pa.array(mask)).select(columns)


class _Columns:
    """The columns that a filter names, which get names of their own."""

    def __init__(self, text: str, schema: pa.Schema, where: str) -> None:
        self.text = text
        self.found: list[str] = []
        self._names, self._where = schema.names, where

    def place(self, name: str) -> str:
        """What the column is called in the query; SQL tells no large from small letters."""
        alike = [known for known in self._names if known.lower() == name.lower()]
        if name not in self._names and len(alike) == 1:
            name = alike[0]
        if name not in self._names and f'"{name}"' in self.text:
            raise errors.Invalid(
                f"{self._where} has no column {name!r}; if it is a text, write it in single quotes"
            )
        require_columns([name], self._names, self._where)
        if name not in self.found:
            self.found.append(name)
        return f"c{self.found.index(name)}"


def _parsed(db: duckdb.DuckDBPyConnection, text: str) -> Any:
    """The tree of one expression."""
    asked = f"{BEFORE}{text}{AFTER}"
    [(answer,)] = db.execute("SELECT json_serialize_sql(?)", [asked]).fetchall()
    tree = json.loads(answer)
    if tree["error"]:
        at = int(tree.get("position") or 0) - len(BEFORE)
        said = str(tree["error_message"]).partition("\n")[0]
        place = "its end" if at >= len(text) else f"character {max(at, 0) + 1}: {said}"
        raise errors.Invalid(f"the filter {_shown(text)} is not understood at {place}")
    nodes = [statement["node"] for statement in tree["statements"]]
    table = {"type": "BASE_TABLE", "table_name": "rows", "alias": ""}
    if (
        len(nodes) != 1
        or nodes[0]["type"] != "SELECT_NODE"
        or len(nodes[0]["select_list"]) != 1
        or any(nodes[0]["from_table"].get(name) != value for name, value in table.items())
        or any(nodes[0].get(name) for name in ("where_clause", "group_expressions", "having"))
        or nodes[0]["modifiers"]
    ):
        raise errors.Invalid(f"the filter {_shown(text)} is more than one expression")
    return tree


def _look_through(node: Any, columns: _Columns) -> None:
    """Refuse what a filter may not hold, and name its columns anew."""
    if isinstance(node, list):
        for part in node:
            _look_through(part, columns)
    if not isinstance(node, dict):
        return
    kind = node.get("class")
    if kind == "COLUMN_REF":
        node["column_names"] = [columns.place(".".join(node["column_names"]))]
    elif kind == "FUNCTION":
        name = node["function_name"].lower()
        if name not in FUNCTIONS or node.get("schema"):
            raise errors.Invalid(
                f"the filter {_shown(columns.text)} uses {name!r}, which filters do not know; "
                f"there are: {', '.join(sorted(name for name in FUNCTIONS if name[0].isalpha()))}"
            )
    elif kind == "CAST":
        # A constant of a wrong form is a mistake, a cell of one is no match.
        node["try_cast"] = node["child"].get("class") != "CONSTANT"
    elif kind is not None and kind not in PLAIN and node.get("type") not in OPERATORS:
        held = str(node["type"]).lower().replace("_", " ")
        raise errors.Invalid(
            f"the filter {_shown(columns.text)} holds a {held}; it may hold columns, constants, "
            "comparisons, AND, OR, NOT, IN, BETWEEN, LIKE, IS NULL, CASE and functions of single "
            "values"
        )
    for part in node.values():
        _look_through(part, columns)


def _database(columns: int = 1) -> duckdb.DuckDBPyConnection:
    """One that opens no files, and stays so."""
    db = session(columns)
    db.execute("SET enable_external_access = false")
    db.execute("SET lock_configuration = true")
    return db


def _shown(text: str) -> str:
    return repr(text if len(text) <= SHOWN else f"{text[:SHOWN]}…")


def _refused(text: str, columns: Sequence[str], exc: Exception) -> errors.Invalid:
    said = str(exc).partition("\n")[0].partition("Error: ")
    told = re.sub(r"\bc(\d+)\b", lambda at: repr(columns[int(at[1])]), said[2] or said[0])
    return errors.Invalid(f"the filter {_shown(text)} cannot be computed: {told}")
