"""Why numbers of items may not be compared as they stand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from modelyard.evaluations.comparing.resolving import Resolved
from modelyard.evaluations.comparing.types import ComparisonWarning, ShownItem
from modelyard.evaluations.types import Evaluation


def warnings(
    found: Sequence[Resolved], items: Sequence[ShownItem], threshold: float | None
) -> Iterator[ComparisonWarning]:
    """Everything that differs between the items that are shown.

    Args:
        found: all items.
        items: the same as they are shown.
        threshold: at which all are told; None: each at its own.
    """
    told = [
        (each.name, one.evaluation)
        for one, each in zip(found, items, strict=True)
        if one.evaluation is not None and not each.hidden and one.evaluation.kind != "custom"
    ]
    yield from _different(
        told, "dataset", "Datasets differ", lambda of: of.dataset or "data without a name"
    )
    yield from _different(
        told, "positive", "Positive classes differ", lambda of: _word(of.positive)
    )
    if threshold is None:
        yield from _different(
            told,
            "threshold",
            "Thresholds differ",
            lambda of: _word(of.threshold),
            " Metrics of decisions compare decisions as they would be made, not the models alone; "
            "--threshold tells all at one.",
        )
    yield from _different(
        told, "gains", "Cost matrices differ", _gains, " Cost-matrix gains are not compared."
    )
    yield from _different(
        told,
        "lift_share",
        "Lift points differ",
        lambda of: f"{of.lift_share:g}" if of.prediction_type == "binary_classification" else "",
        " Lifts are not compared.",
    )
    yield from _different(
        told,
        "averaging",
        "Averages over classes differ",
        lambda of: of.averaging if of.prediction_type == "multiclass" else "",
        " Averaged metrics are not compared.",
    )
    yield from _different(
        told, "confidence", "Levels of confidence differ", lambda of: f"{of.confidence:g}"
    )
    for each in items:
        if each.gone is not None and not each.hidden:
            yield ComparisonWarning(
                code="gone", title=f"{each.name} has no numbers", detail=f"{each.gone}."
            )


def _different(
    told: Sequence[tuple[str, Evaluation]],
    code: str,
    title: str,
    word: Callable[[Evaluation], str],
    so: str = "",
) -> Iterator[ComparisonWarning]:
    by_word: dict[str, list[str]] = {}
    for name, evaluation in told:
        if said := word(evaluation):
            by_word.setdefault(said, []).append(name)
    if len(by_word) > 1:
        parts = [f"{said} of {_some(names)}" for said, names in list(by_word.items())[:5]]
        more = f"; and {len(by_word) - 5} more" if len(by_word) > 5 else ""
        yield ComparisonWarning.model_validate(
            {"code": code, "title": title, "detail": f"{', '.join(parts)}{more}.{so}"}
        )


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _word(value: object) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _gains(of: Evaluation) -> str:
    if of.prediction_type != "binary_classification":
        return ""
    gains = of.gains
    return "/".join(
        f"{each:g}"
        for each in (
            *(gains.true_positive, gains.false_positive),
            *(gains.true_negative, gains.false_negative),
        )
    )
