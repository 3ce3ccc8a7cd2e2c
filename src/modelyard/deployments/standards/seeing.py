"""Looks up what is known of a project when its standards are asked, as whoever asks may."""

from __future__ import annotations

from modelyard.deployments.standards.types import (
    EndpointSeen,
    ModelSeen,
    ProjectSeen,
    ServiceSeen,
    StoreSeen,
    VersionSeen,
)
from modelyard.evaluations.commands import ListEvaluations
from modelyard.governance.commands import ListMembers
from modelyard.kernel.command import Caller
from modelyard.models.commands import ListModels, ShowVersion
from modelyard.models.types import SavedModel
from modelyard.monitoring.watching.commands import ShowMonitoring
from modelyard.projects.commands import ShowProject
from modelyard.services.commands import ListServices, ShowService
from modelyard.services.types import Service


def see(caller: Caller, project: str) -> ProjectSeen:
    """Read it by the same commands that anybody can run.

    Raises:
        NotFound: there is no such project, or whoever asks may not see it.
    """
    found = caller.run(ShowProject(key=project))
    members = caller.run(ListMembers(project=project))
    stores = caller.run(ShowMonitoring(project=project, kind="store"))
    services = caller.run(ListServices(project=project))
    return ProjectSeen(
        key=found.key,
        description=found.description,
        admins=tuple(each.name for each in members if each.role == "admin"),
        models=tuple(_model(caller, each) for each in caller.run(ListModels(project=project))),
        services=tuple(
            _service(caller.run(ShowService(project=project, name=each.name))) for each in services
        ),
        stores=tuple(
            StoreSeen(name=each.name, status=each.status, why=each.why) for each in stores
        ),
    )


def _model(caller: Caller, model: SavedModel) -> ModelSeen:
    return ModelSeen(
        name=model.name,
        description=model.description,
        prediction_type=model.prediction_type,
        versions=model.versions,
        active=_version(caller, model, model.active_version) if model.active_version else None,
    )


def _version(caller: Caller, model: SavedModel, version: str) -> VersionSeen:
    asked = ShowVersion(project=model.project, model=model.name, version=version)
    found = caller.run(asked)
    newest = caller.run(
        ListEvaluations(project=model.project, model=model.name, version=version, limit=1)
    )
    return VersionSeen(
        version=version,
        description=found.description,
        flavor=model.flavor or "",
        verdict=found.scan.verdict,
        imported=found.imported,
        env=found.env.id,
        requirements=found.env.asked.requirements,
        relaxed=tuple(f"{each.asked} became {each.built}" for each in found.env.relaxations),
        evaluated=newest[0].created if newest else None,
    )


def _service(found: Service) -> ServiceSeen:
    return ServiceSeen(
        name=found.name,
        description=found.description,
        access=found.access,
        endpoints=tuple(
            EndpointSeen(
                name=each.name,
                kind=each.kind,
                model=each.model,
                queries=len(each.test_queries),
            )
            for each in found.endpoints
        ),
    )
