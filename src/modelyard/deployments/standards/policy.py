"""What standards have to do with deployments: an infrastructure warns or blocks by the worst."""

from __future__ import annotations

from collections.abc import Iterator

from modelyard.deployments.deploying import updates
from modelyard.deployments.deploying.types import DeploymentUpdate
from modelyard.deployments.drivers.types import Message
from modelyard.deployments.infrastructures.types import Infrastructure
from modelyard.deployments.standards import repository
from modelyard.deployments.standards.judging import report
from modelyard.kernel.context import Context

BRINGING = frozenset({"create", "update", "light"})
"""The kinds of updates that may bring something new; going back never waits for a standard."""
CODE = "STANDARD"


def ask_standards(
    context: Context, infrastructure: Infrastructure, update: DeploymentUpdate
) -> None:
    """Find out which standards the project meets, if that matters for an update."""
    if _matters(context, infrastructure, update):
        context.progress(f"asking which standards {update.project} meets")
        report(context, update.project)


def judge_standards(
    context: Context, infrastructure: Infrastructure, update: DeploymentUpdate
) -> tuple[Message, ...]:
    """What was found out, as severe as the infrastructure takes it."""
    if not _matters(context, infrastructure, update):
        return ()
    return tuple(_messages(context, infrastructure, update.project))


def _messages(context: Context, infrastructure: Infrastructure, project: str) -> Iterator[Message]:
    with context.read() as db:
        found = repository.report_of(db, project)
    if found is None:
        title = "the standards of the project changed meanwhile; try again"
        yield Message(severity="error", code=CODE, title=title)
        return
    for each in found.results:
        blocks = _reaches(each.severity, infrastructure.standards_block)
        if each.severity and (blocks or _reaches(each.severity, infrastructure.standards_warn)):
            yield Message(
                severity="error" if blocks else "warning",
                code=CODE,
                title=f"{project} does not meet the standard {each.standard} (severity "
                f"{each.severity})",
                details=each.message or each.description,
            )


def _reaches(severity: int, bound: int | None) -> bool:
    return bound is not None and severity >= bound


def _matters(context: Context, infrastructure: Infrastructure, update: DeploymentUpdate) -> bool:
    """Whether the infrastructure asks for standards, and the update brings something new there."""
    if infrastructure.standards_warn is None and infrastructure.standards_block is None:
        return False
    if update.kind not in BRINGING:
        return False
    with context.read() as db:
        done = updates.succeeded(db, update.project, update.deployment)
    return not done or not {*update.settings.content} <= {*done[-1].settings.content}
