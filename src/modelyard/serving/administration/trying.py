"""Asking a running node one query, as a caller would."""

from __future__ import annotations

from modelyard import errors
from modelyard.serving.administration.commands import TryQuery
from modelyard.serving.administration.context import NodeContext
from modelyard.serving.administration.types import TriedQuery
from modelyard.serving.running.sockets import reached


def try_query(command: TryQuery, context: NodeContext) -> TriedQuery:
    """Any of the processes answers.

    Raises:
        NotFound: there is no such service, endpoint or generation.
        Unavailable: no process of the node runs.
        ModelyardError: what the endpoint refuses the query with.
    """
    folder = context.folder
    folder.state(command.service)
    message = {"do": "ask", **command.model_dump(mode="json")}
    with reached(folder.run) as talks:
        if not talks:
            raise errors.Unavailable(
                "no process of the node runs; start one: modelyard node serve --folder "
                f"{context.path}"
            )
        return TriedQuery.model_validate(talks[0].ask(message, context.progress)["asked"])
