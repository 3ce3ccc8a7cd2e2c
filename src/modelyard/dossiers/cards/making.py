"""Making a model card of what is known, and writing it in a format."""

from __future__ import annotations

from modelyard.analysis.charts.words import number
from modelyard.analysis.names import name_of
from modelyard.dossiers.cards.evidence import of_evidence
from modelyard.dossiers.cards.known import Known, known
from modelyard.dossiers.cards.sections import of_model
from modelyard.dossiers.cards.standing import of_standing
from modelyard.dossiers.types import Card
from modelyard.governance.items.ids import parsed
from modelyard.kernel.context import Context

TASKS = {
    "binary_classification": "tabular-classification",
    "multiclass": "tabular-classification",
    "regression": "tabular-regression",
}
"""What the Hugging Face hub calls prediction types."""


def card_of(context: Context, item: str) -> Card:
    """The card of a version, or of a model's active version; errors as in `known`."""
    found = known(context, item)
    fields = found.basis.fields()
    sections = (*of_model(found), *of_evidence(found), *of_standing(found))
    return Card(
        item=item,
        title=_title(found),
        version=found.item.id,
        summary=_summary(found),
        digest=found.item.digest,
        files=found.basis.version.digest,
        filled=sum(each.there for each in fields),
        fields=fields,
        header=_header(found),
        sections=tuple(each for each in sections if not each.is_empty),
    )


def _title(found: Known) -> str:
    _, path = parsed(found.item.id)
    return f"{path[1]}, version {path[2]}"


def _summary(found: Known) -> str:
    version, evaluation = found.basis.version, found.evaluation
    kind = version.prediction_type.replace("_", " ")
    target = f" of {version.core.target}" if version.core.target else ""
    said = f"{version.probe.loaded.flavor} model, {kind}{target}"
    best = next((each for each in found.basis.evaluations if _is(each.id, evaluation)), None)
    if best is None or best.metric is None or best.value is None:
        return said
    interval = ""
    if best.low is not None and best.high is not None:
        interval = f" ({number(best.low)} to {number(best.high)})"
    return f"{said}; {name_of(best.metric)} {number(best.value)}{interval}"


def _is(identifier: str, evaluation: object) -> bool:
    return identifier == getattr(evaluation, "id", None)


def _header(found: Known) -> dict[str, str | tuple[str, ...]]:
    """What the Hugging Face hub reads off the top of a card."""
    version = found.basis.version
    task = TASKS.get(version.prediction_type)
    data = [each.dataset for each in found.basis.evaluations if each.dataset]
    told: dict[str, str | tuple[str, ...]] = {
        "library_name": version.probe.loaded.flavor,
        "pipeline_tag": task or "",
        "tags": ("modelyard", "mlflow", version.prediction_type),
        "datasets": tuple(dict.fromkeys([version.lineage.train_dataset or "", *data])),
        "metrics": tuple(found.evaluation.metrics) if found.evaluation else (),
    }
    cleaned = {
        name: value if isinstance(value, str) else tuple(filter(None, value))
        for name, value in told.items()
    }
    return {name: value for name, value in cleaned.items() if value}
