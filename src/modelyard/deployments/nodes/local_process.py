"""The process of the local API node, beside a server: it runs while something is active."""

from __future__ import annotations

import logging
import subprocess
import sys
import time
from pathlib import Path
from threading import Event, Thread

from modelyard import errors
from modelyard.deployments.nodes.keeping import keeping
from modelyard.deployments.nodes.types import ADDRESS, PROBLEM
from modelyard.kernel.node_settings import NodeLinkSettings
from modelyard.serving.folder import NodeFolder
from modelyard.serving.running.sockets import reached

LOG = logging.getLogger("modelyard.nodes")
LOOKS_EVERY = 1.0
"""Seconds between two looks at what is active."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""Seconds before a process that ended by itself is started again; twice as long each time."""
LASTED = 60.0
"""Seconds after which a process that ends is no sign that none can run."""
ENDS_WITHIN = 60.0


class LocalProcess:
    """Starts a process of the node in a folder, and keeps it running until stopped.

    It holds the other end of the process's standard input, and so ends it whatever ends this one.
    Where somebody else runs the node, it waits.
    """

    def __init__(self, path: Path, settings: NodeLinkSettings) -> None:
        self._path = path
        self._settings = settings
        self._stopping = Event()
        self._was_told = False
        self._child: subprocess.Popen[str] | None = None
        self._began = 0.0
        self._said = ""
        self._pause = FIRST_PAUSE
        self._not_before = 0.0

    def stop(self) -> None:
        """Let the process answer what is under way, and end; called once more: at once."""
        child = self._child
        if self._was_told and child is not None:
            child.kill()
        self._was_told = True
        self._stopping.set()

    def run(self) -> None:
        """Work until stopped."""
        with keeping(self._path):
            try:
                while not self._stopping.wait(LOOKS_EVERY):
                    self._look()
            finally:
                self._end()

    def _look(self) -> None:
        if self._child is not None and self._child.poll() is not None:
            self._tell_end(self._child)
        wanted = self._is_active()
        if not wanted:
            (self._path / "run" / PROBLEM).unlink(missing_ok=True)
        if self._child is not None and not wanted:
            LOG.info("nothing is active on the local API node any more; it ends")
            self._end()
        elif self._child is None and wanted and time.monotonic() >= self._not_before:
            self._start()

    def _is_active(self) -> bool:
        """Whether a service of the node is to answer."""
        folder = NodeFolder(self._path)
        try:
            states = [folder.state(name) for name in folder.service_names()]
        except errors.ModelyardError as exc:  # removed meanwhile, or damaged
            LOG.debug("the local API node cannot be read: %s", exc.detail)
            return self._child is not None
        return any(state.enabled and state.mapping is not None for state in states)

    def _start(self) -> None:
        with reached(self._path / "run") as others:
            if others:
                return  # somebody else runs it, or an earlier one still drains
        listen = ["--host", self._settings.local_host, "--port", str(self._settings.local_port)]
        words = ["node", "serve", "--folder", str(self._path), *listen, "--leashed"]
        self._began, self._said = time.monotonic(), ""
        self._child = subprocess.Popen(
            [sys.executable, "-u", "-m", "modelyard", *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for listen_to in (self._hear, self._pass_on):
            Thread(target=listen_to, args=(self._child,), daemon=True).start()

    def _hear(self, child: subprocess.Popen[str]) -> None:
        """Keep where the node answers, which it says once it does."""
        if child.stdout is None:
            return
        with child.stdout as said:
            for line in said:
                address = line.rstrip().rpartition(" ")[2]
                if "://" in address:
                    (self._path / "run" / ADDRESS).write_text(address)
                    (self._path / "run" / PROBLEM).unlink(missing_ok=True)
                    LOG.info("the local API node answers at %s", address)

    def _pass_on(self, child: subprocess.Popen[str]) -> None:
        """Write the node's own log among the server's."""
        if child.stderr is None:
            return
        with child.stderr as said:
            for line in said:
                sys.stderr.write(line)
                self._said = line.strip() or self._said

    def _tell_end(self, child: subprocess.Popen[str]) -> None:
        """A process ended that nobody told to."""
        self._close(child)
        if time.monotonic() - self._began > LASTED:
            self._pause = FIRST_PAUSE
        LOG.error(
            "the local API node ended with %s; it is started again in %g seconds",
            child.returncode,
            self._pause,
        )
        killed = child.returncode < 0
        why = f"it was killed by signal {-child.returncode}" if killed else self._said
        (self._path / "run" / PROBLEM).write_text(why)
        self._not_before = time.monotonic() + self._pause
        self._pause = min(2 * self._pause, LONGEST_PAUSE)

    def _end(self) -> None:
        """Have the process end in order, and wait until it has."""
        child = self._child
        if child is None:
            return
        if child.stdin is not None:
            child.stdin.close()  # that is what it waits for
        try:
            child.wait(ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            LOG.warning("the local API node does not end; it is killed")
            child.kill()
            child.wait()
        self._close(child)

    def _close(self, child: subprocess.Popen[str]) -> None:
        for name in (ADDRESS, PROBLEM):
            (self._path / "run" / name).unlink(missing_ok=True)
        if child.stdin is not None:
            child.stdin.close()
        self._child = None
