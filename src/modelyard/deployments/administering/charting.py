"""What a service on a node answered over time, as a chart."""

from __future__ import annotations

import time
from collections.abc import Iterable

from modelyard.analysis.activity_types import ActivityHistory, Spell
from modelyard.deployments.administering.commands import DrawActivity
from modelyard.deployments.nodes.links import ApiNode
from modelyard.serving.administration.commands import ListGenerations, ListServices
from modelyard.serving.administration.types import NodeGeneration
from modelyard.serving.watching.commands import ShowActivity
from modelyard.serving.watching.types import Activity

MINUTE = 60
SPANS = {"hour": (60, 1), "day": (24 * 60, 15)}
"""Minutes that are looked back, and of which each stretch is."""


def history_of(node: ApiNode, wanted: DrawActivity) -> ActivityHistory:
    """Ask a node what its service answered."""
    minutes, step = SPANS[wanted.span]
    now, length = time.time(), step * MINUTE
    since = now // length * length - minutes * MINUTE + length
    asked = ShowActivity(
        service=wanted.service, endpoint=wanted.endpoint, minutes=minutes, step=step
    )
    by = "service" if wanted.endpoint is None else "endpoint"
    apart = node.run(asked)
    whole = node.run(asked.model_copy(update={"by": by}))
    services = node.run(ListServices())
    generations = node.run(ListGenerations(service=wanted.service))
    return ActivityHistory(
        since=since,
        until=now,
        step=length,
        together=_spells(whole, since),
        apart=_spells(apart, since),
        generations=in_order(generations),
        changed=next(
            (each.changed.timestamp() for each in services if each.service == wanted.service), None
        ),
    )


def in_order(generations: Iterable[NodeGeneration]) -> tuple[str, ...]:
    """Generations in the order of their colours: those that answer or shadow, the oldest first."""
    ordered = sorted(generations, key=lambda each: (not (each.share or each.shadow), each.created))
    return tuple(each.generation for each in ordered)


def _spells(found: Iterable[Activity], since: float) -> tuple[Spell, ...]:
    return tuple(
        Spell(
            at=each.minute.timestamp(),
            generation=each.generation,
            **each.model_dump(include={"queries", "failed", "refused", "p50", "p95", "p99"}),
        )
        for each in found
        if not each.shadow and each.minute.timestamp() >= since
    )
