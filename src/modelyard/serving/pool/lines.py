"""Queries that wait for a worker: a line for each key, served by who came first."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterator

from modelyard.serving.pool.query import Query


class Lines:
    """Waiting queries.

    Args:
        batch: rows that one call may have; a query that is larger makes a call of its own.
    """

    def __init__(self, batch: int) -> None:
        self._batch = batch
        self._lines: dict[Hashable, deque[Query]] = {}
        self._first: deque[Query] = deque()
        self._first_rows = 0
        self._rows: dict[Hashable, int] = {}
        self._calls = 0

    def __len__(self) -> int:
        return len(self._first) + sum(map(len, self._lines.values()))

    def __iter__(self) -> Iterator[Query]:
        yield from self._first
        for line in self._lines.values():
            yield from line

    def calls(self, more: Query | None = None) -> int:
        """How many calls the waiting queries make, and one `more` with them."""
        # who was put back is not counted alone: a lost worker must not fill the queue by itself
        calls = self._calls - self._first_rows // -self._batch
        return calls if more is None else calls + self._change(more, 1)

    def add(self, query: Query) -> None:
        """Stand at the end of the line."""
        self._lines.setdefault(query.key, deque()).append(query)
        self._count(query, 1)

    def put_back(self, query: Query) -> None:
        """Stand before everybody, to be asked for alone: a call that it was part of went wrong."""
        query.alone = True
        self._first.append(query)
        self._first_rows += query.size

    def take(self) -> list[Query]:
        """Take those that the next call answers; none if nobody waits.

        It is the one that has waited longest, and whoever stands in line behind it, while the rows
        of all are no more than a batch. Those whose answer nobody waits for are passed over.
        """
        while self._first:
            query = self._first.popleft()
            self._first_rows -= query.size
            if not query.answered.done():
                return [query]
        for key in list(self._lines):
            self._drop_heads(key)
        if not self._lines:
            return []
        return self._taken(min(self._lines, key=lambda key: self._lines[key][0].came))

    def _drop_heads(self, key: Hashable) -> None:
        line = self._lines[key]
        while line and line[0].answered.done():
            self._count(line.popleft(), -1)
        self._drop_if_empty(key)

    def _taken(self, key: Hashable) -> list[Query]:
        line, rows, taken = self._lines[key], 0, list[Query]()
        while line and (not taken or rows + line[0].size <= self._batch):
            query = line.popleft()
            self._count(query, -1)
            if not query.answered.done():
                taken.append(query)
                rows += query.size
        self._drop_if_empty(key)
        return taken

    def _drop_if_empty(self, key: Hashable) -> None:
        if not self._lines[key]:
            del self._lines[key]
            self._rows.pop(key, None)

    def drop_answered(self) -> None:
        """Let go of those whose answer nobody waits for."""
        self._first = deque(query for query in self._first if not query.answered.done())
        self._first_rows = sum(query.size for query in self._first)
        for key in list(self._lines):
            line = self._lines[key]
            for query in line:
                if query.answered.done():
                    self._count(query, -1)
            self._lines[key] = deque(query for query in line if not query.answered.done())
            self._drop_if_empty(key)

    def _count(self, query: Query, sign: int) -> None:
        self._calls += self._change(query, sign)
        if query.size <= self._batch:
            self._rows[query.key] = self._rows.get(query.key, 0) + sign * query.size

    def _change(self, query: Query, sign: int) -> int:
        """By how many the calls change if a query comes (1) or goes (-1)."""
        if query.size > self._batch:
            return sign
        rows = self._rows.get(query.key, 0)
        return rows // -self._batch - (rows + sign * query.size) // -self._batch
