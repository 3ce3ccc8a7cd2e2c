"""Asking the govern node: within some seconds in all, once, with errors that name it."""

from __future__ import annotations

from concurrent.futures import Future
from contextlib import closing
from threading import Thread
from typing import TypeVar

import httpx2

from modelyard import errors
from modelyard.governance.connection import repository
from modelyard.governance.connection.types import GovernNode
from modelyard.kernel.command import Command
from modelyard.kernel.context import Context
from modelyard.kernel.progress import silence
from modelyard.serving.elsewhere import authorities_in

R = TypeVar("R")
FOLDER = "govern"


def ask(context: Context, command: Command[R], *, seconds: float) -> R:
    """Ask the govern node of this workspace; not for use inside of a transaction.

    Raises:
        Conflict: there is none.
        Failed: it does not take the key, or the key is not known here.
        Unavailable: it does not answer in time, or is not believed.
        Invalid, Unsupported: what answers there is no govern node, or of another version.
    """
    with context.read() as db:
        node, key = repository.find(db), repository.key_of(db)
    if node is None:
        raise errors.Conflict(
            "this workspace is connected with no govern node: modelyard govern connect"
        )
    if key is None:
        raise errors.Failed(
            "the key of this workspace at its govern node is not known here, as no backup holds "
            f"it; give it again: modelyard govern connect {node.url} --key"
        )
    return ask_at(context, node, key, command, seconds=seconds)


def ask_at(
    context: Context, node: GovernNode, key: str, command: Command[R], *, seconds: float
) -> R:
    """The same at an address, by a key."""
    done: Future[R] = Future()

    def send() -> None:
        try:
            ca_file = authorities_in(context.folder / FOLDER, node.ca)
            there = context.remote(node.url, key, ca_file, silence, seconds=seconds)
            with closing(there):
                done.set_result(there.run(command))
        except BaseException as exc:  # noqa: BLE001  raised where it is waited for
            done.set_exception(exc)

    Thread(target=send, name="asking the govern node", daemon=True).start()
    try:
        return done.result(timeout=seconds)
    except (errors.Unauthenticated, errors.Forbidden) as exc:
        raise errors.Failed(
            f"the govern node {node.url} does not take the key of this workspace ({exc.detail}); "
            f"give it another: modelyard govern connect {node.url} --key"
        ) from exc
    except errors.ModelyardError as exc:
        raise type(exc)(f"the govern node {node.url} was not heard: {exc.detail}") from exc
    except TimeoutError as exc:
        raise errors.Unavailable(
            f"the govern node {node.url} did not answer within {seconds:g} seconds"
        ) from exc
    except httpx2.HTTPError as exc:
        raise errors.Unavailable(
            f"the answer of the govern node {node.url} cannot be read: {exc}"
        ) from exc
