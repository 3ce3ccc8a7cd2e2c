"""Explanations among the files of an evaluation: the last of each name."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from pydantic import BaseModel

from modelyard import errors
from modelyard.evaluations import repository
from modelyard.evaluations.explaining.commands import Explaining
from modelyard.evaluations.explaining.types import Explanation
from modelyard.evaluations.keeping import add_file, read_files
from modelyard.evaluations.sample import Sample, open_sample
from modelyard.evaluations.types import Evaluation
from modelyard.kernel.context import Context
from modelyard.models.access import find_version, kept_importances
from modelyard.models.importance_types import OwnImportances
from modelyard.models.types import ModelVersion

PREFIX = "explanation-"
OWN = "own-importances"
Asked = TypeVar("Asked", bound=Explaining[Any])
Report = TypeVar("Report", bound=BaseModel)


def once(
    context: Context,
    command: Asked,
    name: str,
    kind: type[Report],
    explain: Callable[[Context, Asked, Sample, ModelVersion], Report],
) -> Report:
    """What was told when the same was asked before; else tell it, and keep it.

    Args:
        context: the workspace.
        command: the question.
        name: what the explanation is called.
        kind: what it is.
        explain: tells it.

    Raises:
        NotFound: there is no such evaluation, or it was deleted meanwhile.
        Unsupported: the truth of its rows is not known.
    """
    with context.read() as db:
        evaluation = repository.get(db, command.project, command.id)
    asked = command.model_dump(mode="json", exclude={"project", "id"})
    kept = read_files(context, evaluation, _file(name)).get(_file(name))
    if kept is not None and kept["asked"] == asked:
        return kind.model_validate(kept["report"])
    with opened(context, command) as (sample, version):
        report = explain(context, command, sample, version)
    content = {"name": name, "asked": asked, "report": report.model_dump(mode="json")}
    add_file(context, evaluation, _file(name), content)
    return report


@contextmanager
def opened(context: Context, command: Explaining[Any]) -> Iterator[tuple[Sample, ModelVersion]]:
    """The rows of an evaluation, and the version that it is of.

    Raises:
        NotFound: there is no such evaluation.
        Blocked: the version may not run.
        Unsupported: the truth of the rows is not known, or no version can be asked.
        Conflict: the version is another one now.
    """
    with context.read() as db:
        evaluation = repository.get(db, command.project, command.id)
    if evaluation.model is None:
        raise errors.Unsupported("the evaluation is of no version that could be asked about rows")
    with open_sample(context, evaluation) as sample:
        version = find_version(context, command.project, evaluation.model, evaluation.version)
        if version.digest != evaluation.version_digest:
            raise errors.Conflict(
                f"version {version.version} of {version.model} was imported anew since it was "
                "evaluated; evaluate it as it is now"
            )
        yield sample, version


def list_kept(context: Context, evaluation: Evaluation) -> list[Explanation]:
    """The explanations that an evaluation keeps, by name."""
    kept = read_files(context, evaluation, PREFIX).values()
    lines = [_line(each) for each in kept]
    own = _own(context, evaluation)
    if own is not None and own.read is not None:
        line = Explanation(evaluation=evaluation.id, name=OWN, kind="own", rows=0, created=own.read)
        lines.append(line)
    return sorted(lines, key=lambda line: line.name)


def find_kept(context: Context, evaluation: Evaluation, name: str) -> dict[str, Any] | None:
    """The content of one of them; none: there is none of this name."""
    if name == OWN:
        own = _own(context, evaluation)
        return None if own is None else own.model_dump(mode="json")
    kept = read_files(context, evaluation, _file(name)).get(_file(name))
    return None if kept is None else kept["report"]


def all_kept(context: Context, evaluation: Evaluation) -> dict[str, dict[str, Any]]:
    """The contents of all of them by name; importance comes first."""
    kept = read_files(context, evaluation, PREFIX).values()
    found = {each["name"]: each["report"] for each in kept}
    own = _own(context, evaluation)
    if own is not None:
        found[OWN] = own.model_dump(mode="json")
    return {name: found[name] for name in sorted(found, key=lambda name: (":" in name, name))}


def _own(context: Context, evaluation: Evaluation) -> OwnImportances | None:
    """What the version itself says of its features, if it was asked."""
    if evaluation.model is None or evaluation.version is None:
        return None
    key = (evaluation.project, evaluation.model, evaluation.version)
    return kept_importances(context, *key, evaluation.version_digest)


def _line(kept: dict[str, Any]) -> Explanation:
    report = kept["report"]
    column = report["column"] if isinstance(report["column"], str) else None
    return Explanation(
        evaluation=report["evaluation"],
        name=kept["name"],
        kind="importance" if column is None else "dependence",
        column=column,
        outcome=report.get("outcome"),
        rows=report["rows"],
        created=report["created"],
    )


def _file(name: str) -> str:
    return f"{PREFIX}{hashlib.sha256(name.encode()).hexdigest()[:16]}.json.gz"
