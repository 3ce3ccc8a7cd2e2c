"""How it is told what a node answered."""

from __future__ import annotations

from modelyard import errors
from modelyard.kernel.bus import handles
from modelyard.serving.administration.context import NodeContext
from modelyard.serving.recording import QUERIES
from modelyard.serving.watching.activity import activity_in
from modelyard.serving.watching.commands import ListQueries, ShowActivity
from modelyard.serving.watching.queries import newest_in
from modelyard.serving.watching.types import Activity, LoggedQueries


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
