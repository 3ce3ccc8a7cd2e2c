"""All that a model card tells of, looked up at one moment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from modelyard import errors
from modelyard.dossiers.cards.basis import Basis, basis_of
from modelyard.evaluations import repository as evaluations
from modelyard.evaluations.access import own_of_version
from modelyard.evaluations.explaining.keeping import all_kept
from modelyard.evaluations.keeping import screens_of
from modelyard.evaluations.looking.commands import ShowFairness
from modelyard.evaluations.looking.comparing import compare_groups
from modelyard.evaluations.looking.types import FairnessReport
from modelyard.evaluations.sample import open_sample
from modelyard.evaluations.types import Evaluation
from modelyard.governance.items.collecting import fresh, notice
from modelyard.governance.items.ids import EXAMPLES, id_of, parsed
from modelyard.governance.items.seeing import holder_of, require_visible, told, visible
from modelyard.governance.items.types import Item
from modelyard.governance.policies.access import exceptions_of
from modelyard.governance.policies.types import PolicyException
from modelyard.governance.signoffs.access import ended_of, workflow_of
from modelyard.governance.signoffs.types import Round, Workflow
from modelyard.kernel.context import Context
from modelyard.models.access import active_version, summaries_of
from modelyard.models.types import VersionSummary
from modelyard.store.database import snapshot

MOST_COLUMNS = 8
"""Columns by whose groups a card compares."""


@dataclass(frozen=True)
class Known:
    """A version with all that its card tells of."""

    asked: str
    """The item that was asked about."""
    item: Item
    basis: Basis
    evaluation: Evaluation | None
    """The one that stands for it."""
    screens: Mapping[str, dict[str, Any]]
    explanations: Mapping[str, dict[str, Any]]
    fairness: tuple[FairnessReport | str, ...]
    """Of each column what was found, or why nothing was."""
    workflow: Workflow | None
    decided: tuple[tuple[str, Round], ...]
    exceptions: tuple[PolicyException, ...]
    versions: tuple[VersionSummary, ...]
    """Of the saved model, where the card is asked of that."""


def known(context: Context, asked: str) -> Known:
    """Look it up, as of one moment.

    Raises:
        NotFound: there is no such item, or whoever asks may not see it.
        Invalid: it is of a kind that has no card.
        Conflict: no version of the model is active.
    """
    notice(context, asked)
    item_id = _version_in(context, asked)
    seen = visible(context)
    _, (project, model, version) = parsed(item_id)
    with snapshot(context.engine) as db:
        for each in dict.fromkeys((asked, item_id)):
            require_visible(db, each, seen)
        holder = holder_of(context, db, item_id)
        item = told(context, db, fresh(context, db, item_id))
        if item.gone is not None:
            raise errors.NotFound(f"{item_id} was deleted; its story is kept, and has no card")
        basis = basis_of(db, project, model, version, lambda each: told(context, db, each))
        evaluation = _evaluation(db, basis)
        workflow = workflow_of(db, item, holder)
        decided = ended_of(db, item, holder)
        exceptions = tuple(exceptions_of(db, item_id))
        is_model = asked != item_id
        versions = tuple(summaries_of(db, project, model)) if is_model else ()
    return Known(
        asked=asked,
        item=item,
        basis=basis,
        evaluation=evaluation,
        screens=screens_of(context, evaluation) if evaluation else {},
        explanations=_explanations(context, basis, evaluation),
        fairness=tuple(_fairness(context, basis, evaluation)),
        workflow=workflow,
        decided=decided,
        exceptions=exceptions,
        versions=versions,
    )


def _version_in(context: Context, asked: str) -> str:
    """The version that a card is about; of a saved model the active one."""
    kind, path = parsed(asked)
    if kind == "version":
        return asked
    if kind != "model":
        raise errors.Invalid(
            f"a {kind} has no model card, only versions and saved models have, as in "
            f"{EXAMPLES['version']}; govern export writes the audit package of any item",
            field="item",
        )
    with context.read() as db:
        require_visible(db, asked, visible(context))
    active = active_version(context, *path)
    if active is None:
        raise errors.Conflict(
            f"no version of {path[1]} is active, whose card could be told; activate one, or ask "
            f"for that of a version, as in {EXAMPLES['version']}"
        )
    return id_of("version", *path, active)


def _evaluation(db: Connection, basis: Basis) -> Evaluation | None:
    """The reference of the version; else the newest evaluation of these files."""
    version = basis.version
    found = own_of_version(db, version)
    for each in () if found else basis.evaluations:
        candidate = evaluations.get(db, version.project, each.id)
        if candidate.version_digest == version.digest:
            return candidate
    return found


def _explanations(
    context: Context, basis: Basis, evaluation: Evaluation | None
) -> Mapping[str, dict[str, Any]]:
    """Those of the evaluation that stands for it; else of the newest one that has some."""
    first = [] if evaluation is None else [evaluation]
    if first and (found := all_kept(context, first[0])):
        return found
    for each in basis.evaluations if basis.explained else ():
        with context.read() as db:
            other = evaluations.get(db, basis.version.project, each.id)
        if other.version_digest == basis.version.digest and (found := all_kept(context, other)):
            return found
    return {}


def _fairness(
    context: Context, basis: Basis, evaluation: Evaluation | None
) -> Iterator[FairnessReport | str]:
    columns = basis.columns[:MOST_COLUMNS]
    if not columns:
        return
    if evaluation is None:
        yield f"Groups of {', '.join(columns)} are to be compared, and there is no evaluation."
        return
    for column in columns:
        asked = ShowFairness(project=evaluation.project, id=evaluation.id, by=column)
        try:
            with open_sample(context, evaluation) as sample:
                yield compare_groups(sample, asked)
        except (errors.Invalid, errors.NotFound, errors.Unsupported) as exc:
            yield f"By {column}: {exc.detail}."
