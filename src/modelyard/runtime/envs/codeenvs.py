"""Giving a model its code env: found again, or built."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from pathlib import Path

from modelyard import errors
from modelyard.kernel.context import Context
from modelyard.kernel.values import now
from modelyard.runtime import repository
from modelyard.runtime.envs.compare import differences
from modelyard.runtime.envs.local import LOCAL, holds_mlflow, local_env
from modelyard.runtime.envs.plan import Plan, make_plan
from modelyard.runtime.envs.python import Interpreter, find_python, note_python
from modelyard.runtime.envs.request import USER
from modelyard.runtime.envs.resolve import resolve
from modelyard.runtime.envs.site import Site, envs_folder, open_site, python_in
from modelyard.runtime.envs.uv import Uv
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
    if env.id == LOCAL:
        if not holds_mlflow():
            raise errors.Unavailable(
                f"MLflow is not installed in {sys.executable}, whose env 'local' the model is to "
                "use; install it there, or import the model with another env"
            )
        return Path(sys.executable)
    folder = envs_folder(context.folder) / env.id
    if not python_in(folder).exists():
        try:
            python = find_python(
                env.python,
                _uv(context, Path(os.devnull)),
                download=context.settings.envs.download_python,
                exact=True,
            )
        except errors.NotFound as exc:
            raise errors.Unavailable(f"the env {env.id} cannot be built here: {exc}") from exc
        with open_site(context.folder, env.id) as site:
            env = _build(context, site, env, python)
        with context.begin() as db:
            repository.add_env(db, env)
    return python_in(folder)


def _chosen(env: CodeEnv, request: EnvRequest | None, reason: str) -> CodeEnv:
    """An env that was chosen by name, in answer to a request."""
    if request is None:
        return env
    found = tuple(differences(request, env, reason))
    return env.model_copy(update={"asked": request, "relaxations": found})


def _for_request(context: Context, request: EnvRequest) -> CodeEnv:
    settings = context.settings.envs
    python = find_python(
        request.python,
        _uv(context, Path(os.devnull)),
        download=settings.download_python,
        exact=request.source == USER,
    )
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
        context.progress(f"resolving {len(plan.wishes)} requirements for Python {plan.python}")
        resolution = resolve(plan, python.path, _uv(context, site.log, site.lock), site.folder)
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
        return _build(context, site, env, python)


def _build(context: Context, site: Site, env: CodeEnv, python: Interpreter) -> CodeEnv:
    """Make the venv and put it in its place; gives the env with its size.

    Raises:
        Failed: uv cannot make it; the message says why.
    """
    uv = _uv(context, site.log, site.lock)
    for relaxation in env.relaxations:
        uv.note(f"{relaxation.asked} -> {relaxation.built}: {relaxation.reason}")
    context.progress(f"installing {len(env.packages)} packages for Python {env.python}")
    lock = site.folder / "env.txt"
    lock.write_text("".join(f"{package}\n" for package in env.packages))
    interpreter = f"--python={python_in(site.env)}"
    for step in (
        (
            "venv",
            "--quiet",
            "--no-project",
            "--relocatable",
            f"--python={python.path}",
            str(site.env),
        ),
        ("pip", "sync", interpreter, str(lock)),
    ):
        answer = uv.run(*step)
        if answer.code:
            kind = errors.Unavailable if answer.unreachable else errors.Failed
            raise kind(
                f"the code env cannot be built: {answer.reason} The whole story is in {uv.log}",
                log=str(uv.log),
            )
    size = sum(file.stat().st_size for file in site.env.rglob("*") if not file.is_dir())
    site.finish(envs_folder(context.folder) / env.id)
    return env.model_copy(update={"python": python.version, "size_mb": round(size / 2**20, 1)})


def _uv(context: Context, log: Path, *keep_open: int) -> Uv:
    limit = context.settings.envs.build_timeout
    return Uv(log, time.monotonic() + limit, limit, context.progress, keep_open)


def _id_of(minor: str, packages: tuple[str, ...]) -> str:
    return hashlib.sha256(json.dumps([minor, packages]).encode()).hexdigest()[:16]
