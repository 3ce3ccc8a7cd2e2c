"""Checks that are written in Python, which run in a process of their own."""

from __future__ import annotations

from typing import Any

from modelyard import errors
from modelyard.evaluations.types import Evaluation, EvaluationSummary, Figure
from modelyard.monitoring.judging import Judged
from modelyard.monitoring.subjects import Subject
from modelyard.monitoring.types import CheckSettings
from modelyard.runtime.functions import call_function, require_function

FUNCTION = "check"
GIVEN = ("metrics", "intervals", "labels", "history", "evaluation")
"""What the function may take, by the names of its parameters."""
MOST_BEFORE = 1000
"""Evaluations of the history that it is given, the newest."""

TOO_LONG = ("Its code took too long", "Make it quicker, or let it take more seconds.")
FAILED = (
    "Its code failed",
    "Mend the code; logs/workers/checks.log in the workspace has what it printed.",
)


def require_check(code: str) -> None:
    """Refuse code that has no function of the right kind; nothing of it is run.

    Raises:
        Invalid: it is no Python, has no function `check`, or that takes something unknown.
    """
    require_function(code, FUNCTION, GIVEN)


def run_script(check: CheckSettings, subject: Subject, name: str) -> Judged:
    """Call the function; what goes wrong there is an error that says why."""
    about = {"code": check.code, "name": name}
    try:
        told = call_function(
            subject.context,
            FUNCTION,
            about,
            _given(subject),
            seconds=check.seconds,
            log="checks.log",
        )
    except errors.Failed as exc:
        title, advice = TOO_LONG if exc.context["overdue"] else FAILED
        return Judged("error", title, exc.detail, advice=advice)
    outcome, message = told["outcome"], told["message"]
    return Judged(outcome, f"Its code says {outcome}", message)


def _given(subject: Subject) -> dict[str, Any]:
    found = subject.evaluation
    return {
        "metrics": {code: each.value for code, each in found.metrics.items()},
        "intervals": {code: [each.low, each.high] for code, each in found.metrics.items()},
        "labels": found.labels,
        "history": [
            {**_facts(each), "metrics": _values(each.metrics), "labels": each.labels}
            for each in subject.before[-MOST_BEFORE:]
        ],
        "evaluation": _facts(found),
    }


def _values(metrics: dict[str, Figure]) -> dict[str, float | None]:
    return {code: each.value for code, each in metrics.items()}


def _facts(found: Evaluation | EvaluationSummary) -> dict[str, Any]:
    names = {"id", "name", "kind", "model", "version", "dataset", "rows", "created"}
    return found.model_dump(mode="json", include=names)
