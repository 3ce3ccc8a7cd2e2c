"""How it is told what a node answered."""

from __future__ import annotations

from modelyard import errors
from modelyard.kernel.bus import handles
from modelyard.serving.administration.context import NodeContext
from modelyard.serving.recording import QUERIES
from modelyard.serving.watching.activity import activity_in
from modelyard.serving.watching.commands import (
    AnswerTests,
    ListQueries,
    ShowActivity,
    ShowGeneration,
)
from modelyard.serving.watching.content import content_of
from modelyard.serving.watching.queries import newest_in
from modelyard.serving.watching.testing import answered
from modelyard.serving.watching.types import (
    Activity,
    AnsweredTest,
    GenerationContent,
    LoggedQueries,
)


@handles(ShowActivity)
def activity(command: ShowActivity, context: NodeContext) -> list[Activity]:
    """What processes wrote down."""
    folder = context.folder
    if command.service:
        folder.state(command.service)
    return activity_in(folder.metrics, command)


@handles(ListQueries)
def queries(command: ListQueries, context: NodeContext) -> LoggedQueries:
    """What is in the files that are still there."""
    folder = context.folder
    log = folder.logs / QUERIES / command.service / command.endpoint
    if not log.is_dir():
        folder.state(command.service)
        if not folder.settings().queries.enabled:
            raise errors.Unsupported(
                "the node writes no query log: its setting queries.enabled is false"
            )
    return newest_in(log, command)


@handles(ShowGeneration)
def show_generation(command: ShowGeneration, context: NodeContext) -> GenerationContent:
    """By its manifest."""
    return content_of(context.folder.manifest(command.service, command.generation))


@handles(AnswerTests)
def answer_tests(command: AnswerTests, context: NodeContext) -> list[AnsweredTest]:
    """One after the other, each by any of the processes."""
    manifest = context.folder.manifest(command.service, command.generation)
    return [
        answered(manifest, endpoint.name, query, context)
        for endpoint in manifest.endpoints
        for query in endpoint.test_queries
    ]
