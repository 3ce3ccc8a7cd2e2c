"""The pages of code envs: all of them, one with its packages and log, building one."""

from __future__ import annotations

from typing import Any

from modelyard import errors
from modelyard.kernel.values import Value
from modelyard.runtime.commands import BuildEnv, DeleteEnv, ListEnvs, ReadEnvLog, ShowEnv
from modelyard.runtime.envs.local import LOCAL
from modelyard.runtime.types import CodeEnv, EnvLog, EnvSummary
from modelyard.web.pages.form import Draft, Form, Words
from modelyard.web.pages.home import may
from modelyard.web.pages.page import Crumb, ListView, Nav, Page, View, Visit, address, place_in_list

PART = 50
SHOWN = 100
"""Versions that an env's page names."""
ONE = "/envs/{env}"
ENVS = Crumb(label="Code envs", href="/envs")


class EnvsView(ListView):
    """The code envs of the workspace."""

    local: EnvSummary | None
    """The Python that runs Modelyard, where models can run in it; it stands first."""
    envs: tuple[EnvSummary, ...]
    may_change: bool


class UsedBy(Value):
    """A version that runs in an env."""

    name: str
    href: str


class EnvView(View):
    """One code env."""

    env: CodeEnv
    summary: EnvSummary
    href: str
    used_by: tuple[UsedBy, ...]
    """The first of them."""
    log: EnvLog | None
    no_log: str
    """Why there is none."""
    is_local: bool
    """Whether it is the Python that runs Modelyard, which nobody built."""
    may_change: bool


def envs(visit: Visit) -> EnvsView:
    """A part of the list."""
    after = visit.asked("after") or None
    found = visit.part(ListEnvs(limit=PART, after=after))
    return EnvsView(
        title="Code envs",
        local=None if after else _local(visit),
        envs=tuple(found),
        **place_in_list(found),
        may_change=may(visit.account, "envs:write"),
    )


def env(visit: Visit) -> EnvView:
    """Look it up, with what it is used by and what its building printed."""
    asked = visit.path["env"]
    found = visit.run(ShowEnv(env=asked))
    (summary,) = visit.run(ListEnvs(env=found.id))
    log, no_log = _log(visit, found.id)
    return EnvView(
        title=_called(summary, asked),
        crumbs=(ENVS,),
        env=found,
        summary=summary,
        href=href(asked),
        used_by=tuple(map(_used_by, summary.used_by[:SHOWN])),
        log=log,
        no_log=no_log,
        is_local=found.id == LOCAL,
        may_change=may(visit.account, "envs:write"),
    )


def _local(visit: Visit) -> EnvSummary | None:
    try:
        (local,) = visit.run(ListEnvs(env=LOCAL))
    except errors.NotFound:
        return None
    return local


def href(name: str) -> str:
    """The address of an env."""
    return address(ONE, env=name)


def _called(summary: EnvSummary, asked: str) -> str:
    if asked in (*summary.names, LOCAL):
        return asked
    return summary.names[0] if summary.names else summary.id


def _log(visit: Visit, env: str) -> tuple[EnvLog | None, str]:
    try:
        return visit.run(ReadEnvLog(env=env)), ""
    except errors.NotFound as exc:
        return None, exc.detail


def _used_by(version: str) -> UsedBy:
    project, model, name = version.split("/", 2)
    path = "/projects/{project}/models/{model}/versions/{version}"
    return UsedBy(name=version, href=address(path, project=project, model=model, version=name))


def _deleted(visit: Visit) -> Draft:
    found = visit.run(ShowEnv(env=visit.path["env"]))
    name = found.name or found.id
    above = (ENVS, Crumb(label=name, href=href(name)))
    return Draft(crumbs=above, seen=found, title=f"Delete {name}")


def _list(_visit: Visit, _made: Any) -> str:
    return ENVS.href


PAGES = (
    Page("/envs", envs, "envs.html", Nav("Code envs", "terminal-2", "Instance")),
    Form(
        "/envs/new",
        BuildEnv,
        "Build a code env",
        "Build env",
        _list,
        intro="Imports build the env that a model asks for by themselves. Build one by hand where "
        "a model asks for the wrong thing, or for a package of yours.",
        fields=("name", "requirements", "python"),
        words={
            "name": Words(placeholder="team", mono=True),
            "requirements": Words(
                help="A requirements.txt, conda.yaml or python_env.yaml; MLflow is added"
            ),
            "python": Words(label="Python", placeholder="3.11"),
        },
        prepare=lambda _visit: Draft(crumbs=(ENVS,)),
    ),
    Page(ONE, env, "env.html"),
    Form(
        f"{ONE}/delete",
        DeleteEnv,
        "Delete the env",
        "Delete env",
        _list,
        intro="Its folder, its names, and the memory of what led to it.",
        said="The env is deleted.",
        fields=("force",),
        words={
            "force": Words(
                label="Even if versions run in it, or it has further names",
                help="It is built again when they run",
            )
        },
        prepare=_deleted,
        dangerous=True,
    ),
)
