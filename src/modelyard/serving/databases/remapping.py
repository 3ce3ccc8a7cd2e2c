"""By which connections of a node the generations of its services read tables."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping

from modelyard import errors
from modelyard.serving.administration.context import NodeContext
from modelyard.serving.administration.switching import tell_all
from modelyard.serving.databases.book import ConnectionBook
from modelyard.serving.folder import NodeFolder
from modelyard.serving.packages.types import Manifest
from modelyard.serving.running.sockets import reached


def remap(
    context: NodeContext, service: str, generation: str, given: Mapping[str, str]
) -> dict[str, str]:
    """Keep which connections of the node stand for those of a package; gives all that do.

    Raises:
        NotFound: the package, or the node, has no such connection.
        Conflict: the generation answers already, with others.
    """
    folder = context.folder
    manifest = folder.manifest(service, generation)
    named = {each.connection for each in manifest.references}
    book = ConnectionBook(folder.connections)
    for theirs, ours in given.items():
        if theirs not in named:
            what = f"connection in package {generation} of {service}"
            raise errors.NotFound.among(what, theirs, named)
        book.get(ours)
    with folder.changing(service, context.progress), reached(folder.run) as talks:
        before = folder.remapped(service, generation)
        after = {**before, **given}
        if after != before:
            if generation in folder.state(service).needs(time.time()):
                raise errors.Conflict(
                    f"generation {generation} of {service} answers already, by the connections "
                    "that it has; change where one leads by `connections set`, or disable the "
                    "service first"
                )
            tell_all(context, talks, {"do": "forget", "service": service, "generation": generation})
            folder.write_remapped(service, generation, after)
    return used(manifest, after)


def used(manifest: Manifest, remapped: Mapping[str, str]) -> dict[str, str]:
    """The node's connections by those that a package names."""
    return {
        each.connection: remapped.get(each.connection, each.connection)
        for each in manifest.references
    }


def users(folder: NodeFolder) -> Iterator[tuple[str, str]]:
    """Each connection that a generation reads by, and the generation."""
    for service in folder.service_names():
        for generation in folder.generation_names(service):
            manifest = folder.manifest(service, generation)
            names = used(manifest, folder.remapped(service, generation))
            for name in sorted(set(names.values())):
                yield name, f"{service}/{generation}"
