"""Packages of services for people."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from modelyard.cli.words import fact, words
from modelyard.services.packaging.types import Package
from modelyard.serving.packages.types import Manifest, PackagedEndpoint


def package_card(found: Package) -> RenderableType:
    """What it answers, and what it holds; `--json` has the whole manifest."""
    manifest = found.manifest
    parts: list[RenderableType] = [
        Text(f"{found.service} {found.package}", style="bold"),
        *([Text(found.notes)] if found.notes else []),
        Padding(_facts(found), (0, 0, 0, 2)),
    ]
    for title, heads, rows in (
        ("Endpoints", ("Name", "Kind", "Answers with", "Tables", "Test queries"), _lines(manifest)),
        ("Code envs", ("Id", "Python", "Packages"), _envs(manifest)),
        ("Tables", ("Name", "Of", "Columns", "Rows"), _tables(manifest)),
    ):
        table = _table(heads, rows)
        if table.row_count:
            parts += [Text(title, style="bold"), Padding(table, (0, 0, 0, 2))]
    line = f"  modelyard packages download {found.service} {found.package}"
    return Group(*parts, Text(line, "dim"))


def _facts(found: Package) -> Table:
    grid = Table.grid(padding=(0, 2))
    for name, text in (
        ("Made", f"{words(found.created)} by {words(found.created_by)}"),
        ("Size", f"{fact('size', found.size)}, {len(found.manifest.files):,} files"),
        ("Digest", found.digest),
        ("Signed by", found.signed_by or "nobody"),
        ("May ask", "whoever reaches it" if found.manifest.public else "whoever has a key"),
    ):
        grid.add_row(Text(name, style="dim"), Text(text))
    return grid


def _table(heads: Iterable[str], rows: Iterable[tuple[str, ...]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in heads:
        table.add_column(Text(head), overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def _lines(manifest: Manifest) -> list[tuple[str, ...]]:
    models = {model.id: f"{model.model} {model.version}" for model in manifest.models}
    return [
        (
            endpoint.name,
            endpoint.kind,
            _answers(endpoint, models),
            ", ".join(_read(endpoint)) or "–",
            f"{len(endpoint.test_queries):,}",
        )
        for endpoint in manifest.endpoints
    ]


def _answers(endpoint: PackagedEndpoint, models: dict[str, str]) -> str:
    match endpoint.kind:
        case "prediction":
            return f"{models[endpoint.model]}, {endpoint.output}"
        case "function":
            return f"{endpoint.function}()"
        case "lookup":
            return ", ".join(name for each in endpoint.lookups for name in each.columns)


def _read(endpoint: PackagedEndpoint) -> list[str]:
    """The tables that it looks things up in."""
    match endpoint.kind:
        case "prediction":
            return [each.table for each in endpoint.enrichments]
        case "lookup":
            return [each.table for each in endpoint.lookups]
        case "function":
            return []


def _envs(manifest: Manifest) -> list[tuple[str, ...]]:
    return [(env.id, env.python, f"{len(env.packages):,}") for env in manifest.envs]


def _tables(manifest: Manifest) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [
        (table.name, table.source, ", ".join(table.columns), f"{table.rows:,}")
        for table in manifest.tables
    ]
    rows += [
        (table.name, table.source, ", ".join(table.columns), f"in {table.connection}")
        for table in manifest.references
    ]
    return rows
