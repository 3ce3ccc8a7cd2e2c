"""Nodes whose endpoints are plain Python: what is tested is who is asked, not what answers."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from modelyard import errors
from modelyard.archives.signing import signing_key
from modelyard.runtime.types import CodeEnv, EnvRequest
from modelyard.serving.administration.node import Node
from modelyard.serving.administration.running import running_node
from modelyard.serving.asking import Answer, PoolStatus, Question, RowAnswer
from modelyard.serving.audit import Administrator
from modelyard.serving.folder import NodeFolder
from modelyard.serving.packages.types import FunctionEndpoint, PackageContent, TestQuery
from modelyard.serving.packages.writing import write_package
from modelyard.serving.plane import DataPlane
from modelyard.serving.querylog.events import CallerInfo

DAY = datetime(2026, 3, 1, tzinfo=UTC)
ENV = CodeEnv(id="local", python="3.11", packages=(), asked=EnvRequest(source="local"), created=DAY)
ANYBODY = CallerInfo()


def write(
    target: Path, package: str, *, service: str = "churn-api", key: Path | None = None, **changes
) -> Path:
    """Write a package whose endpoint `who` says which generation answers."""
    usual = {
        "service": service,
        "package": package,
        "created": DAY,
        "created_by": "ann",
        "made_with": "0.1.0",
        "envs": (ENV,),
        "endpoints": (
            FunctionEndpoint(
                name="who",
                file="functions/who.py",
                function="who",
                env="local",
                test_queries=(
                    TestQuery(name="hello", query={"x": 0}, expected={"response": package}),
                ),
            ),
        ),
    }
    file = target / f"{service}-{package}.zip"
    write_package(
        file,
        PackageContent(**(usual | changes)),
        {"functions/who.py": b"pass\n"},
        key=key and signing_key(key),
    )
    return file


@dataclass
class Endpoint:
    """Answers with the name of its generation."""

    declared: FunctionEndpoint
    generation: str
    behaviour: Behaviour
    closed: bool = False
    under_way: int = 0

    async def ask(self, rows, *, params=None, output=None, headers=None):
        if self.closed:
            raise AssertionError("a closed endpoint was asked")
        self.under_way += 1
        try:
            await asyncio.sleep(self.behaviour.seconds.get(self.generation, 0))
            if gate := self.behaviour.gates.get(self.generation):
                await gate.wait()
        finally:
            self.under_way -= 1
        if self.generation in self.behaviour.failing and rows[0].get("x"):
            raise errors.Failed("it does not know")
        said = self.behaviour.says.get(self.generation, self.generation)
        return Answer(tuple(RowAnswer({"response": said}) for _ in rows))

    async def ask_table(self, table, *, params=None, output=None):
        return table

    def status(self):
        return PoolStatus(workers=1, memory=2**20)

    async def close(self):
        assert not self.under_way, "it was closed while it answered"
        self.closed = True
        self.behaviour.open.remove(self.generation)


@dataclass
class Behaviour:
    """What generations do otherwise than to say their names, and which are open."""

    says: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    gates: dict[str, asyncio.Event] = field(default_factory=dict)
    failing: set[str] = field(default_factory=set)
    loading: float = 0
    open: list[str] = field(default_factory=list)
    loads: int = 0

    async def load(self, declared, manifest, folder, pythons, pool, limits, around):
        await asyncio.sleep(self.loading)
        self.open.append(manifest.package)
        self.loads += 1
        return Endpoint(declared, manifest.package, self)


def node_of(folder: Path, behaviour: Behaviour | None = None) -> Node:
    return Node(folder, Administrator("ann"), load=(behaviour or Behaviour()).load)


def made(tmp_path: Path, *packages: str, behaviour: Behaviour | None = None) -> Node:
    """A new node with some packages; the first of them is active."""
    node = node_of(tmp_path / "node", behaviour)
    node.init()
    for package in packages:
        node.import_(file=str(write(tmp_path, package)))
    if packages:
        node.activate(service="churn-api", generation=packages[0])
    return node


@dataclass
class Running:
    """A node that runs in this event loop, with what it noted."""

    plane: DataPlane
    noted: list

    async def ask(self, *, service="churn-api", endpoint="who", x=1, **more):
        answered = await self.plane.ask(
            service, endpoint, Question(rows=[{"x": x}], **more), ANYBODY
        )
        return answered.answer.rows[0].output["response"]


@asynccontextmanager
async def running(node: Node, behaviour: Behaviour):
    folder = NodeFolder.opened(node.folder)
    runs = running_node(folder, folder.settings(), load=behaviour.load)
    noted = []
    plane = DataPlane(runs, [noted.append])
    await runs.start()
    try:
        yield Running(plane, noted)
    finally:
        await plane.close()
        await runs.stop()


async def until(holds) -> None:
    """Wait until a condition holds, which is asked in a thread."""
    for _ in range(500):
        if await asyncio.to_thread(holds):
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come to hold")


@contextmanager
def child(work) -> Iterator[int]:
    """A process that does some work; it is killed with the block, if it has not ended by then."""
    pid = os.fork()
    if not pid:
        code = 70
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    try:
        yield pid
    finally:
        with suppress(ProcessLookupError, ChildProcessError):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def ended(pid: int) -> int:
    """The exit code of a child that has ended by itself."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def serve(node: Node, behaviour: Behaviour):
    """The work of a process that runs a node until it is killed."""

    async def main():
        async with running(node, behaviour):
            await asyncio.Event().wait()

    return lambda: asyncio.run(main())


def wait_for(holds) -> None:
    """Wait until a condition holds."""
    asyncio.run(until(holds))
