"""The verdict of a comparison: sentences that say what the figures come to, and nothing more.

What counts most comes first: performance, if both sides have a truth; else predictions, and the
columns that the model uses; else the data. A figure that cannot be told from chance is not called a
change, and what explains a change is said only where the split of it says so beyond chance.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from modelyard.analysis.charts.words import clean, listed, number, percent, quoted
from modelyard.analysis.drift.outcomes import LEAST_ROWS
from modelyard.analysis.drift.sentences import (
    LABELS,
    NAMED,
    counted,
    in_brackets,
    named,
    sentence,
    signed,
    size_of,
    some,
    statistic,
    whole_sentence,
    with_confidence,
    with_limits,
)
from modelyard.analysis.drift.types import (
    ColumnDrift,
    Expected,
    GlobalDrift,
    MetricChange,
    Outcome,
    PerformanceDrift,
    PredictionDrift,
    Verdict,
    Why,
)
from modelyard.analysis.names import HEADLINES, LOWER_IS_BETTER, NAMES, name_of
from modelyard.analysis.types import Metric

USED = 0.05
"""Share of the model's importance from which on it is said to use a column."""
RANKING = ("auc", "mrocAUC")
ROOM = 0.6
"""Accuracy below which drift is weak: if the interval reaches past it, the rows are too few."""


@dataclass(frozen=True)
class Figures:
    """What two sides came to.

    Args:
        reference: what the older side is called.
        current: what the newer side is called.
        together: of all columns.
        columns: of each.
        predictions: of the model, or why there are none.
        performance: of the model, or why it is not known.
        expected: without a truth.
        why: the split of what performance changed by.
        confidence: level of the intervals.
    """

    reference: str
    current: str
    together: GlobalDrift
    columns: tuple[ColumnDrift, ...]
    predictions: PredictionDrift
    performance: PerformanceDrift
    expected: Expected | None = None
    why: Why | None = None
    confidence: float = 0.95

    def of(self, outcome: Outcome) -> list[ColumnDrift]:
        """The columns with this outcome, in their order."""
        return [each for each in self.columns if each.outcome == outcome]

    @property
    def headline(self) -> MetricChange | None:
        """The metric that stands for all others; none: no change of any is known."""
        known = [each for each in self.performance.metrics if each.change != "unknown"]
        of_all = [each for each in known if each.code in HEADLINES]
        return next(iter((*of_all, *known)), None)

    @property
    def worse(self) -> list[MetricChange]:
        """Metrics that are worse, beyond chance."""
        return [each for each in self.performance.metrics if each.change == "worse"]

    @property
    def moved(self) -> bool:
        """Whether any of the data moved, by size."""
        return bool(self.of("drifted"))

    @property
    def compared(self) -> bool:
        """Whether anything of the data could be compared."""
        known = any(each.outcome != "unknown" for each in self.columns)
        return known or self.together.detected is not None

    @property
    def unused(self) -> bool:
        """Whether the model is known to use hardly anything of what drifted."""
        shares = [each.model_importance for each in self.of("drifted")]
        known = [share for share in shares if share is not None]
        return bool(shares) and len(known) == len(shares) and sum(known) < USED


def verdict(found: Figures) -> Verdict:
    """Say in a sentence what counts most, and in more of them the sizes and the doubts."""
    if found.headline is not None:
        outcome, headline = _of_performance(found, found.headline)
    elif not found.compared and found.predictions.outcome == "unknown":
        return Verdict(
            outcome="unknown",
            headline=f"Nothing can be said of {_sides(found)}",
            details=tuple(_reasons(found)),
        )
    else:
        outcome, headline = _of_data(found)
    if outcome == "stable" and (untold := _untold(found)):
        outcome, headline = "unknown", f"{headline}, but {untold}"
    return Verdict(outcome=outcome, headline=headline, details=tuple(_details(found)))


def _untold(found: Figures) -> str:
    """What could not be told, so that nothing is stable; empty if there is no such thing."""
    if apart := [each for each in found.columns if each.types_differ]:
        return f"{named(apart)} could not be compared: the type is another one on both sides"
    rows = [min(each.reference_rows, each.current_rows) for each in found.columns]
    few = [count for count in rows if 0 < count < LEAST_ROWS]
    return f"a side has {counted(min(few), 'row')}, which tells too little" if few else ""


def _sides(found: Figures) -> str:
    return f"{clean(found.current)} against {clean(found.reference)}"


def _of_performance(found: Figures, top: MetricChange) -> tuple[Outcome, str]:
    current, reference = clean(found.current), clean(found.reference)
    if top.change in ("worse", "better"):
        said = f"The model does {top.change} on {current} than on {reference}"
        if top.code in RANKING:
            said = f"The model ranks the rows of {current} {top.change} than those of {reference}"
        outcome: Outcome = "drifted" if top.change == "worse" else "look"
        return outcome, said + _explained(found, top)
    name = name_of(top.code)
    if found.worse:
        names = listed([name_of(each.code) for each in found.worse[:NAMED]])
        return "look", f"On {current} {name} is the same up to chance, but not {names}"
    same = f"no change of {name} can be told from chance"
    if found.moved:
        return "look", f"The data of {current} moved, but {same}"
    if found.predictions.outcome == "drifted":
        return "look", f"The predictions for {current} moved, but {same}"
    if _seen(found):
        return "look", f"{current} and {reference} can be told apart, but {same}"
    if not found.compared:
        return "stable", same[0].upper() + same[1:]
    return "stable", f"No drift of {current} is seen, and {same}"


def _explained(found: Figures, top: MetricChange) -> str:
    """What the split says of a change that is worse; nothing where it says nothing."""
    if top.change != "worse":
        return ""
    split = found.why
    if split and split.mix and split.relation:
        by = "" if split.code == top.code else f" (judged by {name_of(split.code)})"
        mix, relation = (_hurts(split.code, part) for part in (split.mix, split.relation))
        if mix and relation:
            return f", only in part since its data are mixed otherwise{by}"
        if mix:
            return f", and the changed mix of its data explains it{by}"
        if relation:
            names = named(found.of("drifted"))
            moved = f"what moved ({names})" if names else "the mix of its data"
            return f", and {moved} does not explain it{by}"
    if found.moved:
        return ", and its data moved"
    return "" if not found.compared else ", though no column moved by much"


def _hurts(code: str, part: Metric) -> bool:
    """Whether a part of a change goes beyond chance in the bad direction."""
    if part.low is None or part.high is None:
        return False
    return part.low > 0 if code in LOWER_IS_BETTER else part.high < 0


def _of_data(found: Figures) -> tuple[Outcome, str]:
    current, reference = clean(found.current), clean(found.reference)
    drifted = found.of("drifted")
    if found.predictions.outcome == "drifted":
        also = ", and so did the data" if drifted else ""
        said = f"The predictions for {current} moved{also}; whether they are right is unknown"
        return "drifted", said
    if drifted:
        names = named(drifted)
        if found.unused:
            return "look", f"{names} moved since {reference}, but the model hardly uses what moved"
        still = found.predictions.outcome == "stable"
        but = ", but the predictions hardly did" if still else ""
        return "drifted", f"{names} moved between {reference} and {current}{but}"
    if found.predictions.outcome == "look":
        return "look", f"The predictions for {current} should be looked at"
    if _seen(found):
        apart = f"{current} and {reference} can be told apart"
        return "look", f"{apart}, though no column moved by much"
    if looks := found.of("look"):
        return "look", f"No column of {current} drifted, but {named(looks)} should be looked at"
    if _roomy(found.together):
        return "stable", f"No drift of {current} is seen, but there are few rows to see it"
    return "stable", f"No drift is seen between {reference} and {current}"


def _seen(found: Figures) -> bool:
    """Whether the sides are told apart, beyond chance."""
    return found.together.detected is True


def _roomy(together: GlobalDrift) -> bool:
    return together.detected is False and (together.accuracy.high or 0) > ROOM


def _details(found: Figures) -> Iterator[str]:
    if found.headline is not None:
        yield from _changes(found, found.headline)
    yield from _split(found)
    yield from _expected(found)
    yield from _together(found)
    yield from _columns(found)
    yield from _predictions(found.predictions)
    yield from _reasons(found)


def _changes(found: Figures, top: MetricChange) -> Iterator[str]:
    verb = "went"
    if top.change in ("worse", "better"):
        verb = "rose" if (top.difference.value or 0) > 0 else "fell"
    may = ", which may be chance" if top.change == "same" else ""
    yield (
        f"{name_of(top.code)} {verb} from {number(top.reference.value)} to "
        f"{number(top.current.value)} ({with_confidence(top.difference, found.confidence)}){may}."
    )
    others = [each for each in found.worse if each.code != top.code]
    if others:
        told = [f"{name_of(each.code)} ({signed(each.difference.value)})" for each in others]
        also = " also" if top.change == "worse" else ""
        yield f"Worse beyond chance {'is' if len(told) == 1 else 'are'}{also} {some(told)}."
        for note in dict.fromkeys(each.difference.note for each in others):
            if note:
                names = some([name_of(x.code) for x in others if x.difference.note == note])
                yield sentence(f"Of {names} one should know: {note}")


def _split(found: Figures) -> Iterator[str]:
    split = found.why
    if split is None or split.mix is None or split.relation is None:
        return
    if split.reference is not None and split.reference == split.current:
        return  # there is no change
    mix, relation = in_brackets(split.mix), in_brackets(split.relation)
    yield (
        f"Of the change of {name_of(split.code)}, {mix} comes of data that are mixed otherwise, "
        f"{relation} of a model that does otherwise on the same data."
    )
    yield from map(whole_sentence, split.doubts)


def _expected(found: Figures) -> Iterator[str]:
    expected = found.expected
    if expected is None:
        return
    known = {each.code: each for each in expected.metrics if each.value is not None}
    top = next((known[code] for code in (*HEADLINES, *NAMES) if code in known), None)
    if top is None:
        return
    error = expected.errors.get(top.code)
    off = f"; it was off by {number(error)} on average on chunks of the reference" if error else ""
    without = "Without a truth" if found.headline is None else "By the predictions alone"
    yield f"{without}, {name_of(top.code)} is expected to be {with_limits(top)}{off}."
    if not expected.trusted:
        doubts = "; ".join(expected.doubts) or "it failed on the reference itself"
        yield sentence(f"That cannot be trusted: {doubts}")
    else:
        yield from map(whole_sentence, expected.doubts)


def _together(found: Figures) -> Iterator[str]:
    together = found.together
    accuracy = together.accuracy
    if accuracy.value is None:
        return
    limits = ""
    if accuracy.low is not None and accuracy.high is not None:
        limits = f"{percent(accuracy.low)} to {percent(accuracy.high)}; "
    apart = f"{percent(accuracy.value)} of rows ({limits}chance is 50 %)"
    if not together.detected:
        yield f"A classifier puts {apart} on the right side, which may be chance."
        if _roomy(together):
            yield "With so few rows, drift may be there without being seen."
        return
    by = [name for name, share in together.importance.items() if share >= USED][:NAMED]
    mostly = f", most of all by {listed([clean(name) for name in by])}" if by else ""
    yield f"A classifier puts {apart} on the right side{mostly}."
    if together.note:
        yield whole_sentence(together.note)


def _columns(found: Figures) -> Iterator[str]:
    known = [each for each in found.columns if each.outcome != "unknown"]
    drifted = found.of("drifted")
    if drifted:
        told = [f"{clean(each.name)}{size_of(each)}" for each in drifted]
        yield f"{len(drifted)} of {len(known)} columns moved: {some(told)}."
        yield from _uses(found, drifted)
    elif known:
        yield f"None of {len(known)} columns moved past its threshold."
    for each in found.of("look")[:NAMED]:
        yield sentence(f"{clean(each.name)} should be looked at: {each.why}")
    new = [each for each in found.columns if each.new and (each.new_share or 0) > 0]
    if new:
        told = [f"{clean(each.name)} ({percent(each.new_share)} of the rows)" for each in new]
        yield f"There are new categories in {some(told)}."
    unknown = found.of("unknown")
    if unknown and known:
        reasons = [f"{clean(each.name)} ({each.why})" for each in unknown if each.why]
        yield f"{counted(len(unknown), 'column')} could not be compared: {some(reasons)}."


def _uses(found: Figures, drifted: Sequence[ColumnDrift]) -> Iterator[str]:
    """Whether the model uses what moved."""
    if not any(each.model_importance is not None for each in found.columns):
        if found.predictions.tests:
            yield "What the model takes from each column is not known."
        return
    shares = sum(each.model_importance or 0 for each in drifted)
    if found.unused:
        yield f"What moved is {percent(shares)} of what the model takes from all columns."
    else:
        used = [each for each in drifted if (each.model_importance or 0) >= USED]
        told = [f"{clean(each.name)} ({percent(each.model_importance)})" for each in used]
        if told:
            yield f"Of what the model takes from all columns, much comes from {some(told)}."
    most = max(found.columns, key=lambda each: each.model_importance or 0)
    if most.outcome == "stable":
        yield f"{clean(most.name)}, which the model uses most, did not move."


def _predictions(predictions: PredictionDrift) -> Iterator[str]:
    size = next((each for each in predictions.tests if each.statistic is not None), None)
    if size is None:
        return
    moved = {"drifted": "moved", "look": "should be looked at", "stable": "hardly moved"}
    told = f"{LABELS.get(size.test, size.test)} {statistic(size.statistic)}"
    shares = predictions.shares
    share = ""
    if shares is not None and not any(low is not None for low in shares.low) and shares.bin:
        gaps = [abs(a - b) for a, b in zip(shares.reference, shares.current, strict=True)]
        at = max(range(len(gaps)), key=lambda place: (round(gaps[place], 9), place))
        share = (
            f"; {quoted(shares.bin[at])} is predicted for {percent(shares.reference[at])} of the "
            f"rows before and {percent(shares.current[at])} now"
        )
    if predictions.outcome in moved:
        yield f"The predictions {moved[predictions.outcome]} ({told}{share})."


def _reasons(found: Figures) -> Iterator[str]:
    """What could not be told, and why."""
    if not found.compared:
        every = [found.together.reason, *(each.why for each in found.columns[:NAMED])]
        if reasons := [reason for reason in dict.fromkeys(every) if reason]:
            yield sentence(f"The data could not be compared: {'; '.join(reasons)}")
    elif found.together.reason:
        yield sentence(f"The sides were not told apart by a classifier: {found.together.reason}")
    if found.predictions.reason:
        yield sentence(f"Predictions were not compared: {found.predictions.reason}")
    elif found.performance.reason:
        yield sentence(f"Performance was not compared: {found.performance.reason}")
