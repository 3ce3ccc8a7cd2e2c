"""What differences come to, in sentences that say no more than their numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from modelyard.analysis.charts.words import clean, number
from modelyard.analysis.names import name_of
from modelyard.analysis.paired.types import Decisions, MetricDifference, Paired, PairedVerdict
from modelyard.evaluations.comparing.types import Challenge, ComparisonVerdict

NAMES = {"auc": "AUC", "mrocAUC": "AUC"}
METHODS = {
    "mcnemar": "McNemar",
    "delong": "DeLong",
    "mean": "paired t-test",
    "delta": "delta method",
    "bootstrap": "paired bootstrap",
    "unpaired": "unpaired",
}
ORDER: tuple[PairedVerdict, ...] = ("better", "worse", "indistinguishable")


def short(code: str) -> str:
    """What a metric is called inside of a sentence."""
    name = NAMES.get(code, name_of(code))
    return name if name != name_of(code) or name.isupper() or len(name) < 3 else _lowered(name)


def _lowered(name: str) -> str:
    first, _, rest = name.partition(" ")
    return name if first.upper() == first else f"{first.lower()} {rest}".strip()


def challenged(key: str, against: str, names: Mapping[str, str], paired: Paired) -> Challenge:
    """What two items on the same rows differ by, told.

    Args:
        key: of the challenger.
        against: of the other item.
        names: what they are called, by their keys.
        paired: the numbers.
    """
    name, beside = clean(names[key]), clean(names[against])
    by_code = {each.code: each for each in paired.differences}
    told = [by_code[code] for code in paired.told if by_code[code].verdict != "unknown"]
    return Challenge(
        key=key,
        against=against,
        paired=True,
        rows=paired.rows,
        told=tuple(each.code for each in told),
        verdict=told[0].verdict if told else "unknown",
        differences=paired.differences,
        decisions=paired.decisions,
        title=_title(name, told),
        detail=_detail((name, beside), told, paired.decisions) or _untested(paired),
    )


def _title(name: str, told: Sequence[MetricDifference]) -> str:
    if not told:
        return f"{name}: no metric can be tested on these rows"
    parts = []
    for verdict in dict.fromkeys(each.verdict for each in told):
        some = [each for each in told if each.verdict == verdict]
        if verdict == "indistinguishable":
            parts.append(f"not distinguishable on {listed([short(x.code) for x in some])}")
        else:
            by = listed([f"{short(x.code)} by {_size(x)}" for x in some])
            parts.append(f"{verdict} on {by}")
    return f"{name} is {', '.join(parts)}."


def _size(each: MetricDifference) -> str:
    return number(abs(each.difference or 0))


def listed(words: Sequence[str]) -> str:
    """Words with an 'and' before the last one."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _detail(
    names: tuple[str, str], told: Sequence[MetricDifference], decisions: Decisions | None
) -> str:
    sentences = [_tested(told[0])] if told else []
    if decisions is not None:
        sentences.append(_decided(names, decisions))
    sentences += [_settling(each) for each in told if each.verdict == "indistinguishable"][:2]
    if len(told) > 1:
        metrics = listed([short(each.code) for each in told])
        sentences.append(f"The p-values of {metrics} are corrected for each other (Holm).")
    return " ".join(each for each in sentences if each)


def _untested(paired: Paired) -> str:
    """Why nothing can be told."""
    reasons = (each.reason for each in paired.differences if each.reason)
    why = next(reasons, "none of the metrics has a test")
    return f"{why[0].upper()}{why[1:].removesuffix('.')}."


def _tested(each: MetricDifference) -> str:
    """The first metric: difference, interval, test."""
    method = METHODS[each.method or "unpaired"]
    return (
        f"{name_of(each.code)} {signed(each.difference)} ({signed(each.low)} to "
        f"{signed(each.high)}, {method} on the same rows, {p_value(each.adjusted)})."
    )


def _decided(names: tuple[str, str], found: Decisions) -> str:
    if not found.differ:
        return f"Both decide all {found.rows:,} rows alike."
    rows = "1 row" if found.differ == 1 else f"{found.differ:,} rows"
    test = "" if found.p is None else f" (McNemar {p_value(found.p)})"
    return (
        f"Of {rows} that the two decide differently, {names[0]} is right on "
        f"{found.challenger_right:,} and {names[1]} on {found.base_right:,}{test}."
    )


def _settling(each: MetricDifference) -> str:
    if each.rows_needed is None:
        return ""
    return (
        f"A difference in {short(each.code)} of {_size(each)} would take about "
        f"{_rounded(each.rows_needed)} rows to be found."
    )


def _rounded(rows: int) -> str:
    """Two figures: more would say that it is known better than it is."""
    digits = max(len(str(rows)) - 2, 0)
    return f"{round(rows, -digits):,}"


def signed(value: float | None) -> str:
    """A number with its sign, also where it is positive."""
    if value is None:
        return "?"
    return f"+{number(value)}" if value > 0 else number(value)


def p_value(p: float | None) -> str:
    """A p-value as papers tell it."""
    if p is None:
        return "untested"
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}" if p < 0.1 else f"p = {p:.2f}"


def still_comparing(done: int, waiting: int) -> ComparisonVerdict:
    """What is told while some are not compared yet."""
    return ComparisonVerdict(
        title=f"Still comparing: {done:,} of {done + waiting:,}",
        detail="What is found is kept, so that the next look goes on from here.",
    )


def overall(
    challenges: Sequence[Challenge],
    names: Mapping[str, str],
    against: str | None,
    *,
    champion: bool,
) -> ComparisonVerdict:
    """What all challenges come to.

    Args:
        challenges: the items that are told beside one of them.
        names: what items are called, by their keys.
        against: key of that one; None: there is none.
        champion: whether that one is the champion.
    """
    if against is None:
        return ComparisonVerdict(
            title="Nothing to compare yet", detail="Add versions or evaluations that have numbers."
        )
    beside = "the champion" if champion else clean(names[against])
    if not challenges:
        return ComparisonVerdict(
            title=f"{clean(names[against])} is alone",
            detail="Add another version or evaluation, and differences are told.",
        )
    tested = [each for each in challenges if each.verdict != "unknown"]
    if not tested:
        return ComparisonVerdict(
            title="Whether differences are real is not known",
            detail=challenges[0].not_paired or challenges[0].detail,
        )
    better = [each for each in tested if each.verdict == "better"]
    if better:
        best = max(better, key=_gain)
        title = f"{clean(names[best.key])} is better than {beside} on {short(best.told[0])}"
        return ComparisonVerdict(
            title=f"{title}, and the difference is real", detail=_briefly(best)
        )
    code = short(tested[0].told[0])
    if all(each.verdict == "worse" for each in tested):
        what = clean(names[tested[0].key]) + " is" if len(tested) == 1 else "All others are"
        title = f"{what} worse than {beside} on {code}"
    else:
        title = f"None is better than {beside} on {code}, as far as can be told"
        if len(tested) == 1:
            name = clean(names[tested[0].key])
            title = f"{name} cannot be told from {beside} on {code}"
    first = min(tested, key=lambda each: ORDER.index("worse") if each.verdict == "worse" else 0)
    return ComparisonVerdict(title=title, detail=_briefly(first))


def _briefly(each: Challenge) -> str:
    """What a challenger differs by, and how the first metric was tested: less than its detail."""
    return f"{each.title} {_tested(_first(each))}"


def _gain(each: Challenge) -> float:
    return abs(_first(each).difference or 0)


def _first(each: Challenge) -> MetricDifference:
    """The difference of the metric that is told first."""
    return next(one for one in each.differences if one.code == each.told[0])
