"""What items stand for: a version for its own evaluation, an id for that evaluation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from modelyard import errors
from modelyard.evaluations import repository as evaluations
from modelyard.evaluations.comparing.types import Comparison, ComparisonItem
from modelyard.evaluations.types import Evaluation
from modelyard.models.access import (
    active_versions,
    digest_of_version,
    kind_of_version,
    reference_of_version,
)
from modelyard.runtime.types import PredictionType
from modelyard.store.tables import evaluations as evaluated


@dataclass(frozen=True)
class Resolved:
    """An item and what it stands for.

    Args:
        item: as it is kept.
        evaluation: whose numbers it has; none: there is none.
        gone: why there is none.
        active: whether it is the active version of its model.
    """

    item: ComparisonItem
    evaluation: Evaluation | None
    gone: str | None = None
    active: bool = False

    @property
    def model(self) -> str | None:
        """Its saved model."""
        if self.item.version is not None:
            return self.item.version[0]
        return None if self.evaluation is None else self.evaluation.model

    @property
    def version(self) -> str | None:
        """Its version."""
        if self.item.version is not None:
            return self.item.version[1]
        return None if self.evaluation is None else self.evaluation.version


def resolved(
    db: Connection, comparison: Comparison, items: Sequence[ComparisonItem] | None = None
) -> list[Resolved]:
    """What the items of a comparison stand for, in their order."""
    some = comparison.items if items is None else items
    active = active_versions(db, comparison.project)
    return [_one(db, comparison, item, active) for item in some]


def _one(
    db: Connection, comparison: Comparison, item: ComparisonItem, active: dict[str, str | None]
) -> Resolved:
    project = comparison.project
    if item.version is None:
        found = evaluations.find(db, project, item.key)
        gone = None if found else f"the evaluation {item.key} was deleted"
    else:
        model, version = item.version
        found, gone = own_evaluation(db, project, model, version)
    if found is not None and found.prediction_type not in (comparison.prediction_type, "other"):
        gone = f"it predicts {found.prediction_type} now, the others {comparison.prediction_type}"
        found = None
    one = Resolved(item, found, gone)
    is_active = one.model is not None and active.get(one.model) == one.version
    return Resolved(item, found, gone, is_active)


def own_evaluation(
    db: Connection, project: str, model: str, version: str
) -> tuple[Evaluation | None, str | None]:
    """The reference that a version was given, else its first evaluation in no store, or any first.

    As drift takes it for the version's own; or why there is none. Those of other files that had the
    version's name before are not taken.
    """
    digest = digest_of_version(db, project, model, version)
    if digest is None:
        return None, f"the version {version} of {model} was deleted"
    seen = evaluated.c
    same = (seen.project == project) & (seen.model == model) & (seen.version == version)
    order = (seen.store.is_not(None), seen.created, seen.id)
    chosen = reference_of_version(db, project, model, version)
    every = db.scalars(select(seen.id).where(same).order_by(*order))
    for identifier in [*([chosen] if chosen else []), *every]:
        found = evaluations.get(db, project, identifier)
        if found.version_digest == digest and found.kind != "custom":
            return found, None
    return None, (
        f"the version {version} of {model} was not evaluated; `modelyard evaluations run {model} "
        f"--version {version} --dataset DATASET` does"
    )


def require_items(
    db: Connection, comparison: Comparison, items: Iterable[ComparisonItem]
) -> list[Resolved]:
    """What new items stand for.

    Raises:
        NotFound: there is no such version or evaluation.
        Invalid: it predicts something else, or the evaluation is of the user's own metrics of
            nothing that Modelyard knows.
        Conflict: it is among them already.
    """
    there = {each.key for each in comparison.items}
    found = []
    for each in resolved(db, comparison, list(items)):
        if each.item.key in there:
            raise errors.Conflict(f"{each.item.key} is in the comparison already")
        there.add(each.item.key)
        found.append(each)
        kind = kind_of(db, comparison.project, each.item)
        if kind not in (comparison.prediction_type, "other"):
            raise errors.Invalid(
                f"{each.item.key} predicts {kind}, and the comparison {comparison.name!r} is of "
                f"{comparison.prediction_type}; compare those that predict the same",
                field="items",
            )
    return found


def kind_of(db: Connection, project: str, item: ComparisonItem) -> PredictionType:
    """The prediction type of an item; NotFound if there is no such version or evaluation."""
    if item.version is None:
        return evaluations.get(db, project, item.key).prediction_type
    model, version = item.version
    return kind_of_version(db, project, model, version)
