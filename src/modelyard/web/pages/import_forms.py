"""The forms of the import wizard: a saved model, an upload, a code env, metadata."""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlencode

from pydantic import JsonValue

from modelyard import errors
from modelyard.files.commands import PutFile
from modelyard.files.types import StoredFile
from modelyard.jobs.types import Job
from modelyard.kernel.values import FILES
from modelyard.models.archive import listed
from modelyard.models.commands import (
    CreateModel,
    ImportVersion,
    ListModels,
    ListVersions,
    ModelRequest,
    ProbeVersion,
    ShowVersion,
)
from modelyard.models.request_rules import check_request
from modelyard.models.sources.folder import MLMODEL
from modelyard.models.types import ProbedModel, SavedModel
from modelyard.runtime.commands import ListEnvs
from modelyard.web.pages import probe_words
from modelyard.web.pages.form import Draft, Form, Words
from modelyard.web.pages.formats import sentence
from modelyard.web.pages.models import crumbs
from modelyard.web.pages.page import Crumb, Visit, address
from modelyard.web.pages.wizard import (
    ENV,
    METADATA,
    MOST,
    NEW,
    OF_PROBE,
    PROBE,
    PROBED,
    SOURCE,
    START,
    TRANSIT,
    UPLOAD,
    above,
    job_of,
    model_of,
    onwards,
    told,
)

NUMBERED = re.compile(r"v(\d+)$")
USES = "scoring uses where none is named"
CALLED, PREDICTS, USED = "What it is called", "What it predicts", "Who uses it"


def _env_draft(visit: Visit) -> Draft:
    """The code env is chosen for a source that the address names."""
    model_of(visit)
    where = visit.asked("source").strip()
    if not where:
        raise errors.Invalid("no source is named; go back and choose one")
    server = visit.asked("tracking_uri")
    named = [each for env in visit.part(ListEnvs(limit=MOST)) for each in env.names]
    default = visit.yard.open().settings.envs.default
    said = {"model": "what the model asks for", "local": "the Python that runs Modelyard"}
    choices = [
        ("inherit", f"{sentence(said.get(default, default))}, as the settings say"),
        *((name, sentence(words)) for name, words in said.items()),
        *((name, name) for name in named),
    ]
    before = "upload" if where.startswith(TRANSIT) else "registry" if server else "path"
    return Draft(
        crumbs=above(visit),
        title="Import a version",
        intro=told(where),
        back=f"{address(SOURCE, **visit.path)}?from={before}",
        values={
            "env": visit.asked("env") or "inherit",
            **{name: visit.asked(name) for name in ("dataset", "target") if visit.asked(name)},
            **{
                name: visit.asked(name).splitlines()
                for name in ("classes", "features")
                if visit.asked(name)
            },
        },
        choices={"env": choices},
        fixed={"source": where, "tracking_uri": server or None},
    )


def _metadata_draft(visit: Visit) -> Draft:
    """What the version is called, and what of the probe's is to be said another way."""
    model, job = model_of(visit), job_of(visit)
    if job.command != PROBED or job.state != "succeeded":
        raise errors.Conflict("the probe has not found anything to import; look at it again")
    found = ProbedModel.model_validate(job.result)
    classes = visit.asked("classes").splitlines() or list(map(str, found.core.classes))
    threshold, _ = probe_words.threshold_from(found)
    binary = model.prediction_type == "binary_classification"
    names = found.probe.loaded.classes is None or bool(job.arguments.get("classes"))
    active = model.active_version
    classifies = binary or model.prediction_type == "multiclass"
    fixed: dict[str, JsonValue] = {
        name: value
        for name, value in job.arguments.items()
        if name in ImportVersion.model_fields and name not in ("project", "model")
    }
    return Draft(
        crumbs=above(visit),
        title="Import a version",
        intro=told(found.lineage.source),
        back=address(PROBE, **visit.path),
        values={
            "version": visit.asked("version") or _next_version(visit, model),
            "name": visit.asked("name"),
            "description": visit.asked("description"),
            "activate": not active or bool(visit.asked("activate")),
            "target": visit.asked("target") or job.arguments.get("target"),
            "classes": [each.strip() for each in classes if each.strip()],
            "threshold": visit.asked("threshold") or job.arguments.get("threshold", threshold),
        },
        help={"activate": f"It then takes the place of {active}, which {USES}."} if active else {},
        fixed={**fixed, "digest": found.digest},
        left_out=frozenset(
            {
                *(() if binary else ("threshold",)),
                *(() if classifies and (names or visit.asked("classes")) else ("classes",)),
            }
        ),
    )


def _next_version(visit: Visit, model: SavedModel) -> str:
    asked = ListVersions(project=model.project, model=model.name, limit=MOST)
    numbers = [found[1] for each in visit.part(asked) if (found := NUMBERED.match(each.version))]
    return f"v{max(map(int, numbers), default=0) + 1}"


def _check_request(visit: Visit, command: ModelRequest[Any], _agreed: Collection[str]) -> None:
    """Raise what is wrong with it already, before a job fetches the model."""
    check_request(command, model_of(visit))


def _check_import(visit: Visit, command: ImportVersion, agreed: Collection[str]) -> None:
    """Raise what is wrong with it already, or would replace a version without somebody's word."""
    check_request(command, model_of(visit))
    taken = command.version
    if taken in agreed:
        return
    try:
        visit.run(ShowVersion(project=command.project, model=command.model, version=taken))
    except errors.NotFound:
        return
    raise errors.Conflict(
        f"there is a {taken} already; take another id, or tick the box below to replace it",
        field="version",
        agree=(taken, f"What is kept of {taken} is then gone", f"Replace {taken}"),
    )


def _check_upload(_visit: Visit, command: PutFile, _agreed: Collection[str]) -> None:
    """Raise at once, in words about the file that was chosen, what the next step would fail for."""
    try:
        names = listed(Path(command.file))
    except errors.Invalid as exc:
        raise errors.Invalid(
            f"{Path(command.path).name} is no archive that can be unpacked; give a .zip or .tar.gz "
            "of a model's folder"
        ) from exc
    if names is not None and MLMODEL not in {PurePosixPath(each).name for each in names}:
        raise errors.Invalid(
            f"{Path(command.path).name} holds no MLflow model: no file in it is called {MLMODEL}; "
            "pack the folder that save_model wrote"
        )


def _in_transit(name: str) -> dict[str, str]:
    """Where an upload waits for its import: in a folder of its own, which is swept some day."""
    return {"path": f"{TRANSIT.removeprefix(FILES)}{uuid.uuid4().hex[:16]}/{name}"}


def _to_source(visit: Visit, made: SavedModel) -> str:
    return onwards(visit, address(SOURCE, project=made.project, model=made.name))


def _first_draft(visit: Visit) -> Draft:
    """A saved model is named; what is above is the choice among those that are there, if any is."""
    key = visit.path["project"]
    start = Crumb(label="Import a model", href=onwards(visit, address(START, project=key)))
    some = visit.part(ListModels(project=key, limit=1))
    return Draft(crumbs=(*crumbs(key), start) if some else crumbs(key))


def _from_upload(visit: Visit, put: StoredFile) -> str:
    return f"{address(ENV, **visit.path)}?{urlencode({'source': FILES + put.path})}"


def _follow(visit: Visit, job: Job) -> str:
    return address(PROBE, **{**visit.path, "job": job.id})


def _follow_import(visit: Visit, job: Job) -> str:
    return f"{_follow(visit, job)}?{urlencode({OF_PROBE: visit.path['job']})}"


FORMS = (
    Form(
        NEW,
        CreateModel,
        "New saved model",
        "Create saved model",
        _to_source,
        intro="A saved model holds the versions of one model. Name it; its first version is next.",
        fields=("name", "prediction_type", "description"),
        words={
            "name": Words(placeholder="arrival-delay", mono=True),
            "prediction_type": Words(
                help="What its versions predict. Other can be scored, and is not interpreted."
            ),
        },
        prepare=_first_draft,
    ),
    Form(
        UPLOAD,
        PutFile,
        "Import a version",
        "Upload and continue",
        _from_upload,
        fields=("file",),
        words={
            "file": Words(
                label="Upload an archive of the model",
                help="A .zip or .tar.gz of a folder that MLflow's save_model wrote, the one with "
                "the file MLmodel.",
            )
        },
        prepare=lambda visit: Draft(
            crumbs=above(visit),
            back=address(SOURCE, project=model_of(visit).project, model=visit.path["model"]),
        ),
        template="import_upload.html",
        sent=_in_transit,
        check=_check_upload,
    ),
    Form(
        ENV,
        ProbeVersion,
        "Import a version",
        "Try the model",
        _follow,
        fields=("env", "dataset", "target", "classes", "features"),
        words={
            "env": Words(
                label="Code env",
                help="The Python and packages that the model runs in. It is built now if it is "
                "not there yet.",
            ),
            "dataset": Words(
                later=True,
                kind="text",
                help="A dataset, or a path, to read features and trial rows from. Without one the "
                "model is asked with its input example.",
            ),
            "target": Words(later=True, help="The column of the dataset that the model predicts."),
            "classes": Words(
                later=True,
                kind="lines",
                help="Only for models that do not tell them: labels in the model's own order, one "
                "a line; of two the negative one first.",
            ),
            "features": Words(
                later=True,
                help="Only without a dataset and a signature: name or name:type, one a line.",
            ),
        },
        prepare=_env_draft,
        template="import_env.html",
        follow=_follow,
        check=_check_request,
    ),
    Form(
        METADATA,
        ImportVersion,
        "Import a version",
        "Import version",
        _follow,
        fields=("version", "name", "description", "target", "classes", "threshold", "activate"),
        words={
            "version": Words(
                group=CALLED, mono=True, help="It stands in addresses, and in scoring to name it."
            ),
            "name": Words(group=CALLED, help="A name for people."),
            "description": Words(group=CALLED, help="One line for people."),
            "target": Words(group=PREDICTS, mono=True, help="The column that the model predicts."),
            "classes": Words(
                group=PREDICTS,
                kind="lines",
                mono=True,
                help="In the model's own order, one a line; of two the negative one first.",
            ),
            "threshold": Words(
                group=PREDICTS, help="The second class is predicted from this probability up."
            ),
            "activate": Words(
                group=USED, label="Make it the active version", help=f"The one that {USES}."
            ),
        },
        prepare=_metadata_draft,
        template="import_metadata.html",
        follow=_follow_import,
        check=_check_import,
    ),
)
