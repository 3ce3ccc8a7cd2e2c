"""Addresses of MLflow servers that connections name, with what signs in there."""

from __future__ import annotations

from modelyard import errors
from modelyard.data import databases
from modelyard.kernel.context import Context
from modelyard.kernel.database_urls import parse, resolve
from modelyard.runtime.worker.problems import Problem
from modelyard.runtime.worker.tasks.reach import check

HOLDS_NONE = (
    "which holds no datasets; models are imported from it with --tracking-uri connection://"
)


def settle(context: Context, url: str) -> str:
    """The address as it is kept.

    Raises:
        Invalid: it is no address of a server.
        Forbidden: it holds variables that this caller may not use, or leads to a server that the
            settings do not list.
    """
    databases.check_variables(context, url)
    problem = errors.Invalid(
        "that is no address of an MLflow server; write https://mlflow.example.org, or "
        "https://ada:${MLFLOW_PASSWORD}@mlflow.example.org"
    )
    if not url.lower().startswith(("http://", "https://")):
        raise problem
    try:
        parsed = parse(url)
    except errors.Invalid:
        raise problem from None
    if not parsed.host:
        raise problem
    if "${" not in parsed.host:
        require_reach(context, url)
    return url


def require_reach(context: Context, url: str) -> None:
    """Let a server be asked that somebody named, if the settings do; what is no server may.

    Raises:
        Forbidden: the setting `sources.mlflow_hosts` does not list its host.
        Invalid: the address names no host.
    """
    if not url.lower().startswith(("http://", "https://")):
        return
    try:
        check(url, context.settings.sources.mlflow_hosts)
    except Problem as problem:
        raise errors.ModelyardError.codes[problem.kind](problem.detail) from None


def opened(location: str) -> str:
    """The address with its variables filled in; Invalid if one is not set."""
    return resolve(location).render_as_string(hide_password=False)


def no_data(name: str) -> errors.Invalid:
    """The error for a dataset on such a connection."""
    return errors.Invalid(f"the connection {name!r} is an MLflow server, {HOLDS_NONE}{name}")
