"""Making ready what a bundle needs: code envs, and versions that answer here as they did."""

from __future__ import annotations

import platform
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

from modelyard import errors
from modelyard.deployments.activating import repository
from modelyard.deployments.activating.archives import WithBundle
from modelyard.deployments.activating.types import LoadedVersion
from modelyard.deployments.bundling.content import Placing
from modelyard.deployments.bundling.reading import OpenBundle
from modelyard.deployments.bundling.rows import placed, table_of
from modelyard.kernel.context import Context
from modelyard.kernel.values import now
from modelyard.models.access import find_version, refuse_untrusted, require
from modelyard.models.running import open_pool, prepare, verified, verify
from modelyard.models.types import ModelVersion, Verification
from modelyard.runtime.envs.codeenvs import env_python
from modelyard.store.database import exclusively


@dataclass(frozen=True)
class Preloaded:
    """What came of trying the versions of a bundle here."""

    versions: tuple[LoadedVersion, ...]
    verifications: dict[str, Verification]
    """By `mark`."""


def preload(context: Context, project: str, bundle: OpenBundle) -> Preloaded:
    """Build the envs of a bundle, and try its versions, as far as that was not done before.

    What came of it is remembered, so that it is not done again when the bundle is activated.

    Raises:
        Blocked: the settings do not let in what the scan of a version found.
        Failed: an env cannot be built, or a version does not load, or answers otherwise.
        Unavailable: the package index does not answer, or this machine lacks a Python.
    """
    for env in bundle.manifest.envs:
        context.progress(f"making the code env {env.id} ready")
        env_python(context, env)
    inside = replace(context, artifacts=WithBundle.of(context.artifacts, bundle))
    with context.read() as db:
        known = repository.preloaded(db, project)
    found: dict[str, Verification] = {}
    loaded = []
    versions = list(versions_in(bundle, Placing(project, context.identity, now())))
    for number, version in enumerate(versions):
        name = f"{version.model} {version.version}"
        context.progress(f"trying version {name}", fraction=number / len(versions))
        refuse_untrusted(context, version)
        line, check = _tried(inside, version, known.get(mark(version)))
        loaded.append(line)
        if check is not None:
            found[mark(version)] = check
    if found.keys() - known.keys():
        with context.begin() as db:
            exclusively(db)
            repository.save_preloaded(db, project, repository.preloaded(db, project) | found)
    return Preloaded(tuple(loaded), found)


def versions_in(bundle: OpenBundle, placing: Placing) -> Iterator[ModelVersion]:
    """The versions of a bundle, as they would be in a project."""
    table = table_of("versions")
    for row in bundle.rows(table.name):
        body = placed(table, row, placing)["body"]
        yield ModelVersion.model_validate_json(f'{{"active":false,{body[1:]}')


def mark(version: ModelVersion) -> str:
    """What a trial depends on: files, env, golden predictions and the machine."""
    golden = version.golden
    told = "" if golden is None else f"{golden.inputs}-{golden.outputs}-{golden.tolerance}"
    return f"{version.digest}-{version.env.id}-{told}-{platform.node()}"


def _tried(
    context: Context, version: ModelVersion, known: Verification | None
) -> tuple[LoadedVersion, Verification | None]:
    line = LoadedVersion(
        model=version.model, version=version.version, env=version.env.id, outcome="known"
    )
    if known is not None:
        return line.model_copy(update={"rows": known.rows}), known
    if _is_here(context, version):
        return line, None
    began = time.perf_counter()
    check = None
    if version.golden is None:
        with open_pool(context, prepare(context, version)) as pool:
            pool.load()
    else:
        check = verify(context, version)
        require(version, check)
    change = {
        "outcome": "loaded" if check is None else "as_expected",
        "rows": 0 if check is None else check.rows,
        "seconds": round(time.perf_counter() - began, 3),
    }
    return line.model_copy(update=change), check


def _is_here(context: Context, version: ModelVersion) -> bool:
    """Whether the project has this very version, and it answers here as it did."""
    try:
        there = find_version(context, version.project, version.model, version.version)
    except errors.NotFound:
        return False
    return mark(there) == mark(version) and there.golden is not None and verified(there)
