"""How other rooms run a version."""

from __future__ import annotations

from sqlalchemy import Connection

from modelyard import errors
from modelyard.kernel.context import Context
from modelyard.kernel.paging import ALL
from modelyard.models import repository
from modelyard.models.commands import ProbeVersion
from modelyard.models.deleting import delete_models as forget_project
from modelyard.models.facts import (
    active_versions,
    digest_of_version,
    kind_of_version,
    reference_of_version,
)
from modelyard.models.fate import fate, lost, noticing
from modelyard.models.folders import forget_folder
from modelyard.models.repository import get_version as version_of
from modelyard.models.repository import versions_at
from modelyard.models.running import RunnableVersion, predict_options, prepare, verified, verify
from modelyard.models.shelf import sweep as sweep_probed
from modelyard.models.types import ModelVersion, Verification, VersionSummary
from modelyard.models.weighed import kept_importances
from modelyard.runtime.functions import require_code_allowed
from modelyard.store.database import exclusively

__all__ = [
    "RunnableVersion",
    "active_version",
    "active_versions",
    "digest_of_version",
    "fate",
    "find_version",
    "forget_project",
    "kept_importances",
    "kind_of_version",
    "make_runnable",
    "noticing",
    "open_version",
    "predict_options",
    "reference_of_version",
    "require",
    "require_code",
    "require_model",
    "summaries_of",
    "sweep_probed",
    "version_of",
    "versions_at",
]


def find_version(
    context: Context, project: str, model: str, version: str | None = None
) -> ModelVersion:
    """Look up a version that may run, the active one when none is named.

    Raises:
        NotFound: there is no such model or version, or none is active.
        Blocked: its scan's verdict is not, or no longer, allowed by the settings.
    """
    with context.read() as db:
        found = repository.get_version(db, project, model, version)
    refuse_untrusted(context, found)
    return found


def active_version(context: Context, project: str, model: str) -> str | None:
    """The id of the active version, if one is active; NotFound if there is no such model."""
    with context.read() as db:
        return repository.get_model(db, project, model).active_version


def summaries_of(db: Connection, project: str, model: str) -> list[VersionSummary]:
    """The versions of a saved model, those first that were imported last."""
    return repository.list_versions(db, project, model, search="", sort="imported", asked=ALL)


def require_model(db: Connection, project: str, model: str) -> None:
    """Raise NotFound unless there is such a saved model."""
    repository.get_model(db, project, model)


def make_runnable(context: Context, version: ModelVersion) -> RunnableVersion:
    """Make a version ready to run.

    Where it has not run yet in this env and on this host, it must first reproduce its golden
    predictions.

    Raises:
        Failed: it does not reproduce its golden predictions.
        Conflict: it was deleted or replaced meanwhile.
    """
    with noticing(context, version):
        if not verified(version):
            context.progress("checking its golden predictions in this environment")
            require(version, check(context, version))
        return RunnableVersion(version, prepare(context, version))


def open_version(
    context: Context, project: str, model: str, version: str | None = None
) -> RunnableVersion:
    """Find a version and make it ready to run; raises as `find_version` and `make_runnable` do."""
    return make_runnable(context, find_version(context, project, model, version))


def refuse_untrusted(context: Context, version: ModelVersion) -> None:
    """Raise Blocked when the settings do not let in what the scan found."""
    allowed = context.settings.trust.allowed
    if version.scan.verdict not in allowed:
        raise errors.Blocked(
            f"{version.model!r} {version.version!r} may not run: its files are "
            f"{version.scan.verdict.replace('_', ' ')}, and the setting trust.allowed lets in "
            f"{', '.join(allowed)}; look at its findings with: modelyard versions show "
            f"{version.model} {version.version}"
        )


def check(context: Context, version: ModelVersion, *, env: str | None = None) -> Verification:
    """Verify a version and keep the outcome.

    Raises:
        Blocked: it may not run.
        Conflict: it was deleted or replaced meanwhile.
    """
    refuse_untrusted(context, version)
    with noticing(context, version):
        result = verify(context, version, env=env)
    with context.begin() as db:
        exclusively(db)
        how = fate(db, version)
        if how is None:
            key = (version.project, version.model, version.version)
            repository.record_verification(db, *key, result)
    if how is not None:
        forget_folder(context, version.digest)  # its verification has just written it anew
        raise lost(version, how)
    return result


def require(version: ModelVersion, result: Verification) -> None:
    """Raise Failed unless the verification passed."""
    if not result.passed:
        gap = result.largest_gap
        apart = "" if gap is None else f", the largest gap is {gap:.3g}"
        raise errors.Failed(
            f"{version.model!r} {version.version!r} does not reproduce its golden predictions "
            f"in env {result.env} on {result.host}: {result.rows - result.matching} of "
            f"{result.rows} rows differ{apart}; {'; '.join(result.details)}. "
            "It may not score here; use the env it was imported with, or import it again",
            rows=list(result.differing),
        )


def require_code(context: Context, project: str, what: str, model: str = "any") -> None:
    """Refuse code of somebody who may not bring any, or where nobody's is let in.

    Args:
        context: the workspace.
        project: that it is to run for.
        what: it is, in messages.
        model: saved model that it is about.

    Raises:
        Forbidden: whoever asks may not import models, which are code as well.
        Blocked: the settings let in no code that nobody has looked at.
    """
    context.authorize(ProbeVersion(project=project, model=model, source=what))
    require_code_allowed(context, what)
