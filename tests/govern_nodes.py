"""Govern nodes as processes of their own, and workspaces that they govern, for tests."""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import pytest
from tests.e2e.models import write_model
from tests.rooms.deployments.made import Made
from tests.running_server import RunningServer

import modelyard
from modelyard.deployments.drivers import access
from modelyard.deployments.drivers.options import Options
from modelyard.kernel.plugs import Plugs

V1 = "version:default/churn/v1"
ROWS = "".join(f"{20 + n % 50},{n % 7},{n % 2}\n" for n in range(60))
TEMPLATE = """\
name: release
kind: version
steps:
  - id: sign
    signoff: {approvers: {groups: [risk]}, requester_may_approve: true}
"""
POLICY = "clauses: [{kind: metric, metric: accuracy, at_least: 0.1}, {kind: approved}]"


def with_made(patch: pytest.MonkeyPatch) -> None:
    """Let infrastructures of the driver `made` have one place, which is a value."""
    driver = Made("a")
    made = SimpleNamespace(options=Options, require_fit=lambda *_: None, open=lambda *_: driver)
    fixed = Plugs("drivers", "driver", {"made": made, **access.BUILT_IN})
    patch.setattr(access, "DRIVERS", fixed)


def make_workspace(folder: Path) -> None:
    """A version with an evaluation, in two packages; nothing is deployed."""
    folder.mkdir(parents=True, exist_ok=True)
    with pytest.MonkeyPatch.context() as patch, ExitStack() as ended:
        patch.setenv("MODELYARD_ENVS__DEFAULT", "local")
        with_made(patch)
        yard = modelyard.open(folder / "yard", actor="ada")
        ended.callback(yard.close)
        (folder / "rows.csv").write_text(f"age,fare,target\n{ROWS}")
        yard.models.create(name="churn", prediction_type="binary_classification")
        source = str(write_model(folder / "plain"))
        yard.versions.import_(model="churn", version="v1", source=source, classes=(0, 1))
        yard.evaluations.run(model="churn", dataset=str(folder / "rows.csv"), target="target")
        yard.services.create(name="answers")
        yard.endpoints.create(service="answers", endpoint="churn", model="churn", version="v1")
        for package in ("p1", "p2"):
            yard.packages.create(service="answers", package=package)
        yard.infrastructures.create(name="prod", stage="production", driver="made")


class GovernNode:
    """A node in a process of its own, and somebody who may decide everything there."""

    def __init__(self, folder: Path, **environ: str) -> None:
        self.folder = folder
        self._environ = environ
        self.keys: dict[str, str] = {}
        self.start()

    def start(self) -> None:
        words = ("--role", "govern", "--workers", "0", *self._port())
        self.server = RunningServer(self.folder, *words, **self._environ)
        self.url = self.server.url
        self.there = modelyard.connect(self.url, "")

    def _port(self) -> tuple[str, ...]:
        """The port that it had before, if it had one."""
        url = getattr(self, "url", "")
        return ("--port", url.rpartition(":")[2]) if url else ()

    def add(self, name: str) -> str:
        self.keys[name] = self.there.workspaces.add(name=name).key
        return self.keys[name]

    def govern(self, workspace: str, folder: Path) -> str:
        """Have its version be governed, by a template and a policy; gives what it is called."""
        item = V1.replace("default", f"{workspace}.default")
        (folder / "template.yaml").write_text(TEMPLATE)
        self.there.templates.publish(file=str(folder / "template.yaml"))
        above = f"project:{workspace}.default", f"model:{workspace}.default/churn"
        for each in above:
            self.there.govern.govern(item=each)
        self.there.govern.govern(item=item, template="release")
        (folder / "policy.yaml").write_text(POLICY)
        self.there.policies.create(name="good", file=str(folder / "policy.yaml"))
        return item

    def approve(self, item: str) -> None:
        self.there.govern.request(item=item)
        self.there.govern.approve(item=item)

    def kill(self) -> None:
        """End it at once; `start` brings it back at its address."""
        self.server.kill()
        self.close()

    def close(self) -> None:
        self.there.close()
        with self.server:
            pass
        self.server._log.close()


def copied(original: Path, target: Path) -> Path:
    """Another workspace with the same things: its folder."""
    shutil.copytree(original / "yard", target)
    return target
