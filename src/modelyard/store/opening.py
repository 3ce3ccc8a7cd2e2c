"""Opening a workspace folder: settings, database, artifacts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from modelyard import errors
from modelyard.kernel.settings import Settings, read_settings
from modelyard.store.artifacts import LocalArtifacts
from modelyard.store.database import connect


@dataclass(frozen=True)
class Store:
    """An open workspace folder."""

    folder: Path
    settings: Settings
    engine: Engine
    artifacts: LocalArtifacts


def open_store(folder: Path) -> Store:
    """Open a workspace folder, made if it is not there.

    Raises:
        Invalid: the folder cannot be made, or its settings are wrong.
        Unavailable: the database does not answer.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise errors.Invalid(f"the workspace folder {folder} cannot be made: {exc}") from exc
    settings = read_settings(folder)
    engine = connect(settings.database or f"sqlite:///{folder / 'modelyard.db'}")
    artifacts = Path(settings.artifacts) if settings.artifacts else folder / "artifacts"
    return Store(folder, settings, engine, LocalArtifacts(artifacts))
