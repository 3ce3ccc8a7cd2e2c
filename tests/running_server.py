"""`modelyard serve` as a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx2
from tests.forks import Fork

PATIENCE = 60


class RunningServer:
    """A server process, from its first answer to its end."""

    def __init__(self, workspace: Path, *words: str, no_auth: bool = True, **environ: str) -> None:
        self.workspace = workspace
        words = (*words, "--no-auth") if no_auth else words
        self._log = (workspace.parent / f"{workspace.name}-serve.log").open("w+")
        self.process = Fork(
            ["serve", "--port", "0", "--workspace", workspace, *words],
            cwd=workspace.parent,
            env={**os.environ, "PYTHONFAULTHANDLER": "1", **environ},
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        assert self.process.stdout is not None
        said = self.process.stdout.readline()
        assert "http://" in said, self.log
        self.url = said[said.index("http://") :].split()[0]
        self.http = httpx2.Client(base_url=self.url, timeout=PATIENCE)

    @property
    def log(self) -> str:
        """What it has written on stderr."""
        self._log.seek(0)
        return self._log.read()

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def request(self, method: str, path: str, **options: Any) -> httpx2.Response:
        """A request below /api/v1."""
        return self.http.request(method, f"/api/v1{path}", **options)

    def get(self, path: str, **options: Any) -> httpx2.Response:
        return self.request("GET", path, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> httpx2.Response:
        return self.request("POST", path, json={} if body is None else body, **options)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(PATIENCE)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Its exit code."""
        self.process.send_signal(how)
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGABRT)  # tells where its threads are
            self.process.wait(PATIENCE)
            raise AssertionError(self.log) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.http.close()
        if self.process.poll() is None:
            self.stop()
        assert self.process.stdout is not None
        self.process.stdout.close()
        self._log.close()
