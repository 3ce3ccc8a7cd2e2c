"""Activations of bundles for people."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from modelyard.cli.words import seen, words
from modelyard.deployments.activating.types import ActivationReport, BundleReversion

COLOURS = {"added": "green", "changed": "yellow", "removed": "red", "kept": "cyan"}


def activation_card(found: ActivationReport) -> RenderableType:
    """What an activation did, a line for each thing; what the project has of its own since."""
    parts: list[RenderableType] = [Text(_headline(found), style="bold"), *_done(found)]
    own = list(_own(found))
    if own:
        grid = Table.grid(padding=(0, 2))
        for name, text in own:
            grid.add_row(Text(name, style="dim"), Text(seen(text)))
        parts += [Text("Of the project's own", style="bold"), Padding(grid, (0, 0, 0, 2))]
    return Group(*parts)


def reversion_card(found: BundleReversion) -> RenderableType:
    """What a revert did, a line for each thing."""
    said = "would be reverted to" if found.planned else "is what it was in"
    more = "; nothing was changed" if found.planned else ""
    return Group(Text(f"{found.project} {said} {found.bundle}{more}", style="bold"), *_done(found))


def _done(found: ActivationReport | BundleReversion) -> Iterator[RenderableType]:
    counts = ", ".join(f"{getattr(found, effect):,} {effect}" for effect in COLOURS)
    yield Padding(Text(counts, style="dim"), (0, 0, 0, 2))
    if found.effects:
        yield Padding(_effects(found), (0, 0, 0, 2))
    for warning in found.warnings:
        yield Text(seen(f"! {warning}"), style="yellow")


def _headline(found: ActivationReport) -> str:
    if found.planned:
        return f"{found.project}: {found.bundle} would be activated; nothing was changed"
    how = "is active" if found.how == "activated" else "is active again"
    since = f"since {words(found.activated)}, by {words(found.activated_by)}"
    before = f" (before: {found.before})" if found.before else ""
    return f"{found.project}: {found.bundle} {how} {since}{before}"


def _effects(found: ActivationReport | BundleReversion) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    for _ in range(4):
        table.add_column(overflow="fold")
    for each in found.effects:
        effect = Text(each.effect, style=COLOURS[each.effect])
        table.add_row(effect, each.kind, Text(seen(each.name)), Text(seen(each.reason), "dim"))
    return table


def _own(found: ActivationReport) -> Iterator[tuple[str, str]]:
    own = found.locals
    if own.connections:
        yield "Connections", ", ".join(f"{name}={here}" for name, here in own.connections.items())
    if own.variables:
        yield "Variables", ", ".join(f"{name}={value}" for name, value in own.variables.items())
    if own.scenarios:
        yield "Scenarios", ", ".join(f"{name} {state}" for name, state in own.scenarios.items())
