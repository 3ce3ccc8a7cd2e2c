"""Values inside of documents that columns keep as JSON text, asked for by queries."""

# ruff: noqa: S608  what is put together are fixed words and names; values are bound
from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Literal

from sqlalchemy import Boolean, ColumnElement, Double, Text, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import FunctionElement

Scalar = str | int | float | bool
Op = Literal["is", "above", "below"]
ANY = "*"
"""In a path: of any value of an object or a list."""
HOLDS = ("object", "array")


class Says(FunctionElement[bool]):
    """Whether a value of a document passes all of some tests; of a list, whether one of it does.

    Texts are no numbers, and true is not 1. Never null.
    """

    name = "says"
    inherit_cache = False
    type = Boolean()

    def __init__(
        self,
        document: ColumnElement[str],
        path: Sequence[str],
        tests: Sequence[tuple[Op, Scalar]],
    ) -> None:
        """`path` are names of ASCII letters, digits and underscores, or `ANY` between such."""
        self.groups = _groups(path)
        self.tests = tuple(tests)
        texts = [literal(json.dumps(value), Text()) for _, value in tests]
        values = [literal(value) for _, value in tests]
        super().__init__(document, *texts, *values)


class Given(FunctionElement[bool]):
    """Whether a document has a value at a path that is not null, or such a one in a list.

    Never null.
    """

    name = "given"
    inherit_cache = False
    type = Boolean()

    def __init__(self, document: ColumnElement[str], path: Sequence[str]) -> None:
        self.groups = _groups(path)
        super().__init__(document)


class NewestMetric(FunctionElement[float]):
    """What the newest evaluation says of a metric, out of the facts of an item; null: none does."""

    name = "newest_metric"
    inherit_cache = True
    type = Double()

    def __init__(self, facts: ColumnElement[str], metric: str) -> None:
        """`metric` has no quotation marks and no backslashes."""
        paths = (f'$.metrics."{metric}"', f'$.newest.metrics."{metric}"')
        super().__init__(facts, literal(metric), *(literal(each) for each in paths))


@compiles(Says, "sqlite")
def _says_in_sqlite(element: Says, compiler: Any, **more: Any) -> str:
    document, *operands = (compiler.process(each, **more) for each in element.clauses)
    froms, wanted, inner, path = _walked_in_sqlite(document, element.groups)
    froms.append(f"json_each({inner}, {path}) AS e")
    wanted.append(f"json_type({inner}, {path}) <> 'object'")
    values = operands[len(element.tests) :]
    for (op, value), operand in zip(element.tests, values, strict=True):
        if isinstance(value, bool):
            wanted.append(f"e.type = '{json.dumps(value)}'")
        elif isinstance(value, str):
            wanted.append(f"(e.type = 'text' AND e.value = {operand})")
        else:
            sign = {"is": "=", "above": ">", "below": "<"}[op]
            wanted.append(f"(e.type IN ('integer', 'real') AND e.value {sign} {operand})")
    return _exists(froms, wanted)


@compiles(Says, "postgresql")
def _says_in_postgresql(element: Says, compiler: Any, **more: Any) -> str:
    document, *operands = (compiler.process(each, **more) for each in element.clauses)
    froms, inner = _walked_in_postgresql(document, element.groups)
    froms.append(f"jsonb_array_elements({_as_array(inner)}) AS e(v)")
    wanted = []
    count = len(element.tests)
    for place, (op, _) in enumerate(element.tests):
        if op == "is":
            wanted.append(f"e.v = CAST({operands[place]} AS jsonb)")
            continue
        number = "CASE WHEN jsonb_typeof(e.v) = 'number' THEN (e.v #>> '{}')::double precision"
        sign = ">" if op == "above" else "<"
        wanted.append(f"{number} {sign} {operands[count + place]} ELSE false END")
    return _exists(froms, wanted)


@compiles(Given, "sqlite")
def _given_in_sqlite(element: Given, compiler: Any, **more: Any) -> str:
    document = compiler.process(element.clauses, **more)
    froms, wanted, inner, path = _walked_in_sqlite(document, element.groups)
    kind = f"json_type({inner}, {path})"
    some = f"EXISTS (SELECT 1 FROM json_each({inner}, {path}) AS e WHERE e.type <> 'null')"
    wanted.append(f"(coalesce({kind}, 'null') NOT IN ('null', 'array') OR {some})")
    return _exists(froms, wanted)


@compiles(Given, "postgresql")
def _given_in_postgresql(element: Given, compiler: Any, **more: Any) -> str:
    document = compiler.process(element.clauses, **more)
    froms, inner = _walked_in_postgresql(document, element.groups)
    each = f"jsonb_array_elements({_as_array(inner)}) AS e(v)"
    some = f"EXISTS (SELECT 1 FROM {each} WHERE jsonb_typeof(e.v) <> 'null')"
    kind = f"coalesce(jsonb_typeof({inner}), 'null')"
    return _exists(froms, [f"({kind} NOT IN ('null', 'array') OR {some})"])


@compiles(NewestMetric, "sqlite")
def _newest_in_sqlite(element: NewestMetric, compiler: Any, **more: Any) -> str:
    facts, _, alone, stored = (compiler.process(each, **more) for each in element.clauses)
    rows = (
        f"SELECT json_extract(e.value, {path}) AS m, json_extract(e.value, '$.{at}created') AS c,"
        f" json_extract(e.value, '$.{at}id') AS k FROM json_each({facts}, '$.{section}') AS e"
        for section, at, path in (("evaluations", "", alone), ("monitoring", "newest.", stored))
    )
    return (
        f"(SELECT n.m FROM ({' UNION ALL '.join(rows)}) AS n WHERE n.m IS NOT NULL"
        " ORDER BY n.c DESC, n.k DESC LIMIT 1)"
    )


@compiles(NewestMetric, "postgresql")
def _newest_in_postgresql(element: NewestMetric, compiler: Any, **more: Any) -> str:
    facts, metric, _, _ = (compiler.process(each, **more) for each in element.clauses)
    rows = (
        f"SELECT ({one} -> 'metrics' ->> CAST({metric} AS text))::double precision AS m,"
        f" {one} ->> 'created' AS c, {one} ->> 'id' AS k"
        f" FROM jsonb_each(coalesce(({facts})::jsonb -> '{section}', '{{}}'::jsonb)) AS e"
        for section, one in (("evaluations", "e.value"), ("monitoring", "(e.value -> 'newest')"))
    )
    return (
        f"(SELECT n.m FROM ({' UNION ALL '.join(rows)}) AS n WHERE n.m IS NOT NULL"
        ' ORDER BY n.c COLLATE "C" DESC, n.k COLLATE "C" DESC LIMIT 1)'
    )


def _groups(path: Sequence[str]) -> list[list[str]]:
    """The names between the places where any will do."""
    groups: list[list[str]] = [[]]
    for name in path:
        if name == ANY:
            groups.append([])
        else:
            groups[-1].append(name)
    return groups


def _walked_in_sqlite(
    document: str, groups: list[list[str]]
) -> tuple[list[str], list[str], str, str]:
    """Tables and conditions that lead to the last group, in which document it is, and its path."""
    froms, wanted, inner = [], [], document
    *before, last = ("'$" + "".join(f'."{name}"' for name in group) + "'" for group in groups)
    for place, path in enumerate(before):
        froms.append(f"json_each({inner}, {path}) AS s{place}")
        wanted.append(f"json_type({inner}, {path}) IN {HOLDS}")
        inner = f"CASE WHEN s{place}.type IN {HOLDS} THEN s{place}.value ELSE 'null' END"
    return froms, wanted, inner, last


def _walked_in_postgresql(document: str, groups: list[list[str]]) -> tuple[list[str], str]:
    """Tables that lead to the last group, and the value that it leads to."""
    froms: list[str] = []
    *before, last = _steps(groups)
    inner = f"({document})::jsonb"
    for place, path in enumerate(before):
        value = f"({inner} #> '{path}')"
        every = f"(SELECT jsonb_agg(o.value) FROM jsonb_each({value}) AS o)"
        listed = f"CASE jsonb_typeof({value}) WHEN 'array' THEN {value} WHEN 'object' THEN {every}"
        froms.append(f"jsonb_array_elements(coalesce({listed} END, '[]'::jsonb)) AS s{place}(v)")
        inner = f"s{place}.v"
    return froms, f"({inner} #> '{last}')"


def _steps(groups: list[list[str]]) -> Iterator[str]:
    for group in groups:
        yield "{" + ",".join(group) + "}"


def _as_array(value: str) -> str:
    return (
        f"CASE jsonb_typeof({value}) WHEN 'array' THEN {value} ELSE jsonb_build_array({value}) END"
    )


def _exists(froms: list[str], wanted: list[str]) -> str:
    tables = f" FROM {', '.join(froms)}" if froms else ""
    return f"EXISTS (SELECT 1{tables} WHERE {' AND '.join(wanted)})"
