"""What came of the checks of stores, as lists and pages of these say it."""

from __future__ import annotations

from collections.abc import Iterable

from modelyard.evaluations.numbered import CheckOutcome
from modelyard.monitoring.types import CheckSummary, worst_of


def worst_by_store(checks: Iterable[CheckSummary]) -> dict[str, CheckOutcome]:
    """The worst that came of the checks of each store; disabled ones do not count."""
    found: dict[str, list[CheckOutcome]] = {}
    for each in checks:
        if each.outcome is not None and not each.disabled:
            found.setdefault(each.store, []).append(each.outcome)
    return {store: worst_of(outcomes) for store, outcomes in found.items()}
