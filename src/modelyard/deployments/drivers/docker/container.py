"""A container with a node in it, on one machine: looked at, started anew, taken away."""

from __future__ import annotations

import hashlib
import json
import shlex
import time
from collections.abc import Callable
from typing import Any, Literal

from modelyard import errors
from modelyard.deployments.drivers.docker.options import DockerOptions
from modelyard.deployments.drivers.inside import NODE
from modelyard.deployments.drivers.tools import Answer, Tool
from modelyard.deployments.drivers.types import DesiredService
from modelyard.serving.operating.types import Plan
from modelyard.serving.operating.writing import filled

TOOL = Tool("docker", "runs containers")
ASKING, BUILDING = 120.0, 3600.0
"""Seconds that a question may take, and that building an image may."""
PORT = 8500
HOME = "/home/modelyard"
MADE_OF = "modelyard.io/made-of"
STOPS_WITHIN = 60
STARTS_WITHIN, LOOKS_EVERY = 600.0, 1.0
"""Seconds that models may take to load, and between two looks at whether they have."""

State = Literal["absent", "stopped", "running"]


class Container:
    """The container of an infrastructure on one machine; its node's folder is a volume beside it.

    So it can be made anew, with another image or other options, and its node knows what it knew.
    All of it raises Unavailable where docker is not there or takes too long, Conflict where
    something else has its name, and Failed where docker refuses.
    """

    def __init__(self, name: str, context: str, options: DockerOptions) -> None:
        self.name = name
        self._context = context
        self._options = options
        plan = Plan(port=PORT, base_image=options.base_image)
        self.dockerfile = filled("docker/Dockerfile", plan, empty=True)
        self.image = f"modelyard-node:{_digest(self.dockerfile)}"

    @property
    def address(self) -> str:
        """Where its node answers, if that is one address."""
        anywhere = ("0.0.0.0", "[::]")  # noqa: S104  what is compared
        options = self._options
        return "" if options.address in anywhere else f"http://{options.address}:{options.port}"

    def look(self) -> tuple[State, str]:
        """Whether it is there and runs, and in what it is otherwise than its options say."""
        found = self._found()
        if found is None:
            return "absent", "its container is not there"
        if not found["State"].get("Running"):
            return "stopped", "its container does not run"
        is_same = found["Config"]["Labels"].get(MADE_OF) == self._made_of
        return "running", "" if is_same else "its container was made with other options"

    def keep(self, tell: Callable[[str], None]) -> bool:
        """See that it is there as its options say, and runs; gives whether anything was done.

        What is otherwise is made anew: its node does not answer while its models load.
        """
        state, differs = self.look()
        if not differs:
            return False
        if self.run("image", "inspect", self.image).code:
            self._build(tell)
        if state != "absent":
            self._asked("stop", f"--time={STOPS_WITHIN}", self.name)
            self._asked("rm", "--force", self.name)
        self._asked("run", *self.arguments())
        self._wait()
        return True

    def arguments(self) -> list[str]:
        """What `docker run` is given."""
        return ["--detach", f"--label={MADE_OF}={self._made_of}", *self._wanted()]

    def commands(self, desired: DesiredService) -> list[str]:
        """What somebody types that has no other way: from the image to what answers."""
        docker, node = f"docker --context={self._context}", f"--folder={NODE}"
        inside = f"{docker} exec {self.name} modelyard node"
        found = [f"{docker} build --tag={self.image} - < Dockerfile"]
        found.append(f"{docker} run {shlex.join(self.arguments())}")
        for each in desired.packages:
            file = f"{HOME}/{each.package}.zip"
            found.append(f"{docker} cp packages/{each.package}.zip {self.name}:{file}")
            found.append(f"{inside} import {node} {file}")
        if desired.access != "package":
            found.append(f"{inside} access {node} {desired.target} {desired.access}")
        shares = " ".join(f"{name}={share!r}" for name, share in desired.shares.items())
        shadows = f" --shadows {','.join(desired.shadows)}" if desired.shadows else ""
        return [*found, f"{inside} map {node} {desired.target} {shares}{shadows}"]

    def remove(self) -> None:
        """Take it away, with all that its node knows."""
        if self._found() is not None:
            self._asked("rm", "--force", self.name)
        self._asked("volume", "rm", "--force", self.name)

    def run(self, *arguments: str, given: str = "") -> Answer:
        """Run docker on this machine."""
        return TOOL.run(f"--context={self._context}", *arguments, seconds=ASKING, given=given)

    def _wanted(self) -> list[str]:
        options = self._options
        limits = [f"--memory={options.memory}"] if options.memory else []
        limits += [f"--cpus={options.cpus:g}"] if options.cpus else []
        network = [f"--network={options.network}"] if options.network else []
        return [
            f"--name={self.name}",
            "--restart=unless-stopped",
            f"--stop-timeout={STOPS_WITHIN}",
            f"--publish={options.address}:{options.port}:{PORT}",
            f"--volume={self.name}:{NODE}",
            "--cap-drop=ALL",
            "--security-opt=no-new-privileges:true",
            *limits,
            *network,
            *(f"--env={name}={value}" for name, value in options.env.items()),
            self.image,
            *("--host", "0.0.0.0", "--port", str(PORT)),  # noqa: S104  inside of a container
            *("--processes", str(options.processes)),
        ]

    def _wait(self) -> None:
        """Wait until a process of the node runs, which has in memory what it answers with."""
        asked = ("modelyard", "node", "processes", f"--folder={NODE}", "--json")
        until = time.monotonic() + STARTS_WITHIN
        while time.monotonic() < until:
            answer = self.run("exec", self.name, *asked)
            if answer.code == 0 and answer.out.strip() not in ("", "[]"):
                return
            if self.look()[0] != "running":
                break
            time.sleep(LOOKS_EVERY)
        said = self.run("logs", "--tail=5", self.name)
        raise errors.Failed(
            f"the node in {self.name} on {self._context} does not start: {said.reason}; see: "
            f"docker logs {self.name}"
        )

    @property
    def _made_of(self) -> str:
        return _digest(json.dumps(self._wanted()))

    def _found(self) -> dict[str, Any] | None:
        answer = self.run("container", "inspect", self.name)
        if answer.code:
            if "no such container" in answer.said.lower():
                return None
            raise _refused("container inspect", answer)
        try:
            (found,) = json.loads(answer.out)
            labels, state = found["Config"]["Labels"], found["State"]
        except (ValueError, KeyError, TypeError) as exc:
            raise _unreadable(answer.out) from exc
        if not isinstance(labels, dict) or not isinstance(state, dict):
            raise _unreadable(answer.out)
        if MADE_OF not in labels:
            raise errors.Conflict(
                f"there is a container {self.name} on {self._context} already, which Modelyard did "
                "not make; take it away, or give the infrastructure another name"
            )
        return dict(found)

    def _build(self, tell: Callable[[str], None]) -> None:
        words = (f"--context={self._context}", "build", f"--tag={self.image}", "-")
        answer = TOOL.run(*words, seconds=BUILDING, given=self.dockerfile, heard=tell)
        if answer.code:
            raise _refused("build", answer)

    def _asked(self, *arguments: str) -> Answer:
        answer = self.run(*arguments)
        if answer.code:
            raise _refused(arguments[0], answer)
        return answer


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _refused(verb: str, answer: Answer) -> errors.Failed:
    return errors.Failed(f"docker {verb}: {answer.reason}", program="docker", code=answer.code)


def _unreadable(out: str) -> errors.Failed:
    shown = " ".join(out.split())[:120]
    return errors.Failed(
        f"what docker answers cannot be read: {shown!r}; see which program docker is here"
    )
