"""What a running node answers to the test queries of a generation."""

from __future__ import annotations

from modelyard import errors
from modelyard.serving.administration.commands import TryQuery
from modelyard.serving.administration.context import NodeContext
from modelyard.serving.administration.trying import try_query
from modelyard.serving.generations.loading import difference
from modelyard.serving.packages.types import Manifest, TestQuery
from modelyard.serving.watching.types import AnsweredTest


def answered(
    manifest: Manifest, endpoint: str, query: TestQuery, context: NodeContext
) -> AnsweredTest:
    """What came of one; a node that does not run is raised, all else is told.

    Raises:
        Unavailable: no process of the node runs.
    """
    asked = TryQuery(
        service=manifest.service,
        endpoint=endpoint,
        query=query.query,
        generation=manifest.package,
    )
    try:
        found = try_query(asked, context)
    except errors.Unavailable:
        raise
    except errors.ModelyardError as exc:
        return AnsweredTest(
            endpoint=endpoint, query=query.name, outcome="failed", problem=exc.detail
        )
    problem = difference(query, found.answer)
    return AnsweredTest(
        endpoint=endpoint,
        query=query.name,
        outcome="failed" if problem else "as_expected" if query.expected else "answered",
        generation=found.generation,
        answer=found.answer,
        ignored=found.ignored,
        ms=found.ms,
        problem=problem,
    )
