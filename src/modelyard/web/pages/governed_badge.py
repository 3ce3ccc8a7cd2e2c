"""How what a page is about is governed: a badge that leads to its item."""

from __future__ import annotations

from modelyard import errors
from modelyard.governance.items.ids import Kind, id_of
from modelyard.governance.policies.commands import ListOutcomes
from modelyard.governance.signoffs.commands import ShowStanding
from modelyard.governance.signoffs.types import Stands
from modelyard.kernel.values import Value
from modelyard.web.pages.governance_words import item_href
from modelyard.web.pages.page import View, Visit


class Governed(Value):
    """How an item is governed, and what stands in the way of its deployment."""

    href: str
    stands: Stands
    step: str
    """Where it is in its steps."""
    stopped: tuple[str, ...] = ()
    """Clauses of policies that do not hold of it, with why; kept of versions that matter."""


class GovernedView(View):
    """What a page shows of something that can be governed."""

    governed: Governed | None


def governed(visit: Visit, kind: Kind, *path: str) -> Governed | None:
    """As it was last written down; None: nobody has looked at it yet, or it is not to be seen."""
    item = id_of(kind, *path)
    try:
        found = visit.run(ShowStanding(item=item))
    except errors.NotFound:
        return None
    stopped: tuple[str, ...] = ()
    if kind == "version":
        outcomes = visit.part(ListOutcomes(item=item, limit=20))
        stopped = tuple(
            f"{clause.title} ({clause.why})" for each in outcomes for clause in each.failed
        )
    href, step = item_href(item), found.status
    return Governed(href=href, stands=found.stands, step=step, stopped=stopped)
