"""What policies are told of model cards."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

from modelyard.dossiers.cards.basis import bases_of
from modelyard.governance.items.facts import Asked, Fact
from modelyard.governance.policies.evidence import Parts, Path, Paths, Told
from modelyard.kernel.context import Context


def facts(_context: Context, _db: Connection, _asked: Asked) -> Iterator[Fact]:
    """Nothing: a card is made of what other rooms tell."""
    yield from ()


def evidence(db: Connection, paths: Paths) -> Iterator[tuple[Path, Parts]]:
    """Which parts of the model cards of versions are there.

    Raises:
        NotFound: there is no such version.
    """
    for path, basis in bases_of(db, paths):
        told = sorted(basis.told().items())
        yield path, {"card": tuple(Told(part=part, since=since) for part, since in told)}
