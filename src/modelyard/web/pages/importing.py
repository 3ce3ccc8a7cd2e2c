"""The wizard that imports a model: its source, its code env, what a probe finds, its metadata.

All that it knows stands in the address or, from the probe on, in the probe's job.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import Any, Literal
from urllib.parse import urlencode

from modelyard.data.commands import ListConnections
from modelyard.files.commands import ListFiles
from modelyard.jobs.types import Job
from modelyard.kernel.values import FILES
from modelyard.models.commands import ListModels, ProbeVersion
from modelyard.models.types import ProbedModel, SavedModel
from modelyard.web.pages import probe_words
from modelyard.web.pages.formats import sentence
from modelyard.web.pages.import_forms import FORMS
from modelyard.web.pages.jobs import JobLine, line_of, made_by
from modelyard.web.pages.models import crumbs
from modelyard.web.pages.page import Elsewhere, Page, View, Visit, Way, address
from modelyard.web.pages.probe_words import Check, Verdict
from modelyard.web.pages.registry import Browsed, browse
from modelyard.web.pages.wizard import (
    ENV,
    IMPORTED,
    METADATA,
    MOST,
    NEW,
    OF_PROBE,
    PROBE,
    SAID,
    SOURCE,
    START,
    UPLOAD,
    above,
    job_of,
    model_of,
    onwards,
    told,
)

ARCHIVES = (".zip", ".tar.gz", ".tgz")
SourceKind = Literal["upload", "registry", "path"]
ASKED = ("source", "tracking_uri", "env", "dataset", "target", "classes", "features")
"""What the step of the code env asks for, and what it is told."""
KINDS: tuple[SourceKind, ...] = ("upload", "registry", "path")


class StartView(View):
    """Which saved model a version is imported into."""

    models: tuple[tuple[SavedModel, str], ...]
    """Each with the step that comes next."""
    new: str
    """The step that names a new one."""


class SourceView(View):
    """Where the model is."""

    model: SavedModel
    way: SourceKind
    upload: str
    """Where an upload is sent."""
    onward: str
    """The step that a source leads to."""
    sources: tuple[str, ...] = ()
    """Models among the project's files, and folders that connections name."""
    registry: Browsed | None = None


class ProbeView(View):
    """What a probe finds, or how far it is; and how far the import is that follows."""

    model: SavedModel
    source: str
    line: JobLine
    importing: bool
    made: str
    """The id of the version that is imported."""
    before: str
    """The step before."""
    first: str
    """The step in which a source is chosen."""
    onward: str
    """The step after; of an import that is done, the version, where it has a page."""
    found: ProbedModel | None = None
    verdict: Verdict | None = None
    checks: tuple[Check, ...] = ()
    origin: tuple[tuple[str, str, str], ...] = ()
    raw: str = ""
    classes: tuple[str, ...] = ()
    classes_from: str = ""
    names_classes: bool = False
    """Whether the classes can be named here: the model does not tell their names."""
    threshold: float | None = None
    threshold_from: str = ""
    problem: str = ""
    findings: tuple[str, ...] = ()
    """What the scan found in a model that is not let in."""


def start(visit: Visit) -> StartView:
    """The saved models of a project; where there is none, one begins by naming it."""
    key = visit.path["project"]
    new = onwards(visit, address(NEW, project=key))
    models = visit.part(ListModels(project=key, limit=MOST))
    if not models:
        raise Elsewhere(new)
    return StartView(
        title="Import a model",
        crumbs=crumbs(key),
        models=tuple(
            (each, onwards(visit, address(SOURCE, project=key, model=each.name))) for each in models
        ),
        new=new,
    )


def source(visit: Visit) -> SourceView:
    """The ways to name a model."""
    model = model_of(visit)
    way = visit.one_of("from", KINDS) or "upload"
    return SourceView(
        title="Import a version",
        crumbs=above(visit),
        model=model,
        way=way,
        upload=address(UPLOAD, **visit.path),
        onward=address(ENV, **visit.path),
        sources=tuple(_near_sources(visit)) if way == "path" else (),
        registry=browse(visit) if way == "registry" else None,
    )


def probe(visit: Visit) -> ProbeView:
    """How far the job is, and what came of it."""
    model, job = model_of(visit), job_of(visit)
    importing = job.command == IMPORTED
    given = job.arguments
    view = ProbeView(
        title=f"Import {given['version']}" if importing else "Import a version",
        crumbs=above(visit),
        model=model,
        source=told(str(given.get("source", ""))),
        line=line_of(job),
        importing=importing,
        made=str(given.get("version", "")),
        before=_before(visit, given),
        first=address(SOURCE, project=model.project, model=model.name),
        onward=(made_by(job) or "") if importing else address(METADATA, **visit.path),
        problem=sentence(job.error.detail) if job.error else "",
        findings=_findings(job),
    )
    if job.state != "succeeded" or importing:
        return view
    found = ProbedModel.model_validate(job.result)
    threshold, threshold_from = probe_words.threshold_from(found)
    own = found.probe.loaded.classes
    return view.model_copy(
        update={
            "found": found,
            "verdict": probe_words.verdict(found),
            "checks": probe_words.checks(found),
            "origin": probe_words.origin(found),
            "raw": probe_words.raw_kind(found),
            "classes": tuple(map(str, found.core.classes)),
            "classes_from": probe_words.classes_from(found),
            "names_classes": own is None or list(own) == list(range(len(own))),
            "threshold": given.get("threshold", threshold),
            "threshold_from": threshold_from,
        }
    )


def _before(visit: Visit, given: dict[str, Any]) -> str:
    """The step that began the job, as it was filled in."""
    project, model = visit.path["project"], visit.path["model"]
    if probe := visit.asked(OF_PROBE):
        return _with_words(address(METADATA, project=project, model=model, job=probe), given, SAID)
    return _with_words(address(ENV, project=project, model=model), given, ASKED)


def _with_words(href: str, given: dict[str, Any], asked: Iterable[str]) -> str:
    words = {
        name: "\n".join(map(str, word)) if isinstance(word, list) else word
        for name in asked
        if (word := given.get(name))
    }
    return f"{href}?{urlencode(words)}"


def _near_sources(visit: Visit) -> Iterator[str]:
    """What can be named by a path: archives and model folders of the project, connections."""
    key = visit.path["project"]
    files = visit.part(ListFiles(project=key, limit=10 * MOST))
    found = dict.fromkeys(filter(None, (_model_at(PurePosixPath(each.path)) for each in files)))
    yield from list(found)[:MOST]
    for each in visit.part(ListConnections(project=key, limit=MOST)):
        if each.kind == "folder":
            yield f"connection://{each.name}/"


def _model_at(path: PurePosixPath) -> str | None:
    if path.name == "MLmodel" and len(path.parts) > 1:
        return f"{FILES}{path.parent}"
    return f"{FILES}{path}" if path.name.endswith(ARCHIVES) else None


def _findings(job: Job) -> tuple[str, ...]:
    found = job.error.context.get("findings", ()) if job.error else ()
    worst = [each for each in found if each["verdict"] not in ("data_only", "known_safe")]
    return tuple(f"{each['file']}: {each['what']}" for each in worst[:20])


WAYS = (
    Way(
        title="Upload a model",
        about="A .zip or .tar.gz of a folder that MLflow has saved.",
        icon="upload",
        button="Upload a model",
        path=START,
    ),
    Way(
        title="Take it from MLflow",
        about="Look through the experiments and registered models of an MLflow server.",
        icon="cloud",
        button="Look around",
        path=f"{START}?from=registry",
    ),
    Way(
        title="Name where it is",
        about="A path among the project's files, below a connection, or an address.",
        icon="folder-open",
        button="Name a path",
        path=f"{START}?from=path",
    ),
)
"""The ways to the first model."""

PAGES = (
    Page(START, start, "import_start.html", needs=ProbeVersion.needs),
    Page(SOURCE, source, "import_source.html", needs=ProbeVersion.needs),
    Page(PROBE, probe, "import_probe.html"),
    *FORMS,
)
