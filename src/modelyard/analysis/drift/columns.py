"""How each column moved between two sides: tests, shares, an outcome and what it rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from modelyard.analysis.drift.bins import NEW
from modelyard.analysis.drift.chunks import Chunks
from modelyard.analysis.drift.compared import Compared, DriftTest
from modelyard.analysis.drift.drift_tests import DRIFT_TESTS, all_tests, measure
from modelyard.analysis.drift.measures import holm, shares_differ_p
from modelyard.analysis.drift.outcomes import outcome
from modelyard.analysis.drift.pairing import Reference, Unpaired, names_of, paired
from modelyard.analysis.drift.profile_types import ColumnProfile
from modelyard.analysis.drift.profiles import profiled, unlike
from modelyard.analysis.drift.reading import family
from modelyard.analysis.drift.sides import Rows
from modelyard.analysis.drift.types import (
    ColumnDrift,
    DriftSettings,
    DriftTestResult,
    ThresholdOrigin,
)

TOLD = 20
"""New and gone categories that are told by name."""


def columns_drift(
    reference: Reference,
    current: Rows,
    settings: DriftSettings | None = None,
    *,
    rows: Rows | None = None,
    columns: Sequence[str] | None = None,
    tests: Sequence[str] | None = None,
) -> tuple[ColumnDrift, ...]:
    """Compare the columns of two sides, all rows of both.

    Args:
        reference: rows, or profiles as of `profiles_of`. Of profiles, KS and Wasserstein are
            rounded, and these results say so: KS by 1/500 at most, the share of the reference that
            a cell of several values holds; Wasserstein by up to 0.0025 standard deviations of
            references of 2,000 rows, and 0.02 of lognormal ones with a long tail.
        current: the newer side.
        settings: bins, handling, thresholds.
        rows: that the profiles are of, to be read where a profile looks at a column in another
            way than it is to be looked at; none: such a column is not compared.
        columns: only these; none: those of both sides, in the order of the reference.
        tests: names of tests; none: all there are.

    Returns:
        A result for each column, or why there is none.

    Raises:
        Invalid: there is no such test.
    """
    settings = settings or DriftSettings()
    chosen = [DRIFT_TESTS.get(name) for name in tests] if tests else all_tests()
    names = columns or tuple(dict.fromkeys((*names_of(reference), *current.schema.names)))
    used = [name for name in names if settings.handling.get(name) != "excluded"]
    past = settings.false_alarms
    if past and settings.false_alarms_of == "report":
        past /= max(len(used), 1)
    found = []
    for name in names:
        handling = settings.handling.get(name)
        pair = paired(name, reference, current, handling, settings.bins)
        by_profile = isinstance(reference, Mapping)
        if isinstance(pair, Unpaired) and pair.needs_rows and rows is not None:
            pair, by_profile = paired(name, rows, current, handling, settings.bins), False
        if isinstance(pair, Unpaired):
            found.append(_untold(name, pair))
            continue
        told = _told(name, pair, settings, chosen, past)
        found.append(replace(told, drift=told.drift.model_copy(update={"by_profile": by_profile})))
    return tuple(_judged(each, settings) for each in _corrected(found))


def profiles_of(
    rows: Rows, settings: DriftSettings | None = None, *, columns: Sequence[str] | None = None
) -> dict[str, ColumnProfile]:
    """Profiles of columns, to be compared with later sides.

    Args:
        rows: of the reference.
        settings: for how columns are looked at; excluded ones are left out.
        columns: only these; none: all.
    """
    handling = settings.handling if settings else {}
    found = {}
    for name in columns or rows.schema.names:
        forced = handling.get(name)
        if forced == "excluded":
            continue
        column = rows.column(name)
        unknown = family(column.type) == "others"
        found[name] = unlike(name, column) if unknown else profiled(name, column, forced)
    return found


def results_of(
    compared: Compared, settings: DriftSettings, tests: Sequence[DriftTest], past: float | None
) -> tuple[DriftTestResult, ...]:
    """What each test says of a column; p-values are not corrected.

    Args:
        compared: the column.
        settings: for thresholds that are given, and the seed.
        tests: that are for columns of its kind.
        past: share of the reference's own chunks that may be past a threshold; none: the tests'
            own thresholds alone.
    """
    chunks = Chunks(compared.bins, past, settings.seed) if past else None
    return tuple(_result(test, compared, settings, chunks) for test in tests)


@dataclass(frozen=True)
class _Found:
    """A column whose outcome is still to be told."""

    drift: ColumnDrift
    compared: Compared | None = None
    tests: tuple[DriftTest, ...] = ()


def _untold(name: str, why: Unpaired) -> _Found:
    kind = why.found
    told = ColumnDrift(name=name, kind=kind, found=kind, why=why.reason)
    return _Found(told.model_copy(update={"types_differ": why.types_differ}))


def _told(
    name: str,
    compared: Compared,
    settings: DriftSettings,
    tests: Sequence[DriftTest],
    past: float | None,
) -> _Found:
    old, new = compared.reference, compared.current
    told = ColumnDrift(
        name=name,
        kind=compared.kind,
        found=old.found or new.found or compared.kind,
        reference_rows=old.rows,
        current_rows=new.rows,
    )
    for side, rows in (("the reference", old.rows), ("current", new.rows)):
        if not rows:
            return _Found(told.model_copy(update={"why": f"{side} has no rows"}))
    usable = tuple(test for test in tests if compared.kind in test.kinds)
    changes = {
        "reference_missing": old.missing / old.rows,
        "current_missing": new.missing / new.rows,
        "missing_p_value": shares_differ_p(old.missing, old.rows, new.missing, new.rows),
        "tests": results_of(compared, settings, usable, past),
        "shares": compared.bins.shares,
        **_categories(compared),
    }
    # Numbers of one column at a time are held.
    return _Found(told.model_copy(update=changes), compared.without_numbers(), usable)


def _result(
    test: DriftTest, compared: Compared, settings: DriftSettings, chunks: Chunks | None
) -> DriftTestResult:
    measured, chance = measure(test, compared, chunks)
    if measured.statistic is None:
        return DriftTestResult(test=test.name, reason=measured.reason, note=measured.note)
    origin: ThresholdOrigin = "default"
    threshold = test.threshold
    if test.name in settings.thresholds:
        origin, threshold = "given", settings.thresholds[test.name]
    elif chance is not None and chance > threshold:
        origin, threshold = "reference", chance
    return DriftTestResult(
        test=test.name,
        statistic=measured.statistic,
        p_value=measured.p_value,
        threshold=threshold,
        threshold_from=origin,
        chance=chance,
        exceeded=measured.statistic > threshold,
        exact=measured.exact,
        note=measured.note,
    )


def _categories(compared: Compared) -> dict[str, object]:
    """New and gone ones, where the reference's are all known."""
    old, new = compared.reference.categories, compared.current.categories
    if not old or not new or old.others:
        return {}
    names = compared.bins.names
    share = compared.bins.current_shares[names.index(NEW)] if NEW in names else 0.0
    known = {value for value, count in zip(old.values, old.counts, strict=True) if count}
    held = {value for value, count in zip(new.values, new.counts, strict=True) if count}
    found = {"new": tuple(value for value in new.values if value in held and value not in known)}
    if not new.others:
        found["gone"] = tuple(x for x in old.values if x in known and x not in held)
    first = {name: values[:TOLD] for name, values in found.items()}
    return {**first, "new_share": float(share)}


def _corrected(found: list[_Found]) -> list[_Found]:
    """Correct the p-values of each test for the number of columns, whatever is tested of them."""
    columns = sum(each.compared is not None for each in found)
    by_test: dict[str, list[tuple[int, int, float]]] = {}
    for at, each in enumerate(found):
        for place, result in enumerate(each.drift.tests):
            if result.p_value is not None:
                by_test.setdefault(result.test, []).append((at, place, result.p_value))
    results = [list(each.drift.tests) for each in found]
    for places in by_test.values():
        p_values = holm([p for _, _, p in places], columns)
        for (at, place, _), corrected in zip(places, p_values, strict=True):
            changed = results[at][place].model_copy(update={"corrected": corrected})
            results[at][place] = changed
    return [
        _Found(each.drift.model_copy(update={"tests": tuple(told)}), each.compared, each.tests)
        for each, told in zip(found, results, strict=True)
    ]


def _judged(found: _Found, settings: DriftSettings) -> ColumnDrift:
    if found.compared is None:
        return found.drift
    told, why = outcome(found.compared, found.tests, found.drift.tests, settings)
    return found.drift.model_copy(update={"outcome": told, "why": why})
