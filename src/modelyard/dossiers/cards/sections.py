"""The sections of a model card about the model itself, in the order of Mitchell et al."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from modelyard.analysis.charts.words import ODD, clean, count, number
from modelyard.dossiers.cards.known import Known
from modelyard.dossiers.types import CardFact, CardSection, CardTable
from modelyard.governance.policies.evidence import CardPart

MOST_ROWS = 60
"""Rows of a table of a card."""
LONGEST = 1000
"""Letters of a cell."""
MOST_CLASSES = 20
MOST_LIBRARIES = 12
Cells = Iterable[tuple[Any, ...]]


def of_model(known: Known) -> Iterator[CardSection]:
    """What the model is, what it is for, where it comes from."""
    yield _overview(known)
    yield _details(known)
    yield _signature(known)
    yield _provenance(known)
    yield written(known, "intended-use", "Intended use", "intended_use", "out_of_scope")
    yield written(known, "factors", "Factors", "factors")


def written(known: Known, name: str, title: str, *parts: CardPart) -> CardSection:
    """A section of what people wrote, with what is missing of it."""
    texts = tuple(text for part in parts for text in known.basis.texts[part])
    return CardSection(name=name, title=title, texts=texts, missing=missing(known, *parts))


def missing(known: Known, *parts: CardPart) -> tuple[str, ...]:
    """Which of some fields are not there, and how they are filled in."""
    return tuple(
        f"{each.title}: {each.advice}."
        for each in known.basis.fields()
        if each.part in parts and not each.there
    )


def facts(*told: tuple[str, Any]) -> tuple[CardFact, ...]:
    """Facts that are known."""
    return tuple(CardFact(name=name, value=said(value)) for name, value in told if _is_told(value))


def table(title: str, columns: Sequence[str], rows: Cells) -> tuple[CardTable, ...]:
    """A table of those rows, if there are any, without columns in which nothing stands."""
    every = [tuple(said(cell) for cell in row) for row in rows]
    if not every:
        return ()
    kept = [at for at, cells in enumerate(zip(*every, strict=True)) if any(cells)]
    columns = [columns[at] for at in kept]
    every = [tuple(row[at] for at in kept) for row in every]
    shown, left = tuple(every[:MOST_ROWS]), max(0, len(every) - MOST_ROWS)
    return (CardTable(title=title, columns=tuple(columns), rows=shown, left_out=left),)


def said(value: Any) -> str:
    """A value in words."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, float):
        return number(value)
    if isinstance(value, int):
        return count(value)
    if isinstance(value, list | tuple):
        return ", ".join(said(each) for each in value)
    if isinstance(value, dict):
        return ", ".join(f"{key}: {said(each)}" for key, each in sorted(value.items()))
    text = ODD.sub(" ", str(value))
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def moment(at: datetime | str | None) -> str:
    """A moment in UTC, to the minute."""
    if at is None:
        return "–"
    found = datetime.fromisoformat(at) if isinstance(at, str) else at
    return f"{found:%Y-%m-%d %H:%M} UTC"


def megabytes(size: int) -> str:
    """A number of bytes."""
    return f"{size / 1e6:,.1f} MB" if size >= 50_000 else f"{size:,} bytes"


def _is_told(value: Any) -> bool:
    return value not in (None, "", (), [], {})


def _overview(known: Known) -> CardSection:
    """The versions of the saved model, where the card is of that."""
    rows = (
        (each.version, each.active, each.flavor, each.imported, each.imported_by, each.description)
        for each in known.versions
    )
    columns = ("Version", "Active", "Flavor", "Imported", "By", "Description")
    told = table("", columns, rows)
    return CardSection(name="versions", title="Versions of the saved model", tables=told)


def _details(known: Known) -> CardSection:
    version = known.basis.version
    loaded = version.probe.loaded
    libraries = sorted(f"{name} {number_}" for name, number_ in loaded.libraries.items())
    named = [*libraries[:MOST_LIBRARIES], *(["…"] if len(libraries) > MOST_LIBRARIES else [])]
    return CardSection(
        name="details",
        title="Model details",
        texts=(*known.basis.texts["description"], *known.basis.texts["contact"]),
        facts=facts(
            ("Model", version.model),
            ("Version", version.version),
            ("Name", version.name),
            ("Project", version.project),
            ("Active", version.active),
            ("Prediction type", version.prediction_type.replace("_", " ")),
            ("Flavor", loaded.flavor),
            ("Algorithm", loaded.model_class),
            ("Libraries", named),
            ("Python", loaded.python),
            ("Code env", version.env.id),
            ("MLflow", version.model_file.mlflow_version),
            ("Saved", version.model_file.trained),
            ("Imported", version.imported),
            ("Imported by", version.imported_by),
            ("Digest of the files", version.digest),
            ("Files", f"{len(version.files):,}, {megabytes(sum(f.size for f in version.files))}"),
        ),
        missing=missing(known, "description", "contact"),
    )


def _signature(known: Known) -> CardSection:
    version = known.basis.version
    core, inputs = version.core, version.signature.inputs
    classes = [clean(each) for each in core.classes[:MOST_CLASSES]]
    more = len(core.classes) - len(classes)
    roles = {each.name: each.role for each in core.features}
    columns = (
        (each.name, each.type, each.required, roles.get(each.name, "–")) for each in inputs.columns
    )
    return CardSection(
        name="signature",
        title="What it takes and predicts",
        facts=facts(
            ("Target", core.target),
            ("Classes", [*classes, *([f"and {more} more"] if more > 0 else [])]),
            ("Order of classes", {"model": "the model's", "user": "given"}.get(core.class_order)),
            ("Threshold", core.threshold),
            ("Source of the signature", version.signature.source),
            ("Tensors", [f"{each.name} {each.dtype} {each.shape}" for each in inputs.tensors]),
            ("Parameters", [f"{each.name} = {each.default}" for each in inputs.params]),
        ),
        tables=table("Inputs", ("Column", "Type", "Required", "Role"), columns),
        missing=missing(known, "signature"),
    )


def _provenance(known: Known) -> CardSection:
    of = known.basis.version.lineage
    return CardSection(
        name="provenance",
        title="Provenance",
        facts=facts(
            ("Source", of.source),
            ("Experiment", of.experiment),
            ("Run", of.run_name),
            ("Run id", of.run_id),
            ("Logged model", of.logged_model_id),
            ("Registered model", of.registered_model),
            ("Version in the registry", of.registry_version),
            ("Aliases", of.aliases),
            ("Trained by", of.user),
            ("Commit", of.git_commit),
            ("Page", of.link),
        ),
        missing=missing(known, "provenance"),
    )
