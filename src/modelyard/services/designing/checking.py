"""What an endpoint has to be, so that a package of it can answer."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from modelyard import errors
from modelyard.data.access import database_table, open_source
from modelyard.kernel.context import Context
from modelyard.models.access import active_version, find_version, predict_options, require_code
from modelyard.models.types import ModelVersion
from modelyard.runtime.envs.codeenvs import INHERIT, ensure_env
from modelyard.runtime.types import Mode
from modelyard.services.types import DatasetLookup, Endpoint

NOT_FOR_FUNCTIONS = (INHERIT, "model")


def check_endpoint(context: Context, project: str, endpoint: Endpoint) -> None:
    """Refuse an endpoint of which no package could be made.

    Where a model has no active version yet, less can be said.

    Raises:
        NotFound: its model, version, env or dataset is not there.
        Invalid: its code or its columns do not fit.
        Unsupported: the model's output cannot be restructured.
        Forbidden, Blocked: whoever asks may not bring code, or nobody may.
    """
    if endpoint.kind == "prediction":
        _check_prediction(context, project, endpoint)
    elif endpoint.kind == "function":
        check_function(context, project, endpoint)
    for lookup in endpoint.lookups:
        check_lookup(context, project, lookup)


def check_function(context: Context, project: str, endpoint: Endpoint) -> None:
    """Refuse a function that could not be called; nothing of it is run."""
    require_code(context, project, f"the function of the endpoint {endpoint.name}")
    _require_function(endpoint.code or "", endpoint.function or "")
    named = endpoint.env or ""
    if named in NOT_FOR_FUNCTIONS:
        raise errors.Invalid(
            f"a function has no model whose env could be meant by {named!r}; name an env, or "
            "'local'",
            field="env",
        )
    ensure_env(context, None, named=named)


def check_lookup(context: Context, project: str, lookup: DatasetLookup) -> None:
    """Refuse a lookup of which the dataset, or a column, is not there, or that cannot refer."""
    if lookup.referenced:
        database_table(context, project, lookup.dataset)
    names = open_source(context, project, lookup.dataset).schema.names
    for field, columns in (("key", lookup.keys), ("column", lookup.columns)):
        for column in columns.values():
            if column not in names:
                missing = errors.NotFound.among(
                    f"column of {lookup.dataset!r} named", column, names
                )
                raise errors.Invalid(missing.detail, field=field)


def mode_of(version: ModelVersion, endpoint: Endpoint) -> Mode:
    """How a version is asked by an endpoint; Unsupported if its output cannot be restructured."""
    if endpoint.output is None:
        unread = version.prediction_type == "other" or version.probe.interpretation is None
        return "direct" if unread else "restructured"
    predict_options(version, endpoint.output)
    return endpoint.output


def inputs_of(version: ModelVersion) -> tuple[str, ...]:
    """The names of the columns that a version takes; empty where they are not known."""
    return tuple(column.name for column in version.signature.inputs.columns)


def require_features(version: ModelVersion, lookups: Iterable[DatasetLookup]) -> None:
    """Refuse enrichments that add what a version does not take; nothing where that is not known.

    Raises:
        Invalid: the message names one.
    """
    known = inputs_of(version)
    for lookup in lookups:
        for feature in lookup.columns if known else ():
            if feature not in known:
                near = errors.NotFound.among(f"input of {version.model!r} named", feature, known)
                raise errors.Invalid(near.detail, field="column")


def _check_prediction(context: Context, project: str, endpoint: Endpoint) -> None:
    model = endpoint.model or ""
    if endpoint.version is None and active_version(context, project, model) is None:
        return
    version = find_version(context, project, model, endpoint.version)
    mode_of(version, endpoint)
    require_features(version, endpoint.lookups)


def parameters_of(endpoint: Endpoint) -> set[str] | None:
    """The names of what a function takes; None: anything by any name."""
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    for node in reversed(ast.parse(endpoint.code or "").body):
        if isinstance(node, functions) and node.name == endpoint.function:
            named = {each.arg for each in (*node.args.args, *node.args.kwonlyargs)}
            named -= {"headers"} if endpoint.with_headers else set()
            named -= {"client"} if endpoint.with_client else set()
            return None if node.args.kwarg else named
    return None


def _require_function(code: str, name: str) -> None:
    try:
        tree = ast.parse(code, name)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as exc:
        raise errors.Invalid(f"that is no Python that can be read: {exc}", field="file") from exc
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    found = [each.name for each in tree.body if isinstance(each, functions)]
    if name not in found:
        missing = errors.NotFound.among("function in the file named", name, found)
        raise errors.Invalid(missing.detail, field="function")
