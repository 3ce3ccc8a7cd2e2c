"""What policies are told of model cards."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

from modelyard.dossiers.cards.basis import basis_of
from modelyard.governance.items.facts import Asked, Fact
from modelyard.governance.policies.evidence import Part, Told
from modelyard.kernel.context import Context


def facts(_context: Context, _db: Connection, _asked: Asked) -> Iterator[Fact]:
    """Nothing: a card is made of what other rooms tell."""
    yield from ()


def evidence(db: Connection, project: str, model: str, version: str) -> Iterator[Part]:
    """Which parts of the model card of a version are there."""
    told = basis_of(db, project, model, version).told()
    yield "card", tuple(Told(part=part, since=since) for part, since in sorted(told.items()))
