"""A cluster and a registry that are folders, with programs on PATH that speak to them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

PROGRAMS = Path(__file__).parent / "programs"
PROGRAM_OF = {"kubectl": "kubectl.py", "docker": "docker_images.py"}
PATH_BESIDE = f"{Path(sys.executable).parent}:/usr/bin:/bin"


class FakeCluster:
    """What the programs `kubectl` and `docker` on PATH know."""

    def __init__(self, folder: Path, monkeypatch: Any) -> None:
        self.folder, self.registry = folder / "cluster", folder / "registry"
        self.programs = folder / "bin"
        for each in (self.folder / "objects", self.registry / "images", self.programs):
            each.mkdir(parents=True)
        self.trouble()
        (self.registry / "trouble.json").write_text("{}")
        for name, program in PROGRAM_OF.items():
            write_program(self.programs / name, program)
        monkeypatch.setenv("PATH", f"{self.programs}:{PATH_BESIDE}")
        monkeypatch.setenv("CLUSTER", str(self.folder))
        monkeypatch.setenv("REGISTRY", str(self.registry))

    def trouble(self, **what: str) -> None:
        """What goes wrong with kubectl from now on."""
        (self.folder / "trouble.json").write_text(json.dumps(what))

    def trouble_with_images(self, **what: str) -> None:
        """What goes wrong with docker from now on."""
        (self.registry / "trouble.json").write_text(json.dumps(what))

    def without(self, program: str, monkeypatch: Any) -> None:
        """Have a program no longer there, whatever this machine has."""
        (self.programs / program).unlink()
        for needed in ("sh", "diff"):
            (self.programs / needed).symlink_to(shutil.which(needed))
        monkeypatch.setenv("PATH", str(self.programs))

    def asked(self, of: Path | None = None) -> list[str]:
        """The verbs that kubectl was given, or docker."""
        log = (of or self.folder) / "asked.log"
        return [line.split()[0] for line in log.read_text().splitlines()] if log.exists() else []

    def kinds(self) -> set[str]:
        """The kinds of what there is."""
        return {each.name.partition("-")[0] for each in (self.folder / "objects").iterdir()}

    def live(self, kind: str) -> dict[str, Any]:
        """The only thing of a kind."""
        (file,) = (self.folder / "objects").glob(f"{kind}-*.json")
        return json.loads(file.read_text())["live"]

    def edit(self, kind: str, change) -> None:
        """Change a thing as somebody else would: what was applied stays as it was said."""
        (file,) = (self.folder / "objects").glob(f"{kind}-*.json")
        held = json.loads(file.read_text())
        change(held["live"])
        file.write_text(json.dumps(held))

    def image(self) -> str:
        """What the pods run."""
        (node,) = self.live("Deployment")["spec"]["template"]["spec"]["containers"]
        return node["image"]

    def images(self) -> int:
        """How many images were pushed."""
        return len(list((self.registry / "images").iterdir()))


class FakeMachines:
    """What the program `docker` on PATH knows: machines by the names of their contexts."""

    def __init__(self, folder: Path, monkeypatch: Any, *names: str) -> None:
        self.folder, self.programs = folder / "engines", folder / "bin"
        self.programs.mkdir()
        for name in names:
            (self.folder / name).mkdir(parents=True)
        self.trouble()
        write_program(self.programs / "docker", "docker_engine.py")
        monkeypatch.setenv("PATH", f"{self.programs}:{PATH_BESIDE}")
        monkeypatch.setenv("ENGINES", str(self.folder))

    def trouble(self, **what: str) -> None:
        """What goes wrong from now on."""
        (self.folder / "trouble.json").write_text(json.dumps(what))

    def asked(self) -> list[str]:
        """The verbs that docker was given."""
        log = self.folder / "asked.log"
        return [line.split()[1] for line in log.read_text().splitlines()] if log.exists() else []

    def containers(self) -> list[Path]:
        """What is known of each container."""
        return sorted(self.folder.glob("*/*.json"))

    def pid(self) -> int:
        """The process of the only container."""
        (held,) = self.containers()
        return json.loads(held.read_text())["pid"]

    def end(self) -> None:
        """End the processes of all containers."""
        pids = [json.loads(held.read_text())["pid"] for held in self.containers()]
        for pid in filter(None, pids):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def write_program(path: Path, program: str) -> None:
    """Write a script that runs one of our programs."""
    path.write_text(f'#!/bin/sh\nexec {sys.executable} -I {PROGRAMS / program} "$@"\n')
    path.chmod(0o755)
