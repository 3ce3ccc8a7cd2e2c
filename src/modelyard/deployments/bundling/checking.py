"""Whether a row of a bundle is one that a project can hold: its key, its values, its paths."""

from __future__ import annotations

import json
import re
from collections.abc import Container, Mapping
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import BigInteger, Boolean, Double, Integer, String, Table, Text

from modelyard import errors
from modelyard.archives.paths import require_path
from modelyard.data.repository import Known
from modelyard.deployments.bundling.content import BUNDLED, Placing, Row
from modelyard.deployments.bundling.rows import JSON_COLUMNS, key_of, placed
from modelyard.deployments.bundling.types import ARTIFACTS
from modelyard.evaluations.comparing.types import Comparison
from modelyard.evaluations.drifting.types import DriftSummary
from modelyard.evaluations.types import Evaluation, EvaluationSummary
from modelyard.jobs.scenarios.types import Scenario
from modelyard.kernel.faults import located
from modelyard.kernel.identity import Identity
from modelyard.kernel.values import DIGEST_PATTERN, NAME_PATTERN, now
from modelyard.models.types import ModelVersion, VersionSummary
from modelyard.monitoring.types import Check, CheckResult
from modelyard.projects.types import Variables
from modelyard.recipes.types import Recipe
from modelyard.services.types import Endpoint
from modelyard.store.tables import Moment

SHAPES: Mapping[tuple[str, str], TypeAdapter[Any]] = {
    ("projects", "variables"): TypeAdapter(Variables),
    ("datasets", "body"): TypeAdapter(Known),
    ("versions", "summary"): TypeAdapter(VersionSummary),
    ("versions", "body"): TypeAdapter(ModelVersion),
    ("evaluations", "summary"): TypeAdapter(EvaluationSummary),
    ("evaluations", "body"): TypeAdapter(Evaluation),
    ("drift_reports", "summary"): TypeAdapter(DriftSummary),
    ("checks", "body"): TypeAdapter(Check),
    ("check_results", "body"): TypeAdapter(CheckResult),
    ("comparisons", "body"): TypeAdapter(Comparison),
    ("recipes", "body"): TypeAdapter(Recipe),
    ("scenarios", "body"): TypeAdapter(Scenario),
    ("service_endpoints", "body"): TypeAdapter(Endpoint),
}
"""What the JSON of rows says."""
BESIDE: Mapping[tuple[str, str], Mapping[str, Any]] = {
    ("versions", "body"): {"active": False},
    ("versions", "summary"): {"active": False, "size": 0},
}
"""What is not kept in it, but told by other columns or rows."""
NAMES = frozenset({"name", "model", "version", "store", "service", "id", "evaluation"})
FREE = frozenset({("evaluations", "name"), ("evaluation_labels", "name")})
"""Columns of these names that hold any text."""
SOMEBODY = Placing("default", Identity("somebody"), now())
KINDS: tuple[tuple[type, tuple[type, ...]], ...] = (
    (Moment, (str,)),
    (Boolean, (bool,)),
    (BigInteger, (int,)),
    (Integer, (int,)),
    (Double, (int, float)),
    (Text, (str,)),
    (String, (str,)),
)
GOLDEN = "/golden/"
"""What stands before the paths of golden predictions among the files of a version."""


def check_row(table: Table, row: Row, files: Container[str]) -> tuple[str, ...]:
    """Refuse a row that no project holds; gives its key.

    Args:
        table: that it is of.
        row: as a bundle holds it.
        files: paths of all that is in the bundle.

    Raises:
        Invalid: the message says what is wrong with it.
    """
    declared = BUNDLED[table.name]
    for name in declared.key:
        if not isinstance(row.get(name), str):
            raise errors.Invalid(f"a row of {table.name} has no {name}")
    key = key_of(table, row)
    try:
        for name, value in row.items():
            _check_value(table, name, value)
        whole = placed(table, row, SOMEBODY)
        _require_whole(table, whole)
        for name in JSON_COLUMNS & whole.keys():
            _check_shape(table, name, whole[name])
        if table.name == "files":
            require_path(str(row["path"]).removeprefix(GOLDEN))
        if table.name == "versions":
            for file in row["body"]["files"]:
                require_path(file["path"])
    except errors.Invalid as exc:
        called = "/".join(key)
        raise errors.Invalid(f"the {declared.kind} {called[:200]!r}: {exc.detail}") from exc
    if declared.artifact and f"{ARTIFACTS}{row.get(declared.artifact)}" not in files:
        raise errors.Invalid(f"the {declared.kind} {key!r} needs an artifact that is missing")
    return key


def _require_whole(table: Table, row: Row) -> None:
    for column in table.c:
        is_needed = not (column.nullable or column.default or column.server_default)
        if is_needed and column.name not in row:
            raise errors.Invalid(f"it has no {column.name}")


def _check_value(table: Table, name: str, value: Any) -> None:
    column = table.c.get(name)
    if column is None or name in JSON_COLUMNS:
        return
    if value is None:
        if not column.nullable:
            raise errors.Invalid(f"{name} is empty")
        return
    kinds = next(kinds for kind, kinds in KINDS if isinstance(column.type, kind))
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        raise errors.Invalid(f"{name} is of another kind")
    if isinstance(value, str):
        _check_text(table, name, value)


def _check_text(table: Table, name: str, value: str) -> None:
    kind = table.c[name].type
    length = getattr(kind, "length", None)
    if len(value) > (length or len(value)) or "\0" in value:
        raise errors.Invalid(f"{name} is no text that fits")
    if isinstance(kind, Moment):
        _check_moment(name, value)
    named = name in NAMES and (table.name, name) not in FREE
    if named and not re.match(NAME_PATTERN, value):
        raise errors.Invalid(f"{name} is no name")
    if name == "sha256" and not re.match(DIGEST_PATTERN, value):
        raise errors.Invalid(f"{name} is no digest")


def _check_moment(name: str, value: str) -> None:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as exc:
        raise errors.Invalid(f"{name} is no moment") from exc
    if moment.tzinfo is None:
        raise errors.Invalid(f"{name} is no moment in UTC")


def _check_shape(table: Table, name: str, text: str) -> None:
    shape = SHAPES.get((table.name, name))
    if shape is None:
        return
    told = json.loads(text)
    if not isinstance(told, dict):
        raise errors.Invalid(f"{name} is no object")
    whole = {**told, **BESIDE.get((table.name, name), {})}
    try:
        shape.validate_json(json.dumps(whole))
    except ValidationError as exc:
        fault = located(exc.errors(include_url=False)[0])
        raise errors.Invalid(f"{name}: {fault}") from exc
