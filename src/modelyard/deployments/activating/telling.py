"""What an activation does, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from modelyard import errors
from modelyard.deployments.activating.naming import ACTIVE, PARTS
from modelyard.deployments.activating.planning import Plan, Thing
from modelyard.deployments.activating.types import ActivationEffect, Effect
from modelyard.deployments.bundling.content import BUNDLED

WORDS: Mapping[str, str] = {
    **{name: table.kind for name, table in BUNDLED.items()},
    ACTIVE: "active version",
    "activations": "past activation of a model",
    "comparison_pairs": "kept comparison of two evaluations",
    "evaluation_gaps": "kept comparison of the groups of an evaluation",
    "model_replays": "replay",
    "service_packages": "package",
    "verifications": "past verification of a version",
}
"""What rows of tables are called."""
FOUND_AGAIN = frozenset(
    {ACTIVE, "activations", "verifications", "comparison_pairs", "evaluation_gaps"}
)
"""Parts of things that nobody misses who removes these."""
NAMED = 5
"""Things that a message names."""
CHANGED_HERE = "it was changed here since"


def effects(plan: Plan) -> Iterator[ActivationEffect]:
    """What is done to each thing; parts of things are told with these."""
    told: tuple[tuple[Effect, frozenset[Thing]], ...] = (
        ("added", plan.add),
        ("changed", plan.change),
        ("removed", plan.remove),
    )
    for effect, things in told:
        for thing in sorted(things):
            if not _is_silent(thing):
                reason = CHANGED_HERE if thing in plan.changed_here else ""
                if thing in plan.clashes:
                    reason = "it takes the place of the project's own"
                yield _effect(thing, effect, reason)
    for thing, needed_by in sorted(plan.keep.items()):
        if not _is_silent(thing):
            yield _effect(thing, "kept", f"needed by {needed_by}")


def warnings(plan: Plan) -> Iterator[str]:
    """What else there is to know."""
    lost = Counter(thing.table for thing in plan.along if thing.table not in FOUND_AGAIN)
    for table, count in sorted(lost.items()):
        yield f"{count} of the project's own go with what is removed: {WORDS.get(table, table)}"
    changed = sorted(thing for thing in plan.changed_here if not _is_silent(thing))
    if changed:
        yield f"changed here since, which is lost: {_listed(changed)}"
    idle = sorted(thing for thing in plan.keep if thing.table in ("checks", "scenarios"))
    if idle:
        yield f"only kept, and disabled: {_listed(idle)}"


def require_no_clash(plan: Plan, bundle: str) -> None:
    """Refuse to take the place of what the project has of its own.

    Raises:
        Conflict: the message names it.
    """
    clashes = sorted(
        thing
        for thing in plan.clashes
        if not (_is_silent(thing) or Thing("models", thing.key) in plan.clashes - {thing})
    )
    if clashes:
        raise errors.Conflict(
            f"the project has things of its own by names of the bundle {bundle}: "
            f"{_listed(clashes)}; rename or delete them, or let the bundle take their place with "
            "--replace",
            things=[in_short(thing) for thing in clashes[:100]],
        )


def in_short(thing: Thing) -> str:
    """A thing for people, such as 'version churn/v1'."""
    return f"{WORDS.get(thing.table, thing.table)} {'/'.join(thing.key)}".strip()


def _is_silent(thing: Thing) -> bool:
    """Whether it is told by what it is a part of."""
    return thing.table in PARTS.tables - {ACTIVE} or thing.table == "projects"


def _effect(thing: Thing, effect: Effect, reason: str) -> ActivationEffect:
    return ActivationEffect(
        kind=WORDS.get(thing.table, thing.table),
        name="/".join(thing.key),
        effect=effect,
        reason=reason,
    )


def _listed(things: list[Thing]) -> str:
    names = ", ".join(map(in_short, things[:NAMED]))
    return names if len(things) <= NAMED else f"{names} and {len(things) - NAMED} more"
