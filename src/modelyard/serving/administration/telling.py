"""Telling what a node has: what is on the disk, and what running processes say of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from modelyard import errors
from modelyard.serving.administration.types import (
    AnsweringVersion,
    NodeGeneration,
    NodeProcess,
    NodeService,
)
from modelyard.serving.folder import NodeFolder
from modelyard.serving.packages.types import Manifest, PredictionEndpoint
from modelyard.serving.running.sockets import reached
from modelyard.serving.types import GenerationMapping

Status = Mapping[str, Any]


def statuses(folder: NodeFolder) -> list[Status]:
    """What each running process says of itself; those that end meanwhile are passed over."""
    found = []
    with reached(folder.run) as talks:
        for talk in talks:
            try:
                found.append(talk.ask({"do": "status"})["status"])
            except errors.Unavailable as exc:
                if "gone" not in exc.context:
                    raise
    return found


def service_of(folder: NodeFolder, name: str, found: list[Status]) -> NodeService:
    """A service, with what processes say is wrong with it."""
    state = folder.state(name)
    names = folder.generation_names(name)
    entries = state.mapping.entries if state.mapping and state.enabled else {}
    main = max(entries, key=lambda each: entries[each]) if entries else names[-1] if names else ""
    problems = [status["services"].get(name, {}).get("problem", "") for status in found]
    if fell := state.fell_back:
        problems.append(f"it went back from {fell.generation}: {fell.reason}")
    return NodeService(
        service=name,
        enabled=state.enabled,
        active=dict(entries),
        shadows=state.mapping.shadows if state.mapping else (),
        guard=state.mapping.guard if state.mapping else None,
        endpoints=tuple(each.name for each in folder.manifest(name, main).endpoints)
        if main
        else (),
        generations=len(names),
        access=state.access,
        revision=state.revision,
        changed=state.changed,
        changed_by=state.changed_by,
        fell_back=state.fell_back,
        problem="; ".join(dict.fromkeys(filter(None, problems))),
    )


def generation_of(
    folder: NodeFolder,
    service: str,
    name: str,
    mapping: GenerationMapping | None,
    found: list[Status],
) -> NodeGeneration:
    """A generation, with how many processes have it in memory."""
    manifest = folder.manifest(service, name)
    return NodeGeneration(
        service=service,
        generation=name,
        share=mapping.entries.get(name, 0.0) if mapping else 0.0,
        shadow=name in mapping.shadows if mapping else False,
        loaded=sum(
            name in status["services"].get(service, {}).get("generations", {}) for status in found
        ),
        created=manifest.created,
        created_by=manifest.created_by,
        notes=manifest.notes,
        endpoints=tuple(endpoint.name for endpoint in manifest.endpoints),
        models=tuple(model.id for model in manifest.models),
        versions=tuple(_versions(manifest)),
        envs=tuple(env.id for env in manifest.envs),
    )


def _versions(manifest: Manifest) -> Iterator[AnsweringVersion]:
    models = {model.id: model for model in manifest.models}
    for each in manifest.endpoints:
        if isinstance(each, PredictionEndpoint):
            model = models[each.model]
            yield AnsweringVersion(
                endpoint=each.name,
                project=model.project,
                model=model.model,
                version=model.version,
            )


def process_of(status: Status) -> NodeProcess:
    """A running process."""
    loaded = {
        f"{service}/{generation}": each["endpoints"].values()
        for service, of_it in status["services"].items()
        for generation, each in of_it["generations"].items()
    }
    pools = [pool for several in loaded.values() for pool in several]
    return NodeProcess(
        pid=status["pid"],
        started=datetime.fromtimestamp(status["started"], UTC),
        starting=status.get("starting", False),  # a process of an earlier release does not say
        loaded=tuple(loaded),
        workers=sum(pool["workers"] for pool in pools),
        memory_mb=round(sum(pool["memory"] for pool in pools) / 2**20, 1),
    )
