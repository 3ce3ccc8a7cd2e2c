"""Asks all standards of a project, and keeps what came of it."""

from __future__ import annotations

from collections.abc import Iterator

from modelyard.deployments.standards import repository
from modelyard.deployments.standards.built_in import BUILT_IN
from modelyard.deployments.standards.functions import call_standard
from modelyard.deployments.standards.seeing import see
from modelyard.deployments.standards.types import (
    ProjectSeen,
    Standard,
    StandardReport,
    StandardResult,
)
from modelyard.kernel.context import Context
from modelyard.kernel.values import now


def report(context: Context, project: str) -> StandardReport:
    """Look at a project, ask every standard that is for it, and keep the answers.

    Raises:
        NotFound: there is no such project, or whoever asks may not see it.
    """
    seen = see(context.caller, project)
    with context.read() as db:
        asked = [each for each in repository.every(db) if _is_for(each, project)]
    results = sorted(_results(context, asked, seen), key=lambda each: -each.severity)
    made = StandardReport(
        project=project,
        severity=max((each.severity for each in results), default=0),
        results=tuple(results),
        created=now(),
        created_by=context.identity.name,
    )
    with context.begin() as db:
        repository.keep(db, made)
    return made


def _is_for(standard: Standard, project: str) -> bool:
    return not standard.disabled and (not standard.projects or project in standard.projects)


def _results(
    context: Context, asked: list[Standard], seen: ProjectSeen
) -> Iterator[StandardResult]:
    for number, standard in enumerate(asked):
        context.progress(f"asking {standard.name}", fraction=number / len(asked))
        if standard.kind == "python":
            yield call_standard(context, standard, seen)
        else:
            yield _judged(standard, seen)


def _judged(standard: Standard, seen: ProjectSeen) -> StandardResult:
    built_in = BUILT_IN[standard.name]
    wrong = built_in.judge(seen)
    return StandardResult(
        standard=standard.name,
        description=standard.description,
        outcome="not_applicable" if wrong is None else "unmet" if wrong else "met",
        severity=standard.severity if wrong else 0,
        message=wrong or "",
        advice=built_in.advice if wrong else "",
    )
