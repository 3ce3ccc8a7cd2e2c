"""The pages of one version: all that is known of it, and what can be done with it."""

from __future__ import annotations

from modelyard import errors
from modelyard.evaluations.commands import ListEvaluations
from modelyard.evaluations.replaying.commands import ListReplays
from modelyard.evaluations.replaying.types import ReplaySummary
from modelyard.evaluations.types import EvaluationSummary
from modelyard.models.commands import (
    ActivateVersion,
    DeleteVersions,
    ExportVersion,
    ListUsages,
    ReadImportances,
    ShowExample,
    ShowVersion,
    VerifyVersion,
)
from modelyard.models.file_commands import ReadVersionFile
from modelyard.models.types import ModelVersion, SavedModel, Usage, VersionFileText
from modelyard.runtime.types import Row
from modelyard.web.pages import models
from modelyard.web.pages.activity import activity_of, may_read_activity
from modelyard.web.pages.flash import Undo
from modelyard.web.pages.form import Draft, Form, Words
from modelyard.web.pages.governed_badge import GovernedView, governed
from modelyard.web.pages.home import Happening
from modelyard.web.pages.jobs import MADE
from modelyard.web.pages.page import Crumb, Page, View, Visit, address
from modelyard.web.pages.probe_words import raw_kind
from modelyard.web.pages.version_card import (
    FILE,
    EnvLine,
    FileFindings,
    FileLine,
    SignatureLine,
    env_lines,
    file_findings,
    file_lines,
    output_lines,
    signature_lines,
)

ONE = "/projects/{project}/models/{model}/versions/{version}"
OF = ("project", "model", "version")
"""The fields of a version's address."""
MOST = 100
FEW = 5
MADE["versions.import"] = MADE["versions.verify"] = ONE
MADE["versions.importances"] = ONE
MADE["versions.export"] = "/projects/{project}/files"


class VersionView(GovernedView):
    """What all pages about one version show."""

    version: ModelVersion
    may_write: bool
    may_read_activity: bool


class CardView(VersionView):
    """What is known of a version."""

    usages: tuple[Usage, ...]
    """The first recipes that use it."""
    evaluations: tuple[EvaluationSummary, ...]
    """The newest of it."""
    replays: tuple[ReplaySummary, ...]
    """The newest of it."""
    findings: tuple[FileFindings, ...]
    env: tuple[EnvLine, ...]
    raw: str
    """What its raw output is."""
    signature: tuple[SignatureLine, ...]


class SignatureView(VersionView):
    """What a caller of a version sends, with an example, and what it answers."""

    signature: tuple[SignatureLine, ...]
    outputs: tuple[SignatureLine, ...]
    """As its signature declares them."""
    example: Row | None


class FilesView(VersionView):
    """The files of a version."""

    files: tuple[FileLine, ...]


class FileView(View):
    """One file of a version."""

    line: FileLine
    text: VersionFileText | None
    """Its beginning; None: it is no text."""


class ActivityView(VersionView):
    """What was done to a version."""

    happened: tuple[Happening, ...]


def href(project: str, model: str, version: str) -> str:
    """The address of a version."""
    return address(ONE, project=project, model=model, version=version)


def shown(visit: Visit) -> VersionView:
    """The version of the address, with what pages about it share."""
    project, model, version = (visit.path[name] for name in ("project", "model", "version"))
    return VersionView(
        title=version,
        crumbs=models.crumbs(project, model),
        version=found(visit),
        governed=governed(visit, "version", project, model, version),
        may_write=visit.may("models:write"),
        may_read_activity=may_read_activity(visit),
    )


def card(visit: Visit) -> CardView:
    """The most important facts of a version."""
    view = shown(visit)
    version = view.version
    usages = visit.part(ListUsages(project=version.project, name=version.model, limit=MOST))
    about = ListEvaluations(
        project=version.project, model=version.model, version=version.version, limit=FEW
    )
    replayed = ListReplays(
        project=version.project, model=version.model, version=version.version, limit=FEW
    )
    return CardView(
        **dict(view),
        evaluations=tuple(visit.part(about)),
        replays=tuple(visit.part(replayed)),
        usages=tuple(
            each
            for each in usages
            if each.version == version.version or (each.version is None and version.active)
        ),
        findings=file_findings(version.scan),
        env=env_lines(version.env),
        raw=raw_kind(version),
        signature=signature_lines(version.signature, example_row(visit, version)),
    )


def signature(visit: Visit) -> SignatureView:
    """All that a caller sends."""
    view = shown(visit)
    example = example_row(visit, view.version)
    return SignatureView(
        **dict(view),
        signature=signature_lines(view.version.signature, example),
        outputs=output_lines(view.version.model_file.outputs),
        example=example,
    )


def files(visit: Visit) -> FilesView:
    """All files, with what the scan found in them."""
    view = shown(visit)
    return FilesView(**dict(view), files=_lines(view.version))


def file(visit: Visit) -> FileView:
    """One file, as far as it is text."""
    asked = ReadVersionFile.model_validate(visit.path)
    try:
        text = visit.run(asked)
    except errors.Unsupported:
        text = None
    lines = _lines(found(visit))
    return FileView(
        title=asked.path,
        crumbs=(*above(visit), Crumb(label="Files", href=address(f"{ONE}/files", **visit.path))),
        line=next(each for each in lines if each.file.path == asked.path),
        text=text,
    )


def activity(visit: Visit) -> ActivityView:
    """What was done to a version."""
    view = shown(visit)
    version = view.version
    happened = activity_of(visit, version.project, version.model, version.version)
    return ActivityView(**dict(view), happened=happened)


def example_row(visit: Visit, version: ModelVersion) -> Row | None:
    """A row that a version can be asked with; None where nothing is known of its inputs."""
    asked = ShowExample(project=version.project, model=version.model, version=version.version)
    return next(iter(visit.run(asked).rows), None)


def _lines(version: ModelVersion) -> tuple[FileLine, ...]:
    return file_lines(version.files, version.scan, of={name: getattr(version, name) for name in OF})


def above(visit: Visit) -> tuple[Crumb, ...]:
    """What stands above a page about a part of a version."""
    version = visit.path["version"]
    return (
        *models.crumbs(visit.path["project"], visit.path["model"]),
        Crumb(label=version, href=address(ONE, **visit.path)),
    )


def found(visit: Visit) -> ModelVersion:
    """The version of the address."""
    return visit.run(ShowVersion(**{name: visit.path[name] for name in OF}))


def _asked(visit: Visit) -> Draft:
    return Draft(crumbs=above(visit))


def _undo(made: SavedModel) -> Undo | None:
    """The way back to the version that was active before."""
    if made.previous_version is None:
        return None
    place = address(f"{models.ONE}/rollback", project=made.project, model=made.name)
    return Undo(f"Roll back to {made.previous_version}", place)


def _exported(visit: Visit) -> Draft:
    name = f"{visit.path['model']}-{visit.path['version']}.zip"
    return Draft(crumbs=above(visit), values={"to": f"files://exports/{name}"})


def _deleted(visit: Visit) -> Draft:
    version = visit.path["version"]
    return Draft(crumbs=above(visit), fixed={"versions": (version,)}, title=f"Delete {version}")


def here(visit: Visit, _made: object) -> str:
    """Back to the version, from a form about it."""
    return address(ONE, **visit.path)


PAGES: tuple[Page | Form, ...] = (
    Page(ONE, card, "version.html"),
    Page(f"{ONE}/signature", signature, "version_signature.html"),
    Page(f"{ONE}/files", files, "version_files.html"),
    Page(FILE, file, "version_file.html"),
    Page(f"{ONE}/activity", activity, "version_activity.html"),
    Form(
        f"{ONE}/activate",
        ActivateVersion,
        "Activate version",
        "Activate",
        here,
        intro="Recipes that use whichever version is active score with it from now on.",
        said=lambda made: f"{made.active_version} is the active version of {made.name}.",
        undo=_undo,
        prepare=_asked,
    ),
    Form(
        f"{ONE}/verify",
        VerifyVersion,
        "Verify version",
        "Verify",
        here,
        intro="Its files are checked, and a fresh load has to give the golden predictions again.",
        fields=("env",),
        words={"env": Words(label="Code env", help="Another code env to load it in.")},
        prepare=_asked,
    ),
    Form(
        f"{ONE}/importances",
        ReadImportances,
        "Read own importances",
        "Read",
        here,
        intro="A worker loads the version and tells the importances of its trees, or its "
        "coefficients. Pages and reports of its evaluations show them from then on.",
        said=lambda made: f"{made.total} features: its evaluations show them among explanations.",
        fields=(),
        prepare=_asked,
    ),
    Form(
        f"{ONE}/export",
        ExportVersion,
        "Export version",
        "Export",
        here,
        intro="Its files are written among the project's files, as an MLflow model.",
        fields=("to",),
        words={"to": Words(label="File", help="A new .zip file, or a new folder.", mono=True)},
        prepare=_exported,
    ),
    Form(
        f"{ONE}/delete",
        DeleteVersions,
        "Delete version",
        "Delete version",
        lambda visit, _made: models.href(visit.path["project"], visit.path["model"]),
        intro="Its files and golden predictions go with it. This cannot be undone.",
        said="The version is deleted.",
        fields=("force",),
        words={"force": Words(label="Delete it even if it is active or a recipe uses it", help="")},
        prepare=_deleted,
        dangerous=True,
    ),
)
