"""What the whole house holds."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from modelyard.store import tables

HELD = {
    "connection": tables.connections,
    "dataset": tables.datasets,
    "saved model": tables.models,
    "recipe": tables.recipes,
    "scoring run": tables.runs,
    "evaluation": tables.evaluations,
    "evaluation store": tables.evaluation_stores,
    "comparison": tables.comparisons,
    "drift report": tables.drift_reports,
    "replay": tables.model_replays,
    "check": tables.checks,
    "alert": tables.alerts,
    "service": tables.services,
    "bundle": tables.bundles,
    "deployment": tables.deployments,
    "pipeline": tables.pipelines,
    "scenario": tables.scenarios,
}
"""What makes a project not empty, by the word for one of it."""


def held_by(db: Connection, project: str, *, files: int) -> list[str]:
    """How many of each kind of thing a project holds, as words."""
    counts = {
        word: db.scalar(select(func.count()).where(table.c.project == project)) or 0
        for word, table in HELD.items()
    }
    counts["file"] = files
    return [f"{count} {word}{'s' if count > 1 else ''}" for word, count in counts.items() if count]
