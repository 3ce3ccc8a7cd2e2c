"""How code envs answer."""

from __future__ import annotations

import os
import re

from sqlalchemy import Connection

from modelyard import errors
from modelyard.kernel import paths
from modelyard.kernel.bus import handles
from modelyard.kernel.context import Context
from modelyard.kernel.paging import Page
from modelyard.runtime import repository
from modelyard.runtime.commands import BuildEnv, DeleteEnv, ListEnvs, ReadEnvLog, ShowEnv
from modelyard.runtime.envs.codeenvs import MODEL, RESERVED, ensure_env
from modelyard.runtime.envs.local import LOCAL, local_env
from modelyard.runtime.envs.python import minor_of
from modelyard.runtime.envs.request import request_from_file
from modelyard.runtime.envs.site import discard, envs_folder, log_of, python_in
from modelyard.runtime.types import CodeEnv, EnvLog, EnvSummary

LONGEST_LOG = 200_000
"""Bytes of a log that are told."""


@handles(ListEnvs)
def list_envs(command: ListEnvs, context: Context) -> list[EnvSummary]:
    """List what was built in this workspace, the oldest first."""
    seen = context.visible_projects()
    with context.read() as db:
        if command.env is None:
            found = repository.list_envs(db, command)
        else:
            found = Page([_env(db, command.env)])
        lines = [
            EnvSummary(
                id=env.id,
                names=repository.names_of(db, env.id),
                python=env.python,
                packages=len(env.packages),
                relaxations=len(env.relaxations),
                size_mb=env.size_mb,
                used_by=repository.users_of(db, env.id, seen),
                built_here=env.id == LOCAL
                or python_in(envs_folder(context.folder) / env.id).exists(),
                created=env.created,
            )
            for env in found
        ]
    return Page(lines, following=found.next)


@handles(ShowEnv)
def show_env(command: ShowEnv, context: Context) -> CodeEnv:
    """Look the env up."""
    with context.read() as db:
        return _env(db, command.env)


@handles(ReadEnvLog)
def read_env_log(command: ReadEnvLog, context: Context) -> EnvLog:
    """Read the end of the file, as far as it is text."""
    if command.env == LOCAL:
        raise errors.NotFound("'local' was not built: it is the Python that runs Modelyard")
    with context.read() as db:
        env = repository.get_env(db, command.env)
    try:
        with log_of(context.folder, env.id).open("rb") as log:
            left_out = max(log.seek(0, os.SEEK_END) - LONGEST_LOG, 0)
            log.seek(left_out)
            text = log.read(LONGEST_LOG).decode("utf-8", "replace")
    except FileNotFoundError as exc:
        raise errors.NotFound(
            f"there is no log of the building of {command.env!r} on this machine; it stays where "
            "the env was built"
        ) from exc
    return EnvLog(env=env.id, text=text, left_out=left_out)


@handles(BuildEnv)
def build_env(command: BuildEnv, context: Context) -> CodeEnv:
    """Build what the file asks for, then let the name stand for it."""
    if command.name in RESERVED or re.fullmatch(r"[0-9a-f]{16}", command.name):
        raise errors.Invalid(
            f"an env cannot be named {command.name!r}: {', '.join(RESERVED)} and ids have a "
            "meaning of their own"
        )
    if command.python is not None and minor_of(command.python) is None:
        raise errors.Invalid(
            f"{command.python!r} is no Python version; write major and minor, such as 3.10"
        )
    request = request_from_file(paths.find(context, None, command.requirements), command.python)
    env = ensure_env(context, request, named=MODEL)
    with context.begin() as db:
        repository.add_env(db, env)
        repository.give_name(db, command.name, env.id)
    return env.model_copy(update={"name": command.name})


@handles(DeleteEnv)
def delete_env(command: DeleteEnv, context: Context) -> None:
    """Take the folder away first: an env without its folder is built again when it is needed."""
    if command.env == LOCAL:
        raise errors.Invalid("'local' is the Python that runs Modelyard; it is not ours to delete")
    seen = context.visible_projects()
    with context.begin() as db:
        env = repository.get_env(db, command.env)
        context.unchanged(env)
        users = repository.users_of(db, env.id)
        further = [name for name in repository.names_of(db, env.id) if name != command.env]
        if users and not command.force:
            known = repository.users_of(db, env.id, seen)[:5]
            more = f"{len(users) - len(known)} {'more' if known else 'versions'}"
            named = ", ".join([*known, *([more] if len(users) > len(known) else [])])
            raise errors.Conflict(
                f"the env {command.env!r} is used by {named}; delete those "
                "versions first, or use --force: it is built again when they run"
            )
        if further and not command.force:
            raise errors.Conflict(
                f"the env {command.env!r} is also named {', '.join(further)}; use --force to "
                "delete it under all its names"
            )
    discard(envs_folder(context.folder) / env.id)
    with context.begin() as db:
        repository.delete_env(db, env.id)


def _env(db: Connection, name: str) -> CodeEnv:
    """Look an env up; 'local' has no row."""
    if name != LOCAL:
        return repository.get_env(db, name)
    local = local_env(None)
    if local is None:
        raise errors.NotFound(
            "models cannot run in 'local', the Python that runs Modelyard: MLflow is not installed "
            "there"
        )
    return local
