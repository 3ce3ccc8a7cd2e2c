"""How API nodes are asked: each command here has the node carry out its own."""

from __future__ import annotations

from functools import partial
from typing import Any, cast

from modelyard.deployments.administering import commands
from modelyard.deployments.administering.charting import history_of
from modelyard.deployments.administering.commands import (
    DrawActivity,
    DropGeneration,
    ImportPackage,
    OnNode,
    ShowNodeGeneration,
)
from modelyard.deployments.administering.guarding import require_free
from modelyard.deployments.administering.types import ActivityDrawn
from modelyard.deployments.nodes.links import api_node
from modelyard.evaluations.charting.drawing import drawing
from modelyard.kernel.bus import Handler, handles
from modelyard.kernel.command import Command
from modelyard.kernel.context import Context
from modelyard.services.packaging.commands import ShowPackage
from modelyard.serving.administration.commands import NodeCommand, RemoveGeneration
from modelyard.serving.administration.types import ImportedGeneration
from modelyard.store.keeping import collect
from modelyard.store.staging import stage


def _on_the_node(kind: type[Command[Any]], *, switches: bool = False) -> Handler[Any, Context, Any]:
    """The handler of a command that is a node's own with the name of the node.

    One that `switches` has something answer, which policies may have a say in.
    """
    own = cast("type[NodeCommand[Any]]", kind.__bases__[0])

    @handles(kind)
    def carry_out(command: Command[Any], context: Context) -> Any:
        given = command.model_dump(exclude={"node"}, exclude_unset=True)
        name = cast("OnNode", command).node
        if switches:
            require_free(context, name)
        return api_node(context, name).run(own.model_validate(given))

    return carry_out


services = _on_the_node(commands.ListNodeServices)
generations = _on_the_node(commands.ListNodeGenerations)
preload = _on_the_node(commands.PreloadGeneration)
activate = _on_the_node(commands.ActivateGeneration, switches=True)
mapping = _on_the_node(commands.ShowNodeMapping)
map_ = _on_the_node(commands.MapGenerations, switches=True)
enable = _on_the_node(commands.EnableNodeService, switches=True)
disable = _on_the_node(commands.DisableNodeService)
access = _on_the_node(commands.SetNodeAccess)
try_ = _on_the_node(commands.TryNode)
activity = _on_the_node(commands.ShowNodeActivity)
queries = _on_the_node(commands.ListNodeQueries)
metrics = _on_the_node(commands.ShowNodeMetrics)
processes = _on_the_node(commands.ListNodeProcesses)
clean = _on_the_node(commands.CleanUpNode)
generation = _on_the_node(commands.ShowNodeGeneration)
test = _on_the_node(commands.TryGeneration)


@handles(DropGeneration)
def drop(command: DropGeneration, context: Context) -> None:
    """Have the node remove it, if it is what the caller saw."""
    named = command.model_dump()
    if context.expected is not None:
        context.unchanged(context.caller.run(ShowNodeGeneration.model_validate(named)))
    del named["node"]
    api_node(context, command.node).run(RemoveGeneration.model_validate(named))


@handles(ImportPackage)
def import_package(command: ImportPackage, context: Context) -> ImportedGeneration:
    """Take a copy, whose digest is checked, and send it."""
    node = api_node(context, command.node)
    asked = ShowPackage(project=command.project, service=command.service, package=command.package)
    found = context.caller.run(asked)
    with stage(context, partial(collect, context)) as place:
        file = place.folder / f"{found.service}-{found.package}.zip"
        context.artifacts.save(found.digest, file)
        context.progress(f"bringing {found.package} to {node.name}")
        sent = node.upload(file)
    words = ("modelyard nodes activate", command.node, sent.service, sent.generation)
    return sent.model_copy(update={"next": " ".join(words)})


@handles(DrawActivity)
def draw_activity(command: DrawActivity, context: Context) -> ActivityDrawn:
    """Ask the node, and draw it."""
    found = history_of(api_node(context, command.node), command)
    drawn = drawing("draw_activity")(found, command.chart, command.mode)
    named = command.model_dump(include={"node", "service", "chart"})
    return ActivityDrawn(**dict(drawn), **named)
