"""How the commands of a node are carried out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from importlib import import_module
from pathlib import Path

from modelyard import errors
from modelyard.kernel.bus import handles
from modelyard.kernel.own_id import own_id
from modelyard.kernel.values import now
from modelyard.runtime.envs.site import discard
from modelyard.serving.administration import commands
from modelyard.serving.administration.context import NodeContext
from modelyard.serving.administration.switching import change, follow_all, tell_all, try_out
from modelyard.serving.administration.telling import (
    generation_of,
    process_of,
    service_of,
    statuses,
)
from modelyard.serving.administration.trying import try_query
from modelyard.serving.administration.types import (
    Cleaned,
    CreatedNode,
    ImportedGeneration,
    NodeGeneration,
    NodeIdentity,
    NodeProcess,
    NodeService,
    Preloaded,
    Switched,
    TriedQuery,
)
from modelyard.serving.databases.remapping import remap
from modelyard.serving.folder import NodeFolder
from modelyard.serving.generations.importing import import_package
from modelyard.serving.keys import KeyRing, NewNodeKey, NodeKey, new_key_id, without_hash
from modelyard.serving.metrics.telling import gather_from, in_short
from modelyard.serving.metrics.types import NodeMetrics
from modelyard.serving.packages.types import Manifest
from modelyard.serving.running.sockets import reached
from modelyard.serving.types import GenerationMapping, Guard, ServiceState


@handles(commands.InitNode)
def init(_command: commands.InitNode, context: NodeContext) -> CreatedNode:
    """Make the folder."""
    folder = NodeFolder.created(context.path)
    return CreatedNode(
        folder=str(folder.path), next=f"modelyard node import --folder {context.path} PACKAGE.zip"
    )


@handles(commands.ListServices)
def services(_command: commands.ListServices, context: NodeContext) -> list[NodeService]:
    """What is on the disk, with what processes say is wrong."""
    folder = context.folder
    found = statuses(folder)
    return [service_of(folder, name, found) for name in folder.service_names()]


@handles(commands.CreateService)
def create(command: commands.CreateService, context: NodeContext) -> NodeService:
    """Keep an empty service."""
    folder = context.folder
    with folder.changing(command.service, context.progress):
        if folder.has_service(command.service):
            raise errors.Conflict(f"there is a service {command.service!r} already")
        folder.add_service(command.service, context.who.name)
    return service_of(folder, command.service, [])


@handles(commands.DeleteService)
def delete(command: commands.DeleteService, context: NodeContext) -> None:
    """Forget it on the disk, then in processes, which answer what is under way."""
    folder = context.folder
    folder.state(command.service)
    with folder.changing(command.service, context.progress), reached(folder.run) as talks:
        folder.remove_service(command.service)
        follow_all(context, talks, command.service)
    with folder.changing_keys(context.progress):
        ring = KeyRing(folder.keys)
        for key in ring.all():
            if key.service == command.service:
                ring.remove(key.id)


@handles(commands.ImportGeneration)
def import_(command: commands.ImportGeneration, context: NodeContext) -> ImportedGeneration:
    """Unpack it, and build what it needs."""
    folder, settings = context.folder, context.folder.settings()
    file = Path(command.file).expanduser().absolute()
    if not context.who.is_local:
        _require_within(file, folder, settings.packages.folders)
    manifest, new = import_package(
        folder,
        settings,
        file,
        service=command.service,
        by=context.who.name,
        progress=context.progress,
    )
    connections, problem = _connected(context, manifest, command.connections)
    return ImportedGeneration(
        service=manifest.service,
        generation=manifest.package,
        new=new,
        endpoints=tuple(endpoint.name for endpoint in manifest.endpoints),
        connections=connections,
        problem=problem,
        next=f"modelyard node activate --folder {context.path} "
        f"{manifest.service} {manifest.package}",
    )


@handles(commands.ListGenerations)
def generations(command: commands.ListGenerations, context: NodeContext) -> list[NodeGeneration]:
    """Those that came last first."""
    folder = context.folder
    state = folder.state(command.service)
    mapping = state.mapping if state.enabled else None
    found = statuses(folder)
    return [
        generation_of(folder, command.service, name, mapping, found)
        for name in reversed(folder.generation_names(command.service))
    ]


@handles(commands.RemoveGeneration)
def remove(command: commands.RemoveGeneration, context: NodeContext) -> None:
    """Refuse what is in use."""
    folder, service, name = context.folder, command.service, command.generation
    folder.generation(service, name)
    with folder.changing(service, context.progress), reached(folder.run) as talks:
        if name in _used(folder.state(service)):
            raise errors.Conflict(
                f"generation {name} of {service} is in its mapping; activate another one first"
            )
        tell_all(context, talks, {"do": "forget", "service": service, "generation": name})
        folder.remove_generation(service, name)


@handles(commands.Preload)
def preload(command: commands.Preload, context: NodeContext) -> Preloaded:
    """Have processes load it, or try it here."""
    folder, service, name = context.folder, command.service, command.generation
    folder.generation(service, name)
    with folder.changing(service, context.progress), reached(folder.run) as talks:
        done = tell_all(context, talks, {"do": "preload", "service": service, "generation": name})
        if not done:
            try_out(context, folder, service, [name])
    return Preloaded(service=service, generation=name, processes=done)


@handles(commands.Activate)
def activate(command: commands.Activate, context: NodeContext) -> Switched:
    """One generation alone."""
    if command.connections:
        remap(context, command.service, command.generation, command.connections)
    mapping = GenerationMapping(entries={command.generation: 1.0}, guard=command.guard())
    return _map(context, command.service, mapping)


@handles(commands.ActivateNewest)
def activate_newest(command: commands.ActivateNewest, context: NodeContext) -> Switched:
    """The one that came last."""
    folder = context.folder
    folder.state(command.service)
    names = folder.generation_names(command.service)
    if not names:
        raise errors.NotFound(
            f"{command.service} has no generation yet; import a package: modelyard node import "
            f"--folder {context.path} PACKAGE.zip"
        )
    mapping = GenerationMapping(entries={names[-1]: 1.0}, guard=command.guard())
    return _map(context, command.service, mapping)


@handles(commands.ShowMapping)
def mapping(command: commands.ShowMapping, context: NodeContext) -> NodeService:
    """One service."""
    folder = context.folder
    folder.state(command.service)
    return service_of(folder, command.service, statuses(folder))


@handles(commands.SetMapping)
def map_(command: commands.SetMapping, context: NodeContext) -> Switched:
    """Several generations."""
    return _map(context, command.service, command.mapping())


@handles(commands.EnableService)
def enable(command: commands.EnableService, context: NodeContext) -> Switched:
    """As it was before."""
    return _turn(context, command.service, on=True)


@handles(commands.DisableService)
def disable(command: commands.DisableService, context: NodeContext) -> Switched:
    """Its mapping stays on the disk."""
    return _turn(context, command.service, on=False)


@handles(commands.SetAccess)
def access(command: commands.SetAccess, context: NodeContext) -> NodeService:
    """Who may ask."""

    def make(state: ServiceState) -> ServiceState:
        return state.model_copy(update={"access": command.access})

    change(context, command.service, make)
    return service_of(context.folder, command.service, statuses(context.folder))


@handles(commands.TryQuery)
def predict(command: commands.TryQuery, context: NodeContext) -> TriedQuery:
    """Any of the processes answers."""
    return try_query(command, context)


@handles(commands.ListNodeKeys)
def keys(command: commands.ListNodeKeys, context: NodeContext) -> list[NodeKey]:
    """Without their hashes."""
    every = map(without_hash, KeyRing(context.folder.keys).all())
    return [key for key in every if command.service in (None, key.service)]


@handles(commands.CreateNodeKey)
def create_key(command: commands.CreateNodeKey, context: NodeContext) -> NewNodeKey:
    """The secret is in the answer and nowhere else."""
    folder = context.folder
    if command.service:
        folder.state(command.service)
        _require_endpoint(folder, command.service, command.endpoint)
    made = now()
    key = NodeKey(
        id=new_key_id(),
        kind="service" if command.service else "admin",
        service=command.service,
        endpoint=command.endpoint,
        read_only=command.read_only,
        label=command.label,
        description=command.description,
        created=made,
        created_by=context.who.name,
        expires=made + timedelta(days=command.days) if command.days else command.expires,
    )
    with folder.changing_keys(context.progress):
        return KeyRing(folder.keys).add(key)


def _require_endpoint(folder: NodeFolder, service: str, endpoint: str | None) -> None:
    """NotFound if no generation has the endpoint; before the first one comes, any will do."""
    manifests = [folder.manifest(service, each) for each in folder.generation_names(service)]
    known = sorted({each.name for manifest in manifests for each in manifest.endpoints})
    if endpoint and known and endpoint not in known:
        raise errors.NotFound.among(f"endpoint of {service}", endpoint, known)


@handles(commands.DeleteNodeKey)
def delete_key(command: commands.DeleteNodeKey, context: NodeContext) -> NodeKey:
    """Running processes see it with the next query."""
    folder = context.folder
    with folder.changing_keys(context.progress):
        return without_hash(KeyRing(folder.keys).remove(command.id))


@handles(commands.ShowMetrics)
def metrics(_command: commands.ShowMetrics, context: NodeContext) -> NodeMetrics:
    """What processes wrote down last."""
    return in_short(gather_from(context.folder.metrics))


@handles(commands.ListProcesses)
def processes(_command: commands.ListProcesses, context: NodeContext) -> list[NodeProcess]:
    """Those that answer at their control sockets."""
    return [process_of(status) for status in statuses(context.folder)]


@handles(commands.ShowNodeIdentity)
def identity(_command: commands.ShowNodeIdentity, context: NodeContext) -> NodeIdentity:
    """Made with the folder."""
    return NodeIdentity(id=own_id(context.folder.path))


@handles(commands.CleanNode)
def clean(command: commands.CleanNode, context: NodeContext) -> Cleaned:
    """Generations first, then what they needed."""
    folder = context.folder
    gone: list[str] = []
    for service in folder.service_names():
        with folder.changing(service, context.progress), reached(folder.run) as talks:
            names = folder.generation_names(service)
            newest = names[len(names) - command.keep :] if command.keep else []
            for name in names:
                if name not in _used(folder.state(service)) and name not in newest:
                    what = {"do": "forget", "service": service, "generation": name}
                    tell_all(context, talks, what)
                    folder.remove_generation(service, name)
                    gone.append(f"{service}/{name}")
    with folder.changing_envs(context.progress):
        needed = {env.id for manifest in folder.every_manifest() for env in manifest.envs}
        unused = [env for env in folder.envs.iterdir() if "." not in env.name]
        removed = sorted(env.name for env in unused if env.name not in needed)
        for name in removed:
            discard(folder.envs / name)
    return Cleaned(generations=tuple(gone), envs=tuple(removed))


def _map(context: NodeContext, service: str, mapping: GenerationMapping) -> Switched:
    def make(state: ServiceState) -> ServiceState:
        _require_way_back(service, state, mapping)
        return state.model_copy(
            update={
                "enabled": True,
                "mapping": mapping,
                "previous": state.mapping,
                "mapped": now(),
                "fell_back": None,
            }
        )

    return _switched(service, *change(context, service, make))


def _connected(
    context: NodeContext, manifest: Manifest, given: Mapping[str, str]
) -> tuple[dict[str, str], str]:
    """By which connections the tables of a package are read, and why they cannot be yet."""
    found = remap(context, manifest.service, manifest.package, given)
    if not found:
        return {}, ""
    # What speaks to databases is only needed where a table stays in one.
    looking = import_module("modelyard.serving.databases.looking")
    return found, looking.problem_of(context.folder, manifest, found)


def _require_way_back(service: str, state: ServiceState, mapping: GenerationMapping) -> None:
    guard: Guard | None = mapping.guard
    if guard is None:
        return
    if state.mapping is None:
        raise errors.Invalid(
            f"no generation of {service} is active yet, so there is nothing to go back to; "
            "activate the first one without bounds"
        )
    if not mapping.grown(state.mapping):
        raise errors.Invalid("no generation gets more queries than before: there is none to guard")


def _turn(context: NodeContext, service: str, *, on: bool) -> Switched:
    def make(state: ServiceState) -> ServiceState:
        return state if state.enabled == on else state.model_copy(update={"enabled": on})

    return _switched(service, *change(context, service, make))


def _switched(service: str, state: ServiceState, processes: int) -> Switched:
    none_runs = "no process of the node runs; it answers so from its start on"
    return Switched(
        service=service,
        enabled=state.enabled,
        active=dict(state.mapping.entries) if state.mapping and state.enabled else {},
        mapping=state.mapping,
        processes=processes,
        note="" if processes else none_runs,
    )


def _used(state: ServiceState) -> set[str]:
    """The generations that answer, would answer if the service were enabled, or may come back."""
    back = state.previous.generations if state.previous and state.guarded_until() else ()
    return {*(state.mapping.generations if state.mapping else ()), *back}


def _require_within(file: Path, folder: NodeFolder, named: tuple[str, ...]) -> None:
    """Whoever comes over HTTP names files of a few folders only."""
    allowed = [folder.inbox, folder.stages, *map(Path, named)]
    resolved = file.resolve()
    if not any(resolved.is_relative_to(each.resolve()) for each in allowed):
        raise errors.Forbidden(
            f"{file} is not in a folder that packages may be imported from over HTTP: the node's "
            "inbox, or one of the setting packages.folders; or send the file itself"
        )
