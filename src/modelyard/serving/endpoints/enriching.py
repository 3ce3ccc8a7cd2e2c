"""Enrichments: features that tables add to rows, and what is done where they cannot."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from modelyard import errors
from modelyard.serving.endpoints.around import Around
from modelyard.serving.packages.types import Enrichment, Manifest, PackagedTable
from modelyard.serving.rows.cells import Misfit
from modelyard.serving.tables import open_table

IGNORED = {
    "missing_key": "MISSING_KEY",
    "no_match": "NO_MATCH",
    "several_matches": "MULTIPLE_LOOKUP_MATCHES",
    "unavailable": "DATABASE_UNAVAILABLE",
}

Found = tuple[Any, ...] | None


class Finder(Protocol):
    """What finds rows of a table by keys."""

    def key(self, at: int, value: Any) -> Any:
        """The value of one of the keys as the table has it; Misfit if it is not of its type."""
        ...

    async def find(self, wanted: Sequence[Sequence[Any]]) -> Sequence[Found]:
        """The first row of each of some keys' values: whether there are more, and what is read.

        Raises:
            Unavailable: the table's database does not answer.
        """
        ...


class CopiedRows:
    """Finds rows of a table that is in the package, in place: it takes microseconds."""

    def __init__(self, folder: Path, table: PackagedTable, declared: Enrichment) -> None:
        self._table = open_table(folder, table, tuple(declared.keys.values()))
        self._find = self._table.finder(tuple(declared.columns.values()))

    def key(self, at: int, value: Any) -> Any:
        """See `Finder`."""
        return self._table.key(at, value)

    async def find(self, wanted: Sequence[Sequence[Any]]) -> Sequence[Found]:
        """See `Finder`."""
        return list(map(self._find, wanted))

    def close(self) -> None:
        """Let go of the file."""
        self._table.close()


class OpenEnrichment:
    """An enrichment whose table can be read."""

    def __init__(self, declared: Enrichment, rows: Finder) -> None:
        self.declared = declared
        self._rows = rows

    async def add_to(self, rows: Sequence[dict[str, Any] | None]) -> dict[int, str]:
        """Add to each row what the table holds; None are passed over.

        Returns:
            Why rows are to get no answer, by their places.

        Raises:
            Invalid: a key does not fit its column, or the enrichment refuses a row.
            Unavailable: the table's database does not answer.
        """
        ignored = dict[int, str]()
        wanted = list[tuple[int, dict[str, Any], list[Any]]]()
        several = len(rows) > 1
        for place, row in enumerate(rows):
            if row is not None:
                at = place if several else None
                keys = self._keys_of(row, at)
                if isinstance(keys, str):
                    self._without(row, place, keys, ignored)
                else:
                    wanted.append((place, row, keys))
        if not wanted:
            return ignored
        try:
            every = await self._rows.find([keys for *_, keys in wanted])
        except errors.Unavailable:
            if (reason := self._reaction("unavailable")) is None:
                raise
            for place, row, _ in wanted:
                self._without(row, place, reason, ignored)
            return ignored
        for (place, row, _), found in zip(wanted, every, strict=True):
            values = self._values(row, found, place if several else None)
            if isinstance(values, str):
                self._without(row, place, values, ignored)
            else:
                row.update(zip(self.declared.columns, values, strict=True))
        return ignored

    def close(self) -> None:
        """Let go of the table."""
        if isinstance(self._rows, CopiedRows):
            self._rows.close()

    def _keys_of(self, row: Mapping[str, Any], at: int | None) -> list[Any] | str:
        """The values of its keys; if one is missing what becomes of the row."""
        declared = self.declared
        given = {name: row.get(name) for name in declared.keys}
        name = next((name for name, value in given.items() if value is None), None)
        if name is not None:
            said = f"feature {name!r} is missing, by which {declared.name!r} is looked up"
            return self._react("missing_key", said, name, at)
        return [self._key(n, name, at, given[name]) for n, name in enumerate(given)]

    def _values(self, row: Mapping[str, Any], found: Found, at: int | None) -> Sequence[Any] | str:
        """The values of the table's row; if there is none, or several, what becomes of the row."""
        declared = self.declared
        if found is not None and (not found[0] or declared.several_matches == "first"):
            return found[1:]
        case = "no_match" if found is None else "several_matches"
        many = "no row" if found is None else "several rows"
        told = ", ".join(f"{name} {row.get(name)!r}" for name in declared.keys)[:200]
        said = f"table {declared.table!r} has {many} for {told}"
        return self._react(case, said, next(iter(declared.keys)), at)

    def _key(self, position: int, name: str, at: int | None, value: Any) -> Any:
        try:
            return self._rows.key(position, value)
        except Misfit as exc:
            raise _refused(f"feature {name!r} {exc}", name, at) from exc

    def _react(self, case: str, said: str, field: str, at: int | None) -> str:
        """Why a row is to get no answer; empty: it goes on without the features."""
        reason = self._reaction(case)
        if reason is None:
            raise _refused(said, field, at)
        return reason

    def _reaction(self, case: str) -> str | None:
        """The same; None: the query is refused."""
        reaction = getattr(self.declared, case)
        if reaction == "error":
            return None
        return IGNORED[case] if reaction == "ignore" else ""

    def _without(
        self, row: dict[str, Any], place: int, reason: str, ignored: dict[int, str]
    ) -> None:
        if reason:
            ignored[place] = reason
        else:
            row.update(dict.fromkeys(self.declared.columns))


async def open_enrichments(
    declared: Sequence[Enrichment], manifest: Manifest, folder: Path, around: Around
) -> list[OpenEnrichment]:
    """Open the tables of enrichments.

    Raises:
        NotFound, Unsupported, Invalid, Failed: a table, a column or a connection is not there, or
            nothing can be looked up by it.
        Unavailable: a database does not answer.
    """
    opened = list[OpenEnrichment]()
    try:
        for each in declared:
            table = manifest.table(each.table)
            if isinstance(table, PackagedTable):
                rows: Finder = await asyncio.to_thread(CopiedRows, folder, table, each)
            else:
                rows = await around.read(table, each)
            opened.append(OpenEnrichment(each, rows))
    except BaseException:
        for enrichment in opened:
            enrichment.close()
        raise
    return opened


def _refused(said: str, field: str, at: int | None) -> errors.Invalid:
    if at is None:
        return errors.Invalid(said, field=field)
    return errors.Invalid(f"row {at}: {said}", field=field, row=at)
