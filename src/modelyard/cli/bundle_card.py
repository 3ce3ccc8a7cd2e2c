"""Bundles of projects for people."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from modelyard.cli.words import fact, words
from modelyard.deployments.bundling.types import Bundle, BundleDiff, BundledVersion, BundleManifest

MOST_NAMED = 4
LONGEST_VALUE = 60
WORDS = {
    "recipes": "recipes",
    "comparisons": "comparisons",
    "scenarios": "scenarios",
    "services": "services",
    "evaluation_stores": "stores",
    "checks": "checks",
    "evaluations": "evaluations",
    "drift_reports": "drift reports",
}
"""What is counted of the rows, by table."""


def bundle_card(found: Bundle) -> RenderableType:
    """What a bundle holds; `--json` has the whole manifest."""
    manifest = found.manifest
    parts: list[RenderableType] = [
        Text(f"{found.project} {found.bundle}", style="bold"),
        *([Text(found.notes)] if found.notes else []),
        Padding(_facts(found), (0, 0, 0, 2)),
    ]
    for title, heads, rows in (
        ("Saved models", ("Name", "Active", "Versions", "Metrics of the active one"), _models),
        ("Datasets", ("Name", "Connection", "Path", "Data"), _datasets),
        ("Connections", ("Name", "Kind", "Used by"), _connections),
        ("Code envs", ("Id", "Python", "Packages"), _envs),
    ):
        table = _table(heads, rows(manifest))
        if table.row_count:
            parts += [Text(title, style="bold"), Padding(table, (0, 0, 0, 2))]
    return Group(*parts, Text(f"  modelyard bundles download {found.bundle}", "dim"))


def bundle_diff_card(found: BundleDiff) -> RenderableType:
    """What changed, a line each."""
    if not found.changes:
        return Text(f"{found.before} and {found.after} hold the same.")
    lines = (
        (each.kind, each.name, each.change, each.field, _short(each.before), _short(each.after))
        for each in found.changes
    )
    table = _table(("Kind", "Name", "Change", "Field", found.before, found.after), lines)
    more = [Text(f"and {found.left_out:,} more changes", "dim")] if found.left_out else []
    return Group(table, *more)


def _facts(found: Bundle) -> Table:
    rows = {each.table: each.rows for each in found.manifest.tables}
    holds = [f"{rows[table]:,} {word}" for table, word in WORDS.items() if rows.get(table)]
    grid = Table.grid(padding=(0, 2))
    for name, text in (
        ("Made of" if found.origin == "made" else "Imported from", f"project {found.of_project}"),
        ("Here since", f"{words(found.created)} by {words(found.created_by)}"),
        ("Size", f"{fact('size', found.size)}, {len(found.manifest.files):,} files"),
        ("Digest", found.digest),
        ("Signed by", found.signed_by or "nobody"),
        ("Holds besides", ", ".join(holds) or "nothing"),
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


def _models(manifest: BundleManifest) -> Iterator[tuple[str, ...]]:
    for model in manifest.models:
        active = next((each for each in model.versions if each.active), None)
        versions = ", ".join(each.version for each in model.versions) or "none"
        yield model.model, model.active or "–", versions, _metrics(active)


def _metrics(version: BundledVersion | None) -> str:
    if version is None or not version.metrics:
        return "–"
    told = [f"{code} {value:.4g}" for code, value in version.metrics.items()]
    return ", ".join(told[:MOST_NAMED])


def _datasets(manifest: BundleManifest) -> Iterator[tuple[str, ...]]:
    for each in manifest.datasets:
        data = "in it" if each.with_data else "not in it"
        yield each.name, each.connection or "–", each.path or "–", data


def _connections(manifest: BundleManifest) -> Iterator[tuple[str, ...]]:
    for each in manifest.connections:
        yield each.name, each.kind or "not there", ", ".join(each.used_by)


def _envs(manifest: BundleManifest) -> Iterator[tuple[str, ...]]:
    for env in manifest.envs:
        yield env.id, env.python, f"{len(env.packages):,}"


def _short(value: object) -> str:
    if value is None:
        return "–"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"
