"""Where an env is built: a folder that becomes the env in one step, or leaves nothing."""

from __future__ import annotations

import fcntl
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from modelyard import errors

_BUILDING, _DELETED = ".building", ".deleted"


@dataclass(frozen=True)
class Site:
    """A building site.

    `lock` is a file descriptor: while any process has it open, nobody sweeps the site away.
    """

    folder: Path
    log: Path
    lock: int

    @property
    def env(self) -> Path:
        """Where the venv is put together."""
        return self.folder / "env"

    def finish(self, target: Path) -> None:
        """Put the venv in its place; if another process was quicker, theirs stays."""
        _flush(self.env)
        if target.exists() and not python_in(target).exists():
            discard(target)  # the Python it was made from is gone
        try:
            self.env.rename(target)
        except OSError:
            if not python_in(target).exists():
                raise
        _flush(target.parent)
        self.log.replace(self.log.with_name(f"{target.name}.log"))


def envs_folder(workspace: Path) -> Path:
    """Where the envs of a workspace are."""
    return workspace / "envs"


def log_of(workspace: Path, env: str) -> Path:
    """The log of the building of an env."""
    return workspace / "logs" / "envs" / f"{env}.log"


def python_in(env: Path) -> Path:
    """The interpreter of an env."""
    return env / "bin" / "python"


@contextmanager
def open_site(workspace: Path, key: str) -> Iterator[Site]:
    """Open a site under `envs/`, with its log under `logs/envs/`; sweeps up what others left.

    A failed build leaves its log, until the next build of the same key.

    Raises:
        Failed: the disk is full, or the folder cannot be written.
    """
    envs, logs = envs_folder(workspace), workspace / "logs" / "envs"
    try:
        for folder in (envs, logs):
            folder.mkdir(parents=True, exist_ok=True)
        _sweep(envs, logs, key)
        folder, lock = _claim(envs, key)
    except OSError as exc:
        raise errors.Failed(f"no code env can be built in {envs}: {exc}") from exc
    try:
        yield Site(folder, logs / f"{folder.stem}.log", lock)
    except OSError as exc:
        raise errors.Failed(f"the code env cannot be built in {envs}: {exc}") from exc
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def discard(env: Path) -> None:
    """Remove an env's folder; it is gone at once, its files soon after."""
    doomed = env.with_name(f"{env.name}.{uuid.uuid4().hex[:8]}{_DELETED}")
    try:
        env.rename(doomed)
    except FileNotFoundError:
        return
    shutil.rmtree(doomed, ignore_errors=True)


def _claim(envs: Path, key: str) -> tuple[Path, int]:
    while True:
        folder = envs / f"{key}.{uuid.uuid4().hex[:8]}{_BUILDING}"
        folder.mkdir()
        lock = os.open(folder, os.O_RDONLY)
        fcntl.flock(lock, fcntl.LOCK_EX)  # freed by the system when we and our children are gone
        if folder.exists():  # else it was swept away before it was locked
            return folder, lock
        os.close(lock)


def _sweep(envs: Path, logs: Path, key: str) -> None:
    """Clear the sites of processes that died, and the logs of earlier failures of this key."""
    for folder in [*envs.glob(f"*{_BUILDING}"), *envs.glob(f"*{_DELETED}")]:
        try:
            lock = os.open(folder, os.O_RDONLY)
        except FileNotFoundError:
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
        except BlockingIOError:
            pass  # its owner is alive
        finally:
            os.close(lock)
    for log in logs.glob(f"{key}.*.log"):
        if not (envs / f"{log.stem}{_BUILDING}").exists():
            log.unlink(missing_ok=True)


def _flush(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
