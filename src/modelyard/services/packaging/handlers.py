"""How packages of services answer."""

from __future__ import annotations

from functools import partial

from modelyard import errors
from modelyard.archives.signing import workspace_key
from modelyard.kernel.bus import handles
from modelyard.kernel.context import Context
from modelyard.services import repository as services
from modelyard.services.packaging import repository
from modelyard.services.packaging.building import Builder
from modelyard.services.packaging.commands import (
    CreatePackage,
    DeletePackage,
    DiffPackages,
    DownloadPackage,
    ListPackages,
    ShowPackage,
    VerifyPackage,
)
from modelyard.services.packaging.comparing import differences
from modelyard.services.packaging.types import (
    Package,
    PackageArchive,
    PackageCheck,
    PackageDiff,
    PackageSummary,
)
from modelyard.serving.packages.reading import opened
from modelyard.store.artifacts import digest_of
from modelyard.store.database import exclusively
from modelyard.store.handing import appearing
from modelyard.store.keeping import collect
from modelyard.store.staging import stage


@handles(CreatePackage)
def create_package(command: CreatePackage, context: Context) -> Package:
    """Build it in a stage, then keep it with its row: both or neither."""
    key = workspace_key(context.settings)
    with context.read() as db:
        service = services.get(db, command.project, command.service)
        if repository.exists(db, command.project, command.service, command.package):
            raise repository.taken(command.service, command.package)
    with stage(context, partial(collect, context)) as place:
        target = place.folder / "package.zip"
        builder = Builder(context, service, place.folder)
        manifest = builder.build(command.package, command.notes, target, key)
        package = Package(
            project=command.project,
            service=command.service,
            package=command.package,
            notes=command.notes,
            endpoints=tuple(endpoint.name for endpoint in manifest.endpoints),
            versions=tuple(f"{model.model}:{model.version}" for model in manifest.models),
            created=manifest.created,
            created_by=manifest.created_by,
            size=target.stat().st_size,
            digest=digest_of(target),
            signed_by=key.id if key else None,
            manifest=manifest,
        )
        with context.begin() as db:
            exclusively(db)
            services.get(db, command.project, command.service)
            repository.add(db, package)
            place.keep(context, [(target, package.digest)])
    return package


@handles(ListPackages)
def list_packages(command: ListPackages, context: Context) -> list[PackageSummary]:
    """List the newest first."""
    with context.read() as db:
        services.get(db, command.project, command.service)
        return repository.every(db, command.project, command.service, command)


@handles(ShowPackage)
def show_package(command: ShowPackage, context: Context) -> Package:
    """Look it up."""
    with context.read() as db:
        services.get(db, command.project, command.service)
        return repository.get(db, command.project, command.service, command.package)


@handles(DownloadPackage)
def download_package(command: DownloadPackage, context: Context) -> PackageArchive:
    """Give the caller a copy, whose digest was checked."""
    with context.read() as db:
        services.get(db, command.project, command.service)
        found = repository.get(db, command.project, command.service, command.package)
    with appearing(context, command.output, replace=command.replace) as partial_file:
        context.artifacts.save(found.digest, partial_file)
    return PackageArchive(
        package=found.package, size=found.size, digest=found.digest, signed_by=found.signed_by
    )


@handles(VerifyPackage)
def verify_package(command: VerifyPackage, context: Context) -> PackageCheck:
    """Read all of a copy."""
    with context.read() as db:
        services.get(db, command.project, command.service)
        found = repository.get(db, command.project, command.service, command.package)
    with stage(context, partial(collect, context)) as place:
        copy = place.folder / f"{found.service}-{found.package}.zip"
        context.artifacts.save(found.digest, copy)
        with opened(copy, context.settings.archives) as package:
            for file in package.manifest.files:
                context.progress(f"reading {file.path}")
                package.copy(file, len)
            signature = package.signature
            files = package.manifest.files
    if files != found.manifest.files:
        raise errors.Failed(f"the package {found.package!r} is not what was kept of it")
    return PackageCheck(
        package=found.package,
        files=len(files),
        content=sum(file.size for file in files),
        digest=found.digest,
        signed_by=signature.key if signature else None,
    )


@handles(DiffPackages)
def diff_packages(command: DiffPackages, context: Context) -> PackageDiff:
    """Compare what their manifests tell."""
    with context.read() as db:
        services.get(db, command.project, command.service)
        before, after = (
            repository.get(db, command.project, command.service, name)
            for name in (command.before, command.after)
        )
    return PackageDiff(
        service=command.service,
        before=before.package,
        after=after.package,
        changes=tuple(differences(before.manifest, after.manifest)),
    )


@handles(DeletePackage)
def delete_package(command: DeletePackage, context: Context) -> None:
    """Delete the row, then the archive if nothing else keeps it."""
    with context.begin() as db:
        exclusively(db)
        services.get(db, command.project, command.service)
        found = repository.get(db, command.project, command.service, command.package)
        context.unchanged(found)
        repository.remove(db, command.project, command.service, command.package)
    collect(context, {found.digest})
