"""How bundles answer."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path

from modelyard import errors
from modelyard.archives.reading import DAMAGES
from modelyard.archives.signing import workspace_key
from modelyard.deployments.bundling import repository
from modelyard.deployments.bundling.commands import (
    CreateBundle,
    DeleteBundle,
    DiffBundles,
    DownloadBundle,
    ListBundles,
    ShowBundle,
    VerifyBundle,
)
from modelyard.deployments.bundling.comparing import differences
from modelyard.deployments.bundling.creating import Asked, Builder
from modelyard.deployments.bundling.keeping import bundle_of
from modelyard.deployments.bundling.reading import OpenBundle, open_bundle, opened, trusted_here
from modelyard.deployments.bundling.types import (
    Bundle,
    BundleArchive,
    BundleCheck,
    BundleDiff,
    BundleSummary,
)
from modelyard.kernel import paths
from modelyard.kernel.bus import handles
from modelyard.kernel.context import Context
from modelyard.kernel.values import NAME_PATTERN
from modelyard.projects.access import require_project
from modelyard.store.artifacts import digest_of
from modelyard.store.database import exclusively
from modelyard.store.handing import appearing, appearing_at
from modelyard.store.keeping import collect
from modelyard.store.staging import stage

MOST_CHANGES = 10_000


@handles(CreateBundle)
def create_bundle(command: CreateBundle, context: Context) -> BundleSummary:
    """Build it in a stage, then keep it with its row: both or neither."""
    key = workspace_key(context.settings)
    with context.read() as db:
        require_project(db, command.project)
        if repository.exists(db, command.project, command.bundle):
            raise repository.taken(command.project, command.bundle)
    asked = Asked(
        **command.model_dump(
            include={"project", "bundle", "notes", "models", "stores", "data", "files"}
        )
    )
    with _copied(command, context) as copy, stage(context, partial(collect, context)) as place:
        target = place.folder / "bundle.zip"
        manifest = Builder(context, asked, place.folder).build(target, key)
        with opened(target, context.settings.archives):
            pass  # what is refused when it is imported is not made either
        bundle = bundle_of(
            context,
            manifest,
            project=command.project,
            origin="made",
            size=target.stat().st_size,
            digest=digest_of(target),
            signed_by=key.id if key else None,
        )
        with context.begin() as db:
            exclusively(db)
            require_project(db, command.project)
            repository.add(db, bundle)
            place.keep(context, [(target, bundle.digest)])
        if copy is not None:
            context.artifacts.save(bundle.digest, copy)
    return bundle.summary()


@handles(ListBundles)
def list_bundles(command: ListBundles, context: Context) -> list[BundleSummary]:
    """List the newest first."""
    with context.read() as db:
        require_project(db, command.project)
        return repository.every(db, command.project, command)


@handles(ShowBundle)
def show_bundle(command: ShowBundle, context: Context) -> Bundle:
    """Look it up."""
    with context.read() as db:
        return repository.get(db, command.project, command.bundle)


@handles(DownloadBundle)
def download_bundle(command: DownloadBundle, context: Context) -> BundleArchive:
    """Give the caller a copy, whose digest was checked."""
    with context.read() as db:
        found = repository.get(db, command.project, command.bundle)
    with appearing(context, command.output, replace=command.replace) as partial_file:
        context.artifacts.save(found.digest, partial_file)
    return BundleArchive(**found.model_dump(include=set(BundleArchive.model_fields)))


@handles(VerifyBundle)
def verify_bundle(command: VerifyBundle, context: Context) -> BundleCheck:
    """Read all of a file, or of a copy of what is kept."""
    path = paths.find(context, command.project, command.file)
    if path.exists() or not re.match(NAME_PATTERN, command.file):
        return _checked(context, path)
    with context.read() as db:
        if not repository.exists(db, command.project, command.file):
            return _checked(context, path)
        found = repository.get(db, command.project, command.file)
    with stage(context, partial(collect, context)) as place:
        copy = place.folder / f"{found.bundle}.zip"
        context.artifacts.save(found.digest, copy)
        return _checked(context, copy)


@handles(DiffBundles)
def diff_bundles(command: DiffBundles, context: Context) -> BundleDiff:
    """Compare what both hold, row by row."""
    with context.read() as db:
        before, after = (
            repository.get(db, command.project, name) for name in (command.before, command.after)
        )
    with _kept(context, before) as one, _kept(context, after) as other:
        found = differences(one, other)
        told = tuple(islice(found, MOST_CHANGES))
        return BundleDiff(
            before=before.bundle,
            after=after.bundle,
            changes=told,
            left_out=sum(1 for _ in found),
        )


@handles(DeleteBundle)
def delete_bundle(command: DeleteBundle, context: Context) -> None:
    """Delete the row, then the archive if nothing else keeps it."""
    with context.begin() as db:
        exclusively(db)
        context.unchanged(repository.get(db, command.project, command.bundle))
        digests = repository.remove(db, command.project, command.bundle)
    collect(context, digests)


@contextmanager
def _copied(command: CreateBundle, context: Context) -> Iterator[Path | None]:
    """Where a copy goes, if one is wanted; what is wrong with that place is told at once."""
    if not command.output:
        yield None
        return
    to = paths.find(context, command.project, command.output)
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise errors.Failed(f"{to} cannot be written: {exc.strerror or exc}") from exc
    with appearing_at(to, replace=command.replace) as place:
        yield place


def _checked(context: Context, path: Path) -> BundleCheck:
    trusted = trusted_here(context.settings)
    limits = context.settings.archives
    with open_bundle(path, trusted=trusted, limits=limits, progress=context.progress) as bundle:
        told = bundle.manifest
        return BundleCheck(
            bundle=told.bundle,
            of_project=told.project,
            made_with=told.made_with,
            files=len(told.files),
            rows=sum(table.rows for table in told.tables),
            content=sum(file.size for file in told.files),
            size=bundle.size,
            digest=digest_of(path),
            signed_by=bundle.signed_by,
            trusted=bundle.signed_by in trusted.keys,
        )


@contextmanager
def _kept(context: Context, bundle: Bundle) -> Iterator[OpenBundle]:
    """Open a bundle where it is kept."""
    with context.artifacts.open(bundle.digest) as file:
        try:
            yield OpenBundle(file, os.fstat(file.fileno()).st_size, context.settings.archives)
        except (errors.Invalid, *DAMAGES) as exc:
            raise errors.Failed(
                f"the bundle {bundle.bundle!r} is damaged ({exc}); restore it from a backup"
            ) from exc
