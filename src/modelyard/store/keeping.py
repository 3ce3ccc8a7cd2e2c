"""What keeps artifacts: versions, evaluations, reports, packages, bundles, attachments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy import Connection, select

from modelyard.kernel.context import Context
from modelyard.store.database import exclusively
from modelyard.store.tables import (
    bundles,
    drift_reports,
    evaluation_files,
    files,
    item_files,
    model_replays,
    service_packages,
)

KEEPERS = (
    files,
    evaluation_files,
    drift_reports,
    model_replays,
    service_packages,
    bundles,
    item_files,
)
"""Tables whose rows keep artifacts, by the column `sha256`."""


def keepers(db: Connection) -> dict[str, str]:
    """Every artifact that is kept, with the words for one thing that keeps it."""
    return dict(_keepers(db))


def unreferenced(db: Connection, digests: Iterable[str]) -> set[str]:
    """Those of the digests that nothing keeps."""
    left = set(digests)
    for table in KEEPERS:
        left -= set(db.scalars(select(table.c.sha256).where(table.c.sha256.in_(left))))
    return left


def collect(context: Context, digests: set[str]) -> None:
    """Take artifacts out of the store that nothing keeps."""
    with context.begin() as db:
        exclusively(db)
        context.artifacts.remove(unreferenced(db, digests))


def _keepers(db: Connection) -> Iterator[tuple[str, str]]:
    of = files.c
    for digest, *where in db.execute(select(of.sha256, of.project, of.model, of.version)):
        yield digest, "version {2} of {1} in project {0}".format(*where)
    kept = evaluation_files.c
    for digest, project, evaluation in db.execute(
        select(kept.sha256, kept.project, kept.evaluation)
    ):
        yield digest, f"evaluation {evaluation} in project {project}"
    reports = drift_reports.c
    for digest, report in db.execute(select(reports.sha256, reports.id)):
        yield digest, f"drift report {report}"
    replays = model_replays.c
    for digest, replay in db.execute(select(replays.sha256, replays.id)):
        yield digest, f"replay {replay}"
    packed = service_packages.c
    for digest, *which in db.execute(
        select(packed.sha256, packed.project, packed.service, packed.name)
    ):
        yield digest, "package {2} of {1} in project {0}".format(*which)
    bundled = bundles.c
    for digest, *which in db.execute(select(bundled.sha256, bundled.project, bundled.name)):
        yield digest, "bundle {1} of project {0}".format(*which)
    attached = item_files.c
    for digest, item in db.execute(select(attached.sha256, attached.item)):
        yield digest, f"a file that is attached to {item}"
