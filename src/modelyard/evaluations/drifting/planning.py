"""What a comparison is of: sides that are there, the version, and how its answers are looked at."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

from modelyard import errors
from modelyard.analysis.drift.drift_tests import DRIFT_TESTS
from modelyard.analysis.drift.text import EMBEDDINGS
from modelyard.analysis.types import Gains
from modelyard.data.access import Source, open_source
from modelyard.data.types import Sampling
from modelyard.evaluations import repository
from modelyard.evaluations.drifting.commands import ComputeDrift
from modelyard.evaluations.figures import Threshold
from modelyard.evaluations.kept_rows import digest_of_part
from modelyard.evaluations.scored import PREDICTION, PROBABILITY
from modelyard.evaluations.storing.reference import reference_for
from modelyard.evaluations.storing.types import Part
from modelyard.evaluations.types import Evaluation, View
from modelyard.kernel.context import Context
from modelyard.kernel.values import TRANSIT, name_by
from modelyard.models.access import find_version
from modelyard.models.types import ModelVersion

NEW_ID = re.compile(r"\d{8}-\d{6}-[0-9a-f]{6}")
"""How ids look that nobody chose."""


@dataclass(frozen=True)
class Evaluated:
    """A side that is rows of an evaluation.

    Args:
        given: as it was asked for.
        evaluation: whose they are.
        part: which of them.
        file: where they are while the evaluation is being made; none: among the artifacts.
    """

    given: str
    evaluation: Evaluation
    part: Part = "drift"
    file: Path | None = None

    @property
    def name(self) -> str:
        """What sentences call it: the evaluation as it was named, else its data."""
        of = self.evaluation
        if self.part == "reference":
            return _last_part(of.reference_dataset or "its reference")
        if of.dataset is None or of.name != name_by(of.created):
            return of.name
        return _last_part(of.dataset)


@dataclass(frozen=True)
class Data:
    """A side that is a dataset or a path."""

    given: str
    source: Source
    evaluation: None = None

    @property
    def name(self) -> str:
        """What sentences call it."""
        return _last_part(self.given)


Named = Evaluated | Data


@dataclass(frozen=True)
class Answering:
    """How a version's answers are looked at, on all sides alike."""

    view: View
    threshold: Threshold
    target: str | None


@dataclass(frozen=True)
class Plan:
    """A comparison that can be carried out.

    Args:
        command: what was asked.
        current: the newer side.
        reference: the older one.
        prediction_reference: with whose predictions its own are compared.
        performance_reference: with whose performance its own is compared.
        version: that scores data; none: there is none.
        answering: how answers are looked at; none: nothing is predicted.
        warnings: what should be known.
        folder: where files of it are put meanwhile, among the project's files.
    """

    command: ComputeDrift
    current: Named
    reference: Named
    prediction_reference: Named
    performance_reference: Named
    version: ModelVersion | None
    answering: Answering | None
    warnings: tuple[str, ...]
    folder: str

    @property
    def sides(self) -> tuple[Named, ...]:
        """All there are, each once."""
        every = (
            self.current,
            self.reference,
            self.prediction_reference,
            self.performance_reference,
        )
        return tuple({id(each): each for each in every}.values())

    @property
    def evaluations(self) -> list[Evaluation]:
        """Those among the sides, the current one first."""
        return [each.evaluation for each in self.sides if each.evaluation is not None]


def make_plan(command: ComputeDrift, context: Context) -> Plan:
    """Find what a comparison names.

    Raises:
        NotFound: a side, the model or the version is not there.
        Blocked: the version may not run.
        Invalid: there is no reference, or an option does not fit.
        Unsupported: an evaluation keeps no rows.
    """
    current = _named(context, command.project, command.current)
    return plan_of(command, context, current, _reference(context, command, current))


def plan_of(command: ComputeDrift, context: Context, current: Named, reference: Named) -> Plan:
    """The plan of two sides that were found; errors as in `make_plan`.

    Columns are looked at as the current evaluation was to, unless the command says otherwise.
    """
    if current.evaluation is not None:
        command = _handling_as(command, current.evaluation)
    found = {command.current: current, command.reference: reference, None: reference}

    def other(text: str | None) -> Named:
        if text not in found:
            found[text] = _named(context, command.project, text or "")
        return found[text]

    others = (other(command.prediction_reference), other(command.performance_reference))
    every = (current, reference, *others)
    version, warnings = _version(context, command, every)
    _require_options(command)
    return Plan(
        command=command,
        current=current,
        reference=reference,
        prediction_reference=others[0],
        performance_reference=others[1],
        version=version,
        answering=_answering(command, version, every),
        warnings=tuple(warnings),
        folder=_folder(command, version, every),
    )


def _handling_as(command: ComputeDrift, evaluation: Evaluation) -> ComputeDrift:
    own = {
        name: kind
        for name, kind in evaluation.handling.items()
        if kind != "excluded" or name not in command.columns
    }
    return command.model_copy(update={"handling": {**own, **command.handling}})


def _named(context: Context, project: str, text: str) -> Named:
    """An evaluation by its id, else a dataset or a path."""
    with context.read() as db:
        evaluation = repository.find(db, project, text)
    if evaluation is not None:
        if digest_of_part(evaluation, "drift") is None:
            raise errors.Unsupported(
                f"the evaluation {text} keeps no rows, so that nothing can be compared with it"
            )
        return Evaluated(text, evaluation)
    try:
        return Data(text, open_source(context, project, text))
    except errors.NotFound as exc:
        if NEW_ID.fullmatch(text):
            raise errors.NotFound(
                f"there is no evaluation {text!r} in project {project!r}, and no dataset or file "
                "of that name; `modelyard evaluations list` shows evaluations"
            ) from exc
        raise


def _reference(context: Context, command: ComputeDrift, current: Named) -> Named:
    if command.reference is not None:
        same = command.reference == command.current
        return current if same else _named(context, command.project, command.reference)
    if current.evaluation is None:
        raise errors.Invalid(
            f"{command.current} is compared with what? Name an evaluation, dataset or path by "
            "--reference; only evaluations have one of their own",
            field="reference",
        )
    own = reference_for(context, current.evaluation)
    if own is None:
        raise errors.Invalid(
            f"the evaluation {command.current} has no reference yet: it is the first of its "
            "version; name an evaluation, dataset or path by --reference",
            field="reference",
        )
    return Evaluated(own.evaluation.id, own.evaluation, own.part)


def _version(
    context: Context, command: ComputeDrift, sides: tuple[Named, ...]
) -> tuple[ModelVersion | None, list[str]]:
    """The version that is named, or that of an evaluation if data have to be scored."""
    if command.model is not None:
        return find_version(context, command.project, command.model, command.version), []
    if command.version is not None:
        raise errors.Invalid(
            "--version is a version of a saved model; name that by --model", field="version"
        )
    for each in sides:
        of = each.evaluation
        if of is None or of.model is None or of.version is None:
            continue
        try:
            version = find_version(context, command.project, of.model, of.version)
        except errors.ModelyardError as exc:
            return None, [f"no data can be scored as the evaluation {of.id} was: {exc}"]
        if version.digest != of.version_digest:
            told = f"version {of.version} of {of.model} was imported anew since {of.id}"
            return None, [f"{told}, so that no data can be scored as it was"]
        return version, []
    return None, []


def _answering(
    command: ComputeDrift, version: ModelVersion | None, sides: tuple[Named, ...]
) -> Answering | None:
    """As an evaluation among the sides does, else as the version says."""
    target = command.target or (version.core.target if version else None)
    judged = [of for of in (each.evaluation for each in sides) if of and of.prediction_column]
    if judged:
        of = _judging(judged)
        view = View.model_validate(of.model_dump(include=set(View.model_fields)))
        threshold = Threshold(of.threshold, of.threshold_from)
        if of.threshold is None and version is not None:
            threshold = _threshold(version)
        return Answering(view, threshold, of.target or target)
    if version is None:
        return None
    classes = version.core.classes
    view = View(
        prediction_type=version.prediction_type,
        classes=classes,
        positive=classes[1] if version.prediction_type == "binary_classification" else None,
        averaging="weighted",
        gains=Gains(),
        lift_share=0.4,
        confidence=command.confidence,
    )
    return Answering(view, _threshold(version), target)


def _threshold(version: ModelVersion) -> Threshold:
    """The version's own, if it is binary and gives probabilities."""
    rule = version.probe.interpretation and version.probe.interpretation.rule
    if version.prediction_type != "binary_classification" or rule == "labels":
        return Threshold()
    own = version.core.threshold
    return Threshold(0.5 if own is None else own, "version")


def _judging(judged: list[Evaluation]) -> Evaluation:
    """The first one; where it was made without a truth, it has no threshold, but others may."""
    first = judged[0]
    alike = (of for of in judged if of.prediction_type == first.prediction_type)
    return next((of for of in alike if of.threshold is not None), first)


def _require_options(command: ComputeDrift) -> None:
    for name in command.thresholds:
        DRIFT_TESTS.get(name)
    if command.embeddings is not None:
        _require_embedding(command.embeddings)
    both = set(command.columns) & {
        name for name, kind in command.handling.items() if kind == "excluded"
    }
    if both:
        raise errors.Invalid(
            f"column {min(both)!r} is asked for by --columns and left out by --handling",
            field="columns",
        )


def _require_embedding(name: str) -> None:
    """Refuse an embedding that is not there.

    Raises:
        Invalid: no package brings it.
        Conflict, Failed: the packages that do are at odds, or cannot be loaded.
    """
    there = EMBEDDINGS.names()
    if name not in there:
        raise errors.Invalid(
            f"there is no embedding {name!r}; there are: {', '.join(there)}. Install a package "
            f"that brings it by an entry point {name!r} in the group {EMBEDDINGS.group}",
            field="embeddings",
        )
    EMBEDDINGS.get(name)


def _folder(command: ComputeDrift, version: ModelVersion | None, sides: tuple[Named, ...]) -> str:
    """The same for the same comparison of data that did not change."""
    facts = [command.model_dump_json(), version.digest if version else ""]
    facts += [
        side.source.fingerprint or secrets.token_hex() for side in sides if isinstance(side, Data)
    ]
    digest = hashlib.sha256("\n".join(facts).encode()).hexdigest()
    return f"{TRANSIT}/drift-{digest[:16]}"


def sampling_of(command: ComputeDrift) -> Sampling:
    """Which rows of data are taken."""
    return Sampling.model_validate(command.model_dump(include=set(Sampling.model_fields)))


def _last_part(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2] or path


def is_answer(name: str) -> bool:
    """Whether a column is called as predictions are."""
    return name == PREDICTION or name.startswith(PROBABILITY)
