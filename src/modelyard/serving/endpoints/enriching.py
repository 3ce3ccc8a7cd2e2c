"""Enrichments: features that tables add to rows, and what is done where they cannot."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from modelyard import errors
from modelyard.serving.packages.types import Enrichment, PackagedTable
from modelyard.serving.rows.cells import Misfit
from modelyard.serving.tables import LookupTable, open_table

IGNORED = {
    "missing_key": "MISSING_KEY",
    "no_match": "NO_MATCH",
    "several_matches": "MULTIPLE_LOOKUP_MATCHES",
}


class Ignored(Exception):
    """A row that gets no answer, because an enrichment says so; `reason` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class OpenEnrichment:
    """An enrichment whose table is open."""

    def __init__(self, declared: Enrichment, table: LookupTable) -> None:
        self.declared = declared
        self._table = table
        self._find: Callable[[Sequence[Any]], tuple[Any, ...] | None] = table.finder(
            tuple(declared.columns.values())
        )

    def features(self, row: Mapping[str, Any], at: int | None) -> dict[str, Any]:
        """What the table adds to a row, the `at`-th of several.

        Raises:
            Ignored: the row is to get no answer.
            Invalid: a key does not fit its column, or the enrichment refuses the row.
        """
        declared = self.declared
        given = {name: row.get(name) for name in declared.keys}
        found = self._found(given, at)
        if found is None:
            return dict.fromkeys(declared.columns)
        return dict(zip(declared.columns, found, strict=True))

    def close(self) -> None:
        """Let go of the table."""
        self._table.close()

    def _found(self, given: Mapping[str, Any], at: int | None) -> Sequence[Any] | None:
        """The values of the table's row, or None where the features are to be missing."""
        declared = self.declared
        name = next((name for name, value in given.items() if value is None), None)
        if name is not None:
            said = f"feature {name!r} is missing, by which {declared.name!r} is looked up"
            self._react("missing_key", said, name, at)
            return None
        found = self._find([self._key(n, name, at, given[name]) for n, name in enumerate(given)])
        name = next(iter(given))
        if found is None:
            said = f"table {declared.table!r} has no row for {_told(given)}"
            self._react("no_match", said, name, at)
            return None
        several, *values = found
        if several and declared.several_matches != "first":
            said = f"table {declared.table!r} has several rows for {_told(given)}"
            self._react("several_matches", said, name, at)
            return None
        return values

    def _key(self, position: int, name: str, at: int | None, value: Any) -> Any:
        try:
            return self._table.key(position, value)
        except Misfit as exc:
            raise _refused(f"feature {name!r} {exc}", name, at) from exc

    def _react(self, case: str, said: str, field: str, at: int | None) -> None:
        """Go on without the features, if the enrichment says so in this case."""
        reaction = getattr(self.declared, case)
        if reaction == "error":
            raise _refused(said, field, at)
        if reaction == "ignore":
            raise Ignored(IGNORED[case])


def open_enrichments(
    declared: Sequence[Enrichment], tables: Sequence[PackagedTable], folder: Path
) -> list[OpenEnrichment]:
    """Open the tables of enrichments; this blocks.

    Raises:
        NotFound, Unsupported, Failed: a column is not there, or a table cannot be looked up.
    """
    known = {table.name: table for table in tables}
    opened = list[OpenEnrichment]()
    try:
        for each in declared:
            table = open_table(folder, known[each.table], tuple(each.keys.values()))
            opened.append(OpenEnrichment(each, table))
    except BaseException:
        for enrichment in opened:
            enrichment.close()
        raise
    return opened


def _refused(said: str, field: str, at: int | None) -> errors.Invalid:
    if at is None:
        return errors.Invalid(said, field=field)
    return errors.Invalid(f"row {at}: {said}", field=field, row=at)


def _told(given: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value!r}" for name, value in given.items())[:200]
