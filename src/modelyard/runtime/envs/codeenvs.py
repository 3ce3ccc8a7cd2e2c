"""Giving a model its code env: found again, or built."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from modelyard.kernel.context import Context
from modelyard.kernel.values import now
from modelyard.runtime import repository
from modelyard.runtime.envs.building import Ground
from modelyard.runtime.envs.compare import differences
from modelyard.runtime.envs.local import LOCAL, local_env
from modelyard.runtime.envs.plan import Plan, make_plan
from modelyard.runtime.envs.python import Interpreter, note_python
from modelyard.runtime.envs.request import USER
from modelyard.runtime.envs.resolve import resolve
from modelyard.runtime.envs.site import envs_folder, open_site, python_in
from modelyard.runtime.types import CodeEnv, EnvRequest, Relaxation

INHERIT, MODEL = "inherit", "model"
RESERVED = (INHERIT, MODEL, LOCAL)
"""Words that say how an env is chosen, which no env can have as its name."""


def ensure_env(context: Context, request: EnvRequest | None, *, named: str = INHERIT) -> CodeEnv:
    """Give the env that a model is to run in; builds it if it is not there yet.

    Args:
        context: the workspace.
        request: what the model asks for; None for an env that holds MLflow and no more.
        named: `inherit` (as the setting envs.default says), `model` (what the model asks for),
            `local` (the Python that runs Modelyard), or the name or id of an env.

    Returns:
        The env, with `asked` as requested and all differences between the two as relaxations.

    Raises:
        NotFound: there is no env of this name, or not the Python that a user asks for.
        Invalid: the requirements cannot be met.
        Unavailable: the package index does not answer.
        Failed: the build failed, or took too long.
    """
    choice = context.settings.envs.default if named == INHERIT else named
    if choice == LOCAL:
        local = local_env(request)
        if local:
            return _chosen(local, request, "the Python that runs Modelyard was chosen")
        note = Relaxation(
            asked="the Python that runs Modelyard",
            built="what the model asks for",
            reason="MLflow is not installed there",
        )
        inherited = context.settings.envs.default
        fallback = ensure_env(context, request, named=MODEL if inherited == LOCAL else inherited)
        return fallback.model_copy(update={"relaxations": (note, *fallback.relaxations)})
    if choice in {MODEL, INHERIT}:
        return _for_request(context, request or EnvRequest(source=USER))
    with context.read() as db:
        env = repository.get_env(db, choice)
    env_python(context, env)
    return _chosen(env, request, f"the env {choice!r} was chosen")


def env_python(context: Context, env: CodeEnv) -> Path:
    """The interpreter of an env; an env whose folder is not on this machine is built again.

    Raises:
        Unavailable: this machine lacks its Python, or the package index does not answer.
        Failed: the build failed, or took too long.
    """
    ground = _ground(context)
    if not ground.has(env):
        env = ground.build_again(env)
        with context.begin() as db:
            repository.add_env(db, env)
    return ground.python_of(env)


def _chosen(env: CodeEnv, request: EnvRequest | None, reason: str) -> CodeEnv:
    """An env that was chosen by name, in answer to a request."""
    if request is None:
        return env
    found = tuple(differences(request, env, reason))
    return env.model_copy(update={"asked": request, "relaxations": found})


def _for_request(context: Context, request: EnvRequest) -> CodeEnv:
    python = _ground(context).find_python(request.python, exact=request.source == USER)
    plan = make_plan(request, python.version, note_python(request.python, python.version))
    with context.read() as db:
        known = repository.find_by_request(db, plan.key)
    if known is None:
        known = _resolved(context, plan, python, request)
        with context.begin() as db:
            repository.add_env(db, known)
            repository.add_request(db, plan.key, known)
    else:
        env_python(context, known)
    return known.model_copy(update={"asked": request})


def _resolved(context: Context, plan: Plan, python: Interpreter, request: EnvRequest) -> CodeEnv:
    """Find packages for a plan, and build the env of exactly these if there is none."""
    with open_site(context.folder, plan.key[:16]) as site:
        ground = _ground(context)
        context.progress(f"resolving {len(plan.wishes)} requirements for Python {plan.python}")
        resolution = resolve(plan, python.path, ground.uv(site.log, site.lock), site.folder)
        env = CodeEnv(
            id=_id_of(plan.python, resolution.packages),
            python=python.version,
            packages=resolution.packages,
            asked=request,
            relaxations=resolution.relaxations,
            created=now(),
        )
        with context.read() as db:
            same = repository.find_env(db, env.id)
        if same and python_in(envs_folder(context.folder) / env.id).exists():
            site.log.unlink()  # the env has its own log
            return same.model_copy(update={"relaxations": env.relaxations})
        return ground.build(site, env, python)


def _ground(context: Context) -> Ground:
    return Ground(context.folder, context.settings.envs, context.progress)


def _id_of(minor: str, packages: tuple[str, ...]) -> str:
    return hashlib.sha256(json.dumps([minor, packages]).encode()).hexdigest()[:16]
