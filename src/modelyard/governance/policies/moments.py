"""When time alone may change what comes of a policy: pure functions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from modelyard.governance.policies.evidence import Evidence
from modelyard.governance.policies.types import (
    BetterClause,
    ChecksClause,
    FairnessClause,
    MetricClause,
    PolicySettings,
)

AGED = (MetricClause, BetterClause, FairnessClause, ChecksClause)
"""Clauses that may ask that something is not too old."""
LATEST = timedelta(days=1)
"""After which it is judged again in any case: code may ask for the date, and ages are told."""


def next_moment(settings: PolicySettings, evidence: Evidence) -> datetime:
    """The first moment after the evidence was gathered at which the outcome may be another one.

    It may be too early, and is never too late.
    """
    later = (each for each in _moments(settings, evidence) if each > evidence.gathered)
    return min([evidence.gathered + LATEST, *later])


def _moments(settings: PolicySettings, evidence: Evidence) -> Iterator[datetime]:
    for each in evidence.exceptions:
        yield each.until
    made = [each.created for each in evidence.evaluations]
    made += [each.created for each in evidence.checks]
    ages = {clause.days for clause in settings.clauses if isinstance(clause, AGED)}
    for days in ages - {None}:
        age = timedelta(days=days or 0)
        yield from (moment + age + timedelta(microseconds=1) for moment in made)
