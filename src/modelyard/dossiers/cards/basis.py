"""What a model card is made of by people and by evidence, and which of its fields are there."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import get_args

from pydantic import JsonValue
from sqlalchemy import Connection, func, select

from modelyard.analysis.group_types import Criterion
from modelyard.dossiers.types import CardField, CardText
from modelyard.evaluations import repository as evaluations
from modelyard.evaluations.explaining.keeping import PREFIX
from modelyard.evaluations.types import EvaluationSummary
from modelyard.governance.items import repository as items
from modelyard.governance.items.ids import id_of
from modelyard.governance.items.types import Item
from modelyard.governance.policies.evidence import CARD_PARTS, CardPart, Path, Paths
from modelyard.models.access import version_of, versions_at
from modelyard.models.types import ModelVersion
from modelyard.models.weighed import KEPT
from modelyard.store.among import Among
from modelyard.store.tables import evaluation_files, files
from modelyard.store.tables import evaluations as evaluation_rows

Fields = Mapping[str, JsonValue]
FAIRNESS = get_args(Criterion)
COLUMNS = "fairness_columns"
"""The field that names the columns by whose groups a version is compared."""
NAMES: dict[CardPart, tuple[str, ...]] = {
    "description": ("description", "summary"),
    "contact": ("contact", "owner"),
    "provenance": (),
    "signature": (),
    "intended_use": ("intended_use", "intended_purpose", "purpose"),
    "out_of_scope": ("out_of_scope", "out_of_scope_use", "misuse"),
    "factors": ("factors", "groups"),
    "metrics": ("metrics_reason",),
    "evaluation_data": ("evaluation_data", "test_data"),
    "training_data": ("training_data", "data"),
    "fairness": ("fairness", "bias"),
    "explanations": ("explanations", "interpretation"),
    "ethics": ("ethics", "ethical_considerations", "unintended"),
    "limitations": ("limitations", "limits", "caveats", "recommendations"),
}
"""Fields of governed items, and keys of MLflow's metadata, that are a part of the card."""
OF_PEOPLE = frozenset(CARD_PARTS) - {"metrics", "evaluation_data", "provenance", "signature"}
"""Parts for which it is enough that somebody wrote something."""
TITLES: dict[CardPart, str] = {
    "description": "Description",
    "contact": "Contact",
    "provenance": "Provenance",
    "signature": "Signature",
    "intended_use": "Intended use",
    "out_of_scope": "Out-of-scope use",
    "factors": "Factors",
    "metrics": "Metrics with intervals",
    "evaluation_data": "Evaluation data",
    "training_data": "Training data",
    "fairness": "Fairness",
    "explanations": "Explanations",
    "ethics": "Ethical considerations",
    "limitations": "Limitations",
}
ADVICE: dict[CardPart, str] = {
    "description": "describe the version: versions update --description",
    "provenance": "import it from its run or registry, or log the commit with the run",
    "signature": "save the model with a signature, or import it with a dataset",
    "metrics": "evaluate the version on data that has the truth: evaluations run",
    "evaluation_data": "evaluate the version on data that has the truth: evaluations run",
    "explanations": "measure it: evaluations importance",
    "fairness": f"fill in fairness, or name the columns in {COLUMNS}",
    "training_data": "log the training dataset with the run, or fill in training_data",
}
"""How a part is filled in that has more than a field of its name."""


def _where_to_write(part: CardPart) -> str:
    return (
        f"fill in the field {part} of the item or of its model, where a template asks for it, or "
        "save it as metadata of the MLflow model"
    )


def whole(item: Item) -> Item:
    """An item with all of its fields."""
    return item


@dataclass(frozen=True)
class Basis:
    """A version with what was written of it and what is known of it."""

    version: ModelVersion
    texts: dict[CardPart, tuple[CardText, ...]]
    columns: tuple[str, ...]
    """Whose groups are to be compared."""
    evaluations: tuple[EvaluationSummary, ...]
    """The newest first."""
    explained: datetime | None
    """Since when something says what the version looks at."""

    def told(self) -> dict[CardPart, datetime]:
        """The parts of the card that are there, and since when."""
        imported = self.version.imported
        found = {part: imported for part in OF_PEOPLE if self.texts.get(part)}
        of, files_ = self.version.lineage, self.evaluations
        for part, is_there in (
            ("provenance", of.run_id or of.git_commit or of.registered_model or of.logged_model_id),
            ("signature", self.version.signature.source != "none"),
            ("training_data", of.train_dataset),
            ("fairness", self.columns),
        ):
            if is_there:
                found[_part(part)] = imported
        for part, moments in (
            ("evaluation_data", [each.created for each in files_ if each.dataset]),
            ("metrics", [each.created for each in files_ if _has_intervals(each)]),
            ("fairness", [each.created for each in files_ if set(FAIRNESS) & set(each.metrics)]),
            ("explanations", [self.explained] if self.explained else []),
        ):
            if moments:
                found.setdefault(_part(part), min(moments))
        return found

    def fields(self) -> tuple[CardField, ...]:
        """Each field of a complete card, and whether it is there."""
        told = self.told()
        return tuple(
            CardField(
                part=part,
                title=TITLES[part],
                there=part in told,
                advice="" if part in told else ADVICE.get(part, _where_to_write(part)),
            )
            for part in CARD_PARTS
        )


def basis_of(
    db: Connection, project: str, model: str, version: str, tell: Callable[[Item], Item] = whole
) -> Basis:
    """Read what the card of a version is made of.

    Args:
        db: an open transaction.
        project: key of the project.
        model: name of the saved model.
        version: id of the version.
        tell: an item as whoever asks may know it; all of it, where a policy is asked.

    Raises:
        NotFound: there is no such version.
    """
    return next(_bases(db, [version_of(db, project, model, version)], tell))


def bases_of(db: Connection, paths: Paths) -> Iterator[tuple[Path, Basis]]:
    """The same of several versions by their paths, without what was verified of each.

    Raises:
        NotFound: there is no such version.
    """
    there = versions_at(db, paths)
    found = [there.get(path) or version_of(db, *path) for path in paths]
    yield from zip(paths, _bases(db, found, whole), strict=True)


def _bases(
    db: Connection, versions: Sequence[ModelVersion], tell: Callable[[Item], Item]
) -> Iterator[Basis]:
    paths = [_path(each) for each in versions]
    summaries = evaluations.of_versions(db, paths)
    explained, own = _explained(db, paths), _explaining(db, paths)
    names = {id_of("version", *path) for path in paths} | {id_of("model", *p[:2]) for p in paths}
    kept = items.kept(db, names)
    fields = {name: tell(each.item).fields for name, each in kept.items()}
    for found in versions:
        path = _path(found)
        lines = (id_of("version", *path), id_of("model", *path[:2]))
        written: list[tuple[str, Fields]] = [
            (name, fields[name]) for name in lines if fields.get(name)
        ]
        written.append(("the metadata of the MLflow model", found.model_file.metadata))
        texts = {part: tuple(_texts(part, written)) for part in CARD_PARTS}
        if found.description:
            mine = CardText(text=found.description, source="the version")
            texts["description"] = (mine, *texts["description"])
        named = [said.get(COLUMNS) for _, said in written]
        columns = next((each for each in map(_listed, named) if each), ())
        since = found.imported if path in own else explained.get(path)
        yield Basis(found, texts, columns, tuple(summaries.get(path, ())), since)


def _path(version: ModelVersion) -> Path:
    return version.project, version.model, version.version


def _part(name: str) -> CardPart:
    return next(part for part in CARD_PARTS if part == name)


def _has_intervals(found: EvaluationSummary) -> bool:
    figures = found.metrics.values()
    return any(None not in (each.value, each.low, each.high) for each in figures)


def _texts(part: CardPart, written: list[tuple[str, Fields]]) -> Iterator[CardText]:
    for where, fields in written:
        for name in NAMES[part]:
            for text in _lines(fields.get(name)):
                yield CardText(text=text, source=f"{where}, {name}")


def _lines(value: JsonValue) -> Iterator[str]:
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, str) and each.strip():
            yield each.strip()


def _listed(value: JsonValue) -> tuple[str, ...]:
    texts = (each for text in _lines(value) for each in text.split(","))
    return tuple(dict.fromkeys(text.strip() for text in texts if text.strip()))


def _explained(db: Connection, paths: Collection[Path]) -> dict[Path, datetime]:
    """When the first evaluation of each version was made that has an explanation."""
    of, on = evaluation_files.c, evaluation_rows.c
    columns = (on.project, on.model, on.version)
    its_files = (of.project == on.project) & (of.evaluation == on.id)
    query = select(*columns, func.min(on.created).label("first")).join(evaluation_files, its_files)
    query = query.where(Among(columns, paths), of.name.startswith(PREFIX)).group_by(*columns)
    return {(row.project, row.model, row.version): row.first for row in db.execute(query)}


def _explaining(db: Connection, paths: Collection[Path]) -> set[Path]:
    """The versions that say themselves what they look at."""
    of = files.c
    columns = (of.project, of.model, of.version)
    query = select(*columns).where(Among(columns, paths), of.path == KEPT)
    return {(row.project, row.model, row.version) for row in db.execute(query)}
