"""Download a model with MLflow's own client, and say where it is from."""

from __future__ import annotations

import os
import posixpath
import shutil
from concurrent.futures import ThreadPoolExecutor, wait
from functools import partial
from typing import Any, Callable, Dict, Optional

from ..problems import Problem
from .origin import Origin, describe, find
from .reach import guard_requests
from .server import Server, explain, refusal

POLL = 0.3
"""Seconds between two looks at how far a download is."""


def run(arguments: Dict[str, Any], progress: Callable[..., None]) -> Dict[str, Any]:
    """Download a model.

    Args:
        arguments: `source`, the model's URI; `target`, an empty folder; `tracking_uri` and
            `registry_uri` (or None); `shown_uri`, what messages call the server; `patience`,
            seconds that it may take to answer at all; `spare`, bytes that stay free on the disk;
            `local_files`, whether the server may point to files of this machine; `hosts`, those
            that it may lead to as `reach.check` reads them (None: anywhere).
        progress: called with a message and a fraction.

    Returns:
        Lineage facts by name.

    Raises:
        Problem: the model is not there, cannot be read, or did not arrive whole.
    """
    source, target = arguments["source"], arguments["target"]
    if arguments["hosts"] is not None:
        guard_requests(arguments["hosts"])
    progress(f"looking for {source}")
    server = Server(
        arguments["tracking_uri"],
        arguments["registry_uri"],
        shown=arguments["shown_uri"],
        patience=arguments["patience"],
        local_files=arguments["local_files"],
    )
    origin = find(server, source)
    server.check(origin.repository)
    sizes = _list(server, origin)
    total = sum(size or 0 for size in sizes.values())
    free = shutil.disk_usage(target).free
    if total + arguments["spare"] > free:
        raise Problem(
            "failed",
            f"the model takes {total / 1e6:,.1f} MB and the disk of {target} has "
            f"{free / 1e6:,.1f} MB free; free some space, or use a workspace on another disk",
        )
    _download(
        server, origin, target, total, lambda part: progress(f"downloading {source}", fraction=part)
    )
    _check(source, target, sizes)
    return describe(server, origin, target)


def _list(server: Server, origin: Origin) -> Dict[str, Optional[int]]:
    """Every file of the model with its size, where the storage tells it."""
    sizes: Dict[str, Optional[int]] = {}
    folders = [""]
    while folders:
        folder = folders.pop()
        for item in server.ask(partial(origin.repository.list_artifacts, folder)):
            path = posixpath.normpath(item.path)
            if path.startswith(("/", "../")):
                raise Problem("failed", f"{server.uri} lists a file outside the model: {item.path}")
            if not item.is_dir:
                sizes[path] = item.file_size
            elif path not in (".", folder):  # some storages list a folder inside itself
                folders.append(path)
    return sizes


def _download(
    server: Server, origin: Origin, target: str, total: int, progress: Callable[[float], None]
) -> None:
    with ThreadPoolExecutor(1) as pool:
        download = pool.submit(origin.repository.download_artifacts, "", target)
        while not wait([download], timeout=POLL).done:
            progress(min(_arrived(target) / total, 1.0) if total else 0.0)
    problem = download.exception()
    if problem is not None:
        explained = explain(problem, server.uri)
        if explained.kind != "unsupported" and refusal(problem) is None:
            explained = Problem(
                "unavailable",
                f"the download broke off: {_reason(problem)}; import it again",
            )
        raise explained from problem


def _reason(problem: BaseException) -> str:
    lines = [line for line in str(problem).splitlines() if line and not line.startswith("#####")]
    return " ".join(lines[-2:])[:500]


def _arrived(target: str) -> int:
    """Bytes in a folder that is being written to."""
    size = 0
    for here, _, names in os.walk(target):
        for name in names:
            try:
                size += os.path.getsize(os.path.join(here, name))
            except FileNotFoundError:
                continue  # a part that was just renamed
    return size


def _check(source: str, target: str, sizes: Dict[str, Optional[int]]) -> None:
    for path, size in sizes.items():
        file = os.path.join(target, path)
        arrived = os.path.getsize(file) if os.path.isfile(file) else None
        if arrived is None or (size is not None and size != arrived):
            raise Problem(
                "unavailable",
                f"{path} of {source} did not arrive whole ({arrived or 0} of {size} bytes); import "
                "it again",
            )
