"""Changing what a service answers with: no process switches before all of them are ready."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from modelyard import errors
from modelyard.kernel.values import now
from modelyard.serving.administration.context import NodeContext
from modelyard.serving.databases.opening import NodeDatabases
from modelyard.serving.folder import NodeFolder
from modelyard.serving.generations.loading import EndpointLoader, load_generation, usual_loader
from modelyard.serving.running.sockets import Conversation, reached
from modelyard.serving.types import ServiceState

Make = Callable[[ServiceState], ServiceState]


def change(context: NodeContext, service: str, make: Make) -> tuple[ServiceState, int]:
    """Change the state of a service, on the disk and in all running processes.

    Returns:
        The new state, and how many processes follow it.

    Raises:
        NotFound: there is no such service or generation.
        Failed, Unavailable: a process cannot load what the state needs, or hangs; the old one
            stays, in all of them. Where none runs, it is tried here.
    """
    folder = context.folder
    folder.state(service)  # no lock of what is not there
    with folder.changing(service, context.progress), reached(folder.run) as talks:
        before = folder.state(service)
        after = make(before)
        if after is before:
            return before, len(talks)
        changed = {
            "revision": before.revision + 1,
            "changed": now(),
            "changed_by": context.who.name,
        }
        after = after.model_copy(update=changed)
        needed = after.needs(time.time())
        for generation in needed:
            folder.generation(service, generation)
        if talks:
            state = after.model_dump(mode="json")
            tell_all(context, talks, {"do": "prepare", "service": service, "state": state})
        else:
            fresh = [name for name in needed if name not in before.needs(time.time())]
            try_out(context, folder, service, fresh)
        folder.write_state(service, after)
        return after, follow_all(context, talks, service)


def follow_all(context: NodeContext, talks: Sequence[Conversation], service: str) -> int:
    """Have processes follow what is on the disk by now; gives how many do.

    Raises:
        Unavailable: one of them does not.
    """
    try:
        return tell_all(context, talks, {"do": "follow", "service": service})
    except errors.ModelyardError as exc:
        raise errors.Unavailable(
            f"the change is kept, but not every process follows it: {exc.detail}"
        ) from exc


def tell_all(context: NodeContext, talks: Sequence[Conversation], message: dict[str, Any]) -> int:
    """Say the same to each process at once; gives how many did it. Those that end are passed over.

    Raises:
        ModelyardError: what the first said that did not do it.
    """
    if not talks:
        return 0

    def tell(talk: Conversation) -> bool:
        try:
            talk.ask(message, context.progress)
        except errors.Unavailable as exc:
            if "gone" not in exc.context:
                raise
            return False
        except errors.ModelyardError as exc:
            said = f"process {talk.pid}: {exc.detail}" if len(talks) > 1 else exc.detail
            raise type(exc)(said, **exc.context) from exc
        return True

    with ThreadPoolExecutor(len(talks)) as pool:
        return sum(pool.map(tell, talks))


def try_out(
    context: NodeContext, folder: NodeFolder, service: str, generations: Iterable[str]
) -> None:
    """Load generations here, see that they answer as they should, and let them go.

    Raises:
        NotFound, Failed, Unavailable: one of them does not.
    """
    names = list(generations)
    if not names:
        return
    load = context.load or usual_loader()
    with ThreadPoolExecutor(1) as apart:  # the caller's thread may have a loop of its own
        apart.submit(asyncio.run, _try_out(context, folder, service, names, load)).result()


async def _try_out(
    context: NodeContext,
    folder: NodeFolder,
    service: str,
    generations: list[str],
    load: EndpointLoader,
) -> None:
    settings = folder.settings()
    databases = NodeDatabases(folder.connections)
    try:
        for name in generations:
            loaded = await load_generation(
                folder,
                settings,
                service,
                name,
                load=load,
                databases=databases,
                progress=context.progress,
            )
            await loaded.retire()
    finally:
        databases.close()
