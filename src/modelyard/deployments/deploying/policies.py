"""What policies say of the versions that an update of a deployment brings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy import Connection

from modelyard import errors
from modelyard.deployments.bundling import repository as bundles
from modelyard.deployments.deploying.looking import sharing_places
from modelyard.deployments.deploying.types import DeploymentUpdate, ProjectSettings, Settings
from modelyard.deployments.drivers.types import Message
from modelyard.deployments.infrastructures.types import Infrastructure
from modelyard.governance.connection.judging import ask_ahead, heard
from modelyard.governance.items.elsewhere import is_governed_elsewhere
from modelyard.governance.items.ids import id_of
from modelyard.governance.policies.access import judgements, make_ready, mode_of
from modelyard.governance.policies.types import Judgement, Mode
from modelyard.kernel.context import Context
from modelyard.services.access import find_package

PREVENTS, WARNS = "POLICY_PREVENTS", "POLICY_WARNS"


def ask_policies(
    context: Context, infrastructure: Infrastructure, update: DeploymentUpdate
) -> None:
    """Find out what clauses say that take a while, before the deployment is held."""
    with context.read() as db:
        if is_governed_elsewhere(db):
            return
        asked = [each for each in _heeded(context, db, infrastructure) if _asks(db, each)]
        versions = _versions(db, update) if asked else {}
    for item in versions:
        context.progress(f"asking policies of {item}")
        for name in asked:
            make_ready(context, name, item)


def ask_govern_node(
    context: Context, infrastructure: Infrastructure, update: DeploymentUpdate
) -> None:
    """Ask the node where this workspace is governed, if there is one; disabling asks nobody."""
    with context.read() as db:
        if update.kind == "disable" or not is_governed_elsewhere(db):
            return
        versions = _versions(db, update)
        asked = _heeded(context, db, infrastructure)
    for name in asked:
        ask_ahead(context, name, versions)


def _heeded(context: Context, db: Connection, infrastructure: Infrastructure) -> list[str]:
    """Whose policies count: those of an infrastructure, and of others that share a place with it.

    Otherwise another one over the same nodes would lead around them.
    """
    others = sharing_places(context, db, infrastructure) - {infrastructure.name}
    return [infrastructure.name, *sorted(others)]


def _asks(db: Connection, infrastructure: str) -> bool:
    return mode_of(db, infrastructure) != "no_check"


def _versions(db: Connection, update: DeploymentUpdate) -> dict[str, str]:
    """The versions that an update brings; none if nobody can tell, which is told when it is judged.

    Disabling brings none.
    """
    if update.kind == "disable":
        return {}
    try:
        return dict(versions_in(db, update.project, update.desired.target, update.settings))
    except errors.NotFound:
        return {}


def judge_versions(
    context: Context, infrastructure: Infrastructure, update: DeploymentUpdate
) -> tuple[Message, ...]:
    """What does not pass, for every version that would answer; disabling asks nobody.

    What several infrastructures over the same places ask alike is told once, of the strictest.
    """
    if update.kind == "disable":
        return ()
    found: dict[Mode, dict[tuple[str, str], Message]] = {"prevent": {}, "warn": {}}
    with context.read() as db:
        elsewhere = is_governed_elsewhere(db)
        for name in _heeded(context, db, infrastructure):
            if elsewhere:
                mode, said = _said_elsewhere(db, name, update)
            else:
                mode = mode_of(db, name)
                said = [] if mode == "no_check" else list(_said(context, db, name, update))
            whose = "" if name == infrastructure.name else f", asked by {name} for the same places"
            for title, details in said if mode != "no_check" else ():
                message = _message(mode, title + whose, details)
                found[mode].setdefault((title, details), message)
    stopping, warnings = found["prevent"], found["warn"]
    milder = [message for what, message in warnings.items() if what not in stopping]
    return (*stopping.values(), *milder)


def _message(mode: Mode, title: str, details: str) -> Message:
    if mode == "prevent":
        return Message(severity="error", code=PREVENTS, title=title, details=details)
    return Message(severity="warning", code=WARNS, title=title, details=details)


def versions_in(
    db: Connection, project: str, target: str, settings: Settings
) -> Iterator[tuple[str, str]]:
    """The items of the versions that answer, each with the digest of its files.

    Of a bundle these are the active ones.

    Raises:
        NotFound: a package or the bundle was deleted.
    """
    if isinstance(settings, ProjectSettings):
        for model in bundles.get(db, project, settings.bundle).manifest.models:
            for each in model.versions:
                if each.version == model.active:
                    yield id_of("version", project, model.model, each.version), each.digest
        return
    for name in dict.fromkeys((*settings.packages, *settings.shadows)):
        for packaged in find_package(db, project, target, name).manifest.models:
            yield id_of("version", project, packaged.model, packaged.version), packaged.digest


def _said(
    context: Context, db: Connection, infrastructure: str, update: DeploymentUpdate
) -> Iterator[tuple[str, str]]:
    try:
        versions = dict(versions_in(db, update.project, update.desired.target, update.settings))
    except errors.NotFound as exc:
        yield "nobody can tell which versions it brings", exc.detail
        return
    for item, files in versions.items():
        for found in judgements(context, db, infrastructure, item, files):
            if isinstance(found, str):
                yield found, ""
            elif found.outcome != "pass":
                yield _told(found)


def _said_elsewhere(
    db: Connection, infrastructure: str, update: DeploymentUpdate
) -> tuple[Mode, list[tuple[str, str]]]:
    """What policies do there, and what does not pass, as the govern node said just now."""
    try:
        versions = dict(versions_in(db, update.project, update.desired.target, update.settings))
    except errors.NotFound as exc:
        said = ("nobody can tell which versions it brings", exc.detail)
        return mode_of(db, infrastructure), [said]
    answer = heard(infrastructure, versions)
    return answer.mode, [*answer.problems, *map(_told, _failed(answer.judgements))]


def _failed(judgements: Iterable[Judgement]) -> list[Judgement]:
    return [each for each in judgements if each.outcome != "pass"]


def _told(judgement: Judgement) -> tuple[str, str]:
    return f"{judgement.item} does not pass the policy {judgement.policy}", _why(judgement)


def _why(judgement: Judgement) -> str:
    missing = [each for each in judgement.results if each.outcome != "pass"]
    return "; ".join(f"{each.title}: {each.why}" for each in missing)
