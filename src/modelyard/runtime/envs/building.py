"""Building the venv of an env whose packages are settled: nothing but a folder is needed for it."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from modelyard import errors
from modelyard.kernel.progress import Progress, silence
from modelyard.kernel.settings import EnvSettings
from modelyard.runtime.envs.local import LOCAL, holds_mlflow
from modelyard.runtime.envs.python import Interpreter, find_python
from modelyard.runtime.envs.site import Site, envs_folder, open_site, python_in
from modelyard.runtime.envs.uv import Uv
from modelyard.runtime.types import CodeEnv


@dataclass(frozen=True)
class Ground:
    """Where envs are built, and how: they are in `envs/` of the folder, their logs in `logs/`."""

    folder: Path
    settings: EnvSettings
    progress: Progress = silence

    def uv(self, log: Path, *keep_open: int) -> Uv:
        """The tool at work, with its time limit running."""
        limit = self.settings.build_timeout
        return Uv(log, time.monotonic() + limit, limit, self.progress, keep_open)

    def find_python(self, wanted: str | None, *, exact: bool) -> Interpreter:
        """The Python that an env asks for; NotFound if it is not here and has to be `exact`."""
        uv = self.uv(Path(os.devnull))
        return find_python(wanted, uv, download=self.settings.download_python, exact=exact)

    def python_of(self, env: CodeEnv) -> Path:
        """Where the interpreter of an env is, or will be."""
        return Path(sys.executable) if env.id == LOCAL else python_in(self._place(env))

    def has(self, env: CodeEnv) -> bool:
        """Whether the env is on this machine."""
        return holds_mlflow() if env.id == LOCAL else self.python_of(env).exists()

    def build_again(self, env: CodeEnv) -> CodeEnv:
        """Build an env of exactly its packages; gives it with the Python and size it has here.

        Raises:
            Unavailable: this machine lacks its Python, or the package index does not answer.
            Failed: the build failed, or took too long.
        """
        if env.id == LOCAL:
            raise errors.Unavailable(
                f"MLflow is not installed in {sys.executable}, whose env 'local' the model is to "
                "use; install it there, or import the model with another env"
            )
        try:
            python = self.find_python(env.python, exact=True)
        except errors.NotFound as exc:
            raise errors.Unavailable(f"the env {env.id} cannot be built here: {exc}") from exc
        with open_site(self.folder, env.id) as site:
            return self.build(site, env, python)

    def build(self, site: Site, env: CodeEnv, python: Interpreter) -> CodeEnv:
        """Make the venv and put it in its place; gives the env with its size.

        Raises:
            Unavailable: the package index does not answer.
            Failed: uv cannot make it; the message says why.
        """
        uv = self.uv(site.log, site.lock)
        for relaxation in env.relaxations:
            uv.note(f"{relaxation.asked} -> {relaxation.built}: {relaxation.reason}")
        self.progress(f"installing {len(env.packages)} packages for Python {env.python}")
        lock = site.folder / "env.txt"
        lock.write_text("".join(f"{package}\n" for package in env.packages))
        interpreter = f"--python={python_in(site.env)}"
        for step in (
            (
                "venv",
                "--quiet",
                "--no-project",
                "--relocatable",
                f"--python={python.path}",
                str(site.env),
            ),
            ("pip", "sync", interpreter, str(lock)),
        ):
            answer = uv.run(*step)
            if answer.code:
                kind = errors.Unavailable if answer.unreachable else errors.Failed
                raise kind(
                    f"the code env cannot be built: {answer.reason} The whole story is in {uv.log}",
                    log=str(uv.log),
                )
        size = sum(file.stat().st_size for file in site.env.rglob("*") if not file.is_dir())
        site.finish(self._place(env))
        return env.model_copy(update={"python": python.version, "size_mb": round(size / 2**20, 1)})

    def _place(self, env: CodeEnv) -> Path:
        return envs_folder(self.folder) / env.id
