"""Running uv: its environment, its log, its time limit, and what its answers mean."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from uv import find_uv_bin

from modelyard import errors

_STEERING = {
    "UV_BREAK_SYSTEM_PACKAGES",
    "UV_NO_BINARY",
    "UV_NO_BUILD",
    "UV_NO_BUILD_ISOLATION",
    "UV_ONLY_BINARY",
    "UV_PROJECT",
    "UV_PROJECT_ENVIRONMENT",
    "UV_PYTHON",
    "UV_REQUIRE_HASHES",
    "UV_RESOLUTION",
    "UV_SYSTEM_PYTHON",
    "UV_VENV_SEED",
    "UV_WORKING_DIR",
}
"""uv's variables that say what to do, which is ours to say; all others are the user's."""

_OF_PIP = {
    "PIP_CERT": "SSL_CERT_FILE",
    "PIP_EXTRA_INDEX_URL": "UV_EXTRA_INDEX_URL",
    "PIP_FIND_LINKS": "UV_FIND_LINKS",
    "PIP_INDEX_URL": "UV_INDEX_URL",
    "PIP_TRUSTED_HOST": "UV_INSECURE_HOST",
}
"""What uv calls the settings of a user who configured only pip."""

_INDEXES = {"UV_INDEX_URL": "UV_DEFAULT_INDEX", "UV_EXTRA_INDEX_URL": "UV_INDEX"}
"""Two names of one setting: pip's does not stand beside the newer one."""

_PASSED = re.compile(
    r"HOME|PATH|TMPDIR|LANG|LC_.*|NETRC|SSL_CERT_.*|XDG_.*|(HTTP|HTTPS|ALL|NO)_PROXY|"
    r"SYSTEMROOT|USERPROFILE|(LOCAL)?APPDATA",
    re.IGNORECASE,
)

_NO_COMPILERS = {"CC": "false", "CXX": "false", "FC": "false", "CARGO": "false", "RUSTC": "false"}
"""A compiled package then fails at once, where it would fail after minutes of compiling."""

_URL = re.compile(r"\bhttps?://[^\s`'\"<>)]+")
_UNREACHABLE = re.compile(
    r"failed to fetch|request failed|error sending request|network was disabled|dns error|"
    r"connection (refused|reset)|operation timed out",
    re.IGNORECASE,
)
_HEARD = re.compile(r"^(Downloading|Building|Prepared|Installed) ", re.IGNORECASE)


@dataclass(frozen=True)
class Answer:
    """How uv ended: its exit code and all that it said."""

    code: int
    said: str

    @property
    def unreachable(self) -> bool:
        """Whether it could not reach the package index."""
        built = "failed to build" not in self.said.lower()  # what a package's own build says
        return self.code != 0 and built and bool(_UNREACHABLE.search(self.said))

    @property
    def unsatisfiable(self) -> bool:
        """Whether it found that no set of packages meets the requirements."""
        return self.code == 1 and not self.unreachable

    @property
    def reason(self) -> str:
        """Why it failed, in one line: the first and the last of uv's sentences."""
        _, marker, causes = self.said.partition("cause:")
        text = causes if marker else self.said.partition("error:")[2] or self.said
        lines = [line.strip() for line in text.partition("\nhint:")[0].splitlines()]
        told = [line.removeprefix("cause:").strip() for line in lines if line]
        if len(told) > 2:
            told = [told[0], "…", told[-1]]
        sentence = " ".join(told)
        return f"{sentence[:600]} …" if len(sentence) > 600 else sentence


def uv_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """What uv is told of our environment: the user's index settings, and no other secrets."""
    chosen = {
        name: value
        for name, value in environ.items()
        if _PASSED.fullmatch(name) or (name.startswith("UV_") and name not in _STEERING)
    }
    for theirs, ours in _OF_PIP.items():
        newer = _INDEXES.get(ours, ours)
        if theirs in environ and ours not in chosen and newer not in chosen:
            chosen[ours] = environ[theirs]
    return chosen | _NO_COMPILERS | {"NO_COLOR": "1", "UV_NO_PROGRESS": "1"}


@dataclass(frozen=True)
class Uv:
    """uv at work on one env.

    `deadline` is on the clock of time.monotonic. `keep_open` are file descriptors that uv inherits,
    so that what they lock stays locked while uv lives.
    """

    log: Path
    deadline: float
    limit: float
    heard: Callable[[str], None]
    keep_open: tuple[int, ...] = ()

    def run(self, *arguments: str) -> Answer:
        """Run one uv command.

        Raises:
            Failed: it took longer than the setting envs.build_timeout allows.
            Unavailable: uv itself cannot be started.
        """
        self.note(f"$ uv {' '.join(arguments)}")
        with self._started(arguments) as process:
            lines = []
            for line in process.stdout or ():
                clean = _without_urls(line.rstrip())
                self.note(clean)
                lines.append(clean)
                if _HEARD.match(clean.strip()):
                    self.heard(clean.strip())
            code = process.wait()
        if code and time.monotonic() >= self.deadline:
            raise errors.Failed(
                f"building the code env took longer than {self.limit:g} seconds; allow it more "
                f"with the setting envs.build_timeout; log: {self.log}"
            )
        return Answer(code, "\n".join(lines))

    def note(self, line: str) -> None:
        """Write a line into the build log."""
        with self.log.open("a", encoding="utf-8") as log:
            log.write(f"{_without_urls(line)}\n")

    @contextmanager
    def _started(self, arguments: tuple[str, ...]) -> Iterator[subprocess.Popen[str]]:
        try:
            process = subprocess.Popen(
                [find_uv_bin(), *arguments],
                env=uv_environ(os.environ),
                cwd="/",  # configuration in folders above the workspace has no say in its envs
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,
                pass_fds=self.keep_open,
            )
        except OSError as exc:
            raise errors.Unavailable(
                f"uv, which builds code envs, cannot be started ({exc}); pip install uv"
            ) from exc
        remaining = max(0.0, self.deadline - time.monotonic())
        alarm = threading.Timer(remaining, _end, (process,))
        alarm.daemon = True
        alarm.start()
        with process:
            try:
                yield process
            finally:
                alarm.cancel()
                _end(process)


def _without_urls(line: str) -> str:
    """Which index is used is the user's own business; its address may hold a password."""
    return _URL.sub("<url>", line)


def _end(process: subprocess.Popen[str]) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
