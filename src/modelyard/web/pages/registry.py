"""Looking around on an MLflow server, for a model to import."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

from modelyard import errors
from modelyard.data.commands import ListConnections
from modelyard.kernel.values import Value
from modelyard.models.browsing.commands import (
    ListExperiments,
    ListRegisteredModels,
    ListRegisteredVersions,
    ListTrackedRuns,
)
from modelyard.models.browsing.types import (
    Experiment,
    RegisteredModel,
    RegisteredVersion,
    TrackedRun,
)
from modelyard.web.pages.formats import sentence
from modelyard.web.pages.page import Visit

PART, MOST = 25, 200
Shown = Literal["models", "versions", "experiments", "runs"]
KINDS: tuple[Shown, ...] = ("models", "versions", "experiments", "runs")


class Browsed(Value):
    """A part of what a server holds: things of one kind, or why there are none."""

    server: str
    """The address that was typed; empty: the server's own MLflow."""
    servers: tuple[str, ...] = ()
    """Connections that name one."""
    shown: Shown
    inside: str = ""
    """The registered model or experiment whose versions or runs are shown."""
    named: str = ""
    """What that is called."""
    search: str = ""
    models: tuple[RegisteredModel, ...] = ()
    versions: tuple[RegisteredVersion, ...] = ()
    experiments: tuple[Experiment, ...] = ()
    runs: tuple[TrackedRun, ...] = ()
    next: str | None = None
    problem: str = ""


def browse(visit: Visit) -> Browsed:
    """What the words of the query ask for."""
    shown = visit.one_of("show", KINDS) or "models"
    found = Browsed(
        server=visit.asked("server"),
        servers=servers(visit),
        shown=shown,
        inside=visit.asked("inside"),
        named=visit.asked("named") or visit.asked("inside"),
        search=visit.asked("search"),
    )
    if problem := _forbidden(found.server):
        return found.model_copy(update={"problem": problem})
    try:
        return found.model_copy(update=_asked(visit, found))
    except errors.ModelyardError as exc:
        return found.model_copy(update={"problem": sentence(exc.detail)})


def servers(visit: Visit) -> tuple[str, ...]:
    """The MLflow servers that connections of the project name."""
    found = visit.part(ListConnections(project=visit.path["project"], limit=MOST))
    return tuple(f"connection://{each.name}" for each in found if each.kind == "mlflow")


def _asked(visit: Visit, found: Browsed) -> dict[str, object]:
    project, server = visit.path["project"], found.server or None
    after, search = visit.asked("after") or None, found.search
    if found.shown == "versions":
        versions = visit.part(
            ListRegisteredVersions(
                project=project, name=found.inside, tracking_uri=server, limit=PART, after=after
            )
        )
        return {"versions": tuple(versions), "next": versions.next}
    if found.shown == "runs":
        runs = visit.part(
            ListTrackedRuns(
                project=project,
                experiment=found.inside,
                tracking_uri=server,
                search=search,
                limit=PART,
                after=after,
            )
        )
        return {"runs": tuple(runs), "next": runs.next}
    if found.shown == "experiments":
        experiments = visit.part(
            ListExperiments(
                project=project, tracking_uri=server, search=search, limit=PART, after=after
            )
        )
        return {"experiments": tuple(experiments), "next": experiments.next}
    models = visit.part(
        ListRegisteredModels(
            project=project, tracking_uri=server, search=search, limit=PART, after=after
        )
    )
    return {"models": tuple(models), "next": models.next}


def _forbidden(server: str) -> str:
    """Why an address is not asked: it would hold a password in plain sight."""
    try:
        has_user = "@" in urlsplit(server).netloc
    except ValueError:
        return "This is no address."
    return (
        "Leave user and password out of the address: it is shown, and browsers keep it. Make a "
        "connection with them, and name that: connection://NAME."
        if has_user
        else ""
    )
