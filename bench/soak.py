"""A node under mixed load for an hour: is every answer as it should be, and does memory stay flat?

Single rows, batches, MLflow's and the Open Inference Protocol's requests, queries that fit nothing,
unknown paths, large bodies, connections that come and go, slow clients, workers that are killed,
and switches between two generations. Every answer is checked for its status and, where it is a
prediction, against the one that the same row got first. Memory is told every minute. Ends with an
error if anything is not as expected.

    .venv/bin/python bench/soak.py --seconds 3600
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import math
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from served import Served, body, example_rows, packages, serving

CLIENTS = 16
REQUESTS_PER_CONNECTION = 200
WARM = 0.25
"""Share of the time after which memory has to be flat."""
GROWTH = 0.10
"""How much more memory than at its beginning there may be at the end of the flat part."""
SWITCHES, KILLS, SAMPLES = 60, 20, 360


@dataclass(frozen=True)
class Ask:
    """One kind of request."""

    name: str
    weight: int
    path: str
    bodies: tuple[bytes, ...]
    status: int = 200
    predictions: str = ""
    """Key of the answer that has to be the same whenever the same body is sent."""


@dataclass
class Seen:
    """What came of it all."""

    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    took: dict[str, list[float]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    first: dict[bytes, Any] = field(default_factory=dict)
    memory: list[tuple[float, int, int]] = field(default_factory=list)
    """Seconds since the beginning; bytes of the node's process, and of its largest worker."""
    switches: int = 0
    kills: int = 0
    is_over: bool = False

    def keep(self, ask: Ask, sent: bytes, status: int, answer: bytes, seconds: float) -> None:
        """Look at one answer."""
        self.statuses[ask.name, status] += 1
        times = self.took.setdefault(ask.name, [])
        if len(times) < 100_000:
            times.append(seconds)
        if status != ask.status:
            self.wrong.append(f"{ask.name}: {status} {answer[:200]!r}")
        elif ask.predictions:
            found = json.loads(answer)[ask.predictions]
            if not same(self.first.setdefault(sent, found), found):
                self.wrong.append(f"{ask.name}: another answer than before: {found}"[:300])


def same(one: Any, other: Any) -> bool:
    """Whether two answers are equal; numbers to nine digits, as sums depend on the batch."""
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return bool(one == other)


def asks(node: Served, rows: Sequence[dict[str, Any]], wrong: dict[str, Any]) -> list[Ask]:
    """Every kind of request, some bodies of each; `wrong` is what makes a row fit no longer."""
    query, asked = node.query, f"{node.service}.{node.endpoint}"
    names = list(rows[0])
    split = {"columns": names, "data": [[row[name] for name in names] for row in rows[:20]]}
    tensors = [
        {
            "name": name,
            "shape": [4],
            "datatype": "BYTES" if isinstance(rows[0][name], str) else "FP64",
            "data": [row[name] if row[name] is not None else 0.0 for row in rows[:4]],
        }
        for name in names
    ]
    misfit = body({"features": {**rows[0], **wrong}})
    return [
        Ask("one row", 60, f"{query}/predict", tuple(body({"features": row}) for row in rows)),
        Ask(
            "50 rows",
            14,
            f"{query}/predict-multi",
            (body({"items": [{"features": row} for row in rows[:50]]}),),
            predictions="results",
        ),
        Ask(
            "2,000 rows",
            1,
            f"{query}/predict-multi",
            (body({"items": [{"features": row} for row in rows * 10]}),),
            predictions="results",
        ),
        Ask(
            "MLflow",
            8,
            f"/{node.service}/{node.endpoint}/invocations",
            (body({"dataframe_split": split}),),
            predictions="predictions",
        ),
        Ask(
            "Open Inference",
            8,
            f"/v2/models/{asked}/infer",
            (body({"inputs": tensors}),),
            predictions="outputs",
        ),
        Ask("wrong type", 4, f"{query}/predict", (misfit,), status=400),
        Ask("no JSON", 2, f"{query}/predict", (b'{"features": {', b"[" * 50_000), status=400),
        Ask("no endpoint", 2, "/public/api/v1/nothing/here/predict", (b"{}",), status=404),
    ]


async def request(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str, sent: bytes
) -> tuple[int, bytes]:
    """Ask once on an open connection."""
    head = f"POST {path} HTTP/1.1\r\nhost: node\r\ncontent-type: application/json\r\n"
    writer.write(f"{head}content-length: {len(sent)}\r\n\r\n".encode() + sent)
    await writer.drain()
    lines = (await reader.readuntil(b"\r\n\r\n")).lower().split(b"\r\n")
    length = next(int(line[15:]) for line in lines if line.startswith(b"content-length:"))
    return int(lines[0].split()[1]), await reader.readexactly(length)


async def client(port: int, kinds: list[Ask], seen: Seen, seed: int) -> None:
    """Ask one thing after another, on a new connection now and then."""
    draw = random.Random(seed)
    weights = [ask.weight for ask in kinds]
    while not seen.is_over:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(REQUESTS_PER_CONNECTION):
            if seen.is_over:
                break
            (ask,) = draw.choices(kinds, weights)
            sent = draw.choice(ask.bodies)
            began = time.perf_counter()
            status, answer = await request(reader, writer, ask.path, sent)
            seen.keep(ask, sent, status, answer, time.perf_counter() - began)
            if status >= 500:
                await asyncio.sleep(0.05)
        writer.close()


async def slow_client(node: Served, seen: Seen) -> None:
    """Send a request a byte at a time, and never its end."""
    while not seen.is_over:
        _, writer = await asyncio.open_connection("127.0.0.1", node.port)
        try:
            for letter in f"POST {node.query}/predict HTTP/1.1\r\nhost: node\r\n".encode() * 20:
                writer.write(bytes([letter]))
                await writer.drain()
                await asyncio.sleep(0.1)
                if seen.is_over:
                    break
        except ConnectionError:
            pass  # it was thrown out, as it should be
        finally:
            writer.close()


async def moments(count: int, seconds: float) -> AsyncIterator[int]:
    """Spread over some seconds; one that comes too late is not waited for."""
    began = time.monotonic()
    for at in range(1, count + 1):
        due = began + at * seconds / (count + 1)
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        yield at


async def switcher(node: Served, seen: Seen, count: int, seconds: float) -> None:
    """Switch between the two generations again and again."""
    async for at in moments(count, seconds):
        await asyncio.to_thread(node.run, "activate", node.service, ("p1", "p2")[at % 2])
        seen.switches += 1


async def killer(node: Served, seen: Seen, count: int, seconds: float) -> None:
    """Kill a worker now and then: the oldest, which answers."""
    async for _ in moments(count, seconds):
        for worker in itertools.islice(workers_of(node), 1):
            worker.kill()
            seen.kills += 1


def workers_of(node: Served) -> Iterator[psutil.Process]:
    """The workers of a node, each of which is the child of a guard."""
    guards = psutil.Process(node.process.pid).children()
    for guard in sorted(guards, key=lambda each: each.create_time()):
        with contextlib.suppress(psutil.NoSuchProcess):
            yield from guard.children()


async def watcher(node: Served, seen: Seen, every: float) -> None:
    """Read how much memory the node and its largest worker hold now and then."""
    began, tell_at = time.monotonic(), 60.0
    while not seen.is_over:
        top = psutil.Process(node.process.pid)
        workers = [used_by(each) for each in workers_of(node)]
        sample = (time.monotonic() - began, used_by(top), max(workers, default=0))
        seen.memory.append(sample)
        if sample[0] >= tell_at:
            told = f"  {sample[0] / 60:5.1f} min: node {sample[1] / 1e6:,.0f} MB"
            print(f"{told}, its largest worker {sample[2] / 1e6:,.0f} MB", flush=True)
            tell_at += 60
        await asyncio.sleep(every)


def used_by(process: psutil.Process) -> int:
    """Bytes that a process holds for itself alone; none of one that is gone."""
    try:
        return int(process.memory_full_info().uss)
    except psutil.NoSuchProcess:
        return 0


async def soak(
    node: Served,
    kinds: list[Ask],
    seconds: float,
    *,
    clients: int = CLIENTS,
    switches: int = SWITCHES,
    kills: int = KILLS,
) -> Seen:
    """All of it at once, and at least until the last switch."""
    seen = Seen()

    async def end() -> None:
        await asyncio.gather(
            asyncio.sleep(seconds),
            switcher(node, seen, switches, seconds),
            killer(node, seen, kills, seconds),
        )
        seen.is_over = True

    await asyncio.gather(
        end(),
        *(client(node.port, kinds, seen, seed) for seed in range(clients)),
        *(slow_client(node, seen) for _ in range(4)),
        watcher(node, seen, max(0.5, seconds / SAMPLES)),
    )
    return seen


def told(seen: Seen, *, growth: float = GROWTH) -> int:
    """Print what came of it; gives the exit code."""
    total, seconds = sum(seen.statuses.values()), seen.memory[-1][0]
    print(f"{total:,} requests in {seconds:,.0f} s, {seen.switches} switches, {seen.kills} kills")
    for (name, status), count in sorted(seen.statuses.items()):
        ranked = statistics.quantiles(seen.took[name], n=100) if count > 1 else seen.took[name] * 99
        p50, p99 = ranked[49] * 1e3, ranked[98] * 1e3
        print(f"  {name:16} {status} {count:10,}   median {p50:8.2f} ms   p99 {p99:8.2f} ms")
    flat = [sample for sample in seen.memory if sample[0] >= WARM * seconds]
    size = max(1, len(flat) // 4)
    for at, what in ((1, "the node"), (2, "its largest worker")):
        before, after = (
            statistics.median(s[at] for s in part) for part in (flat[:size], flat[-size:])
        )
        print(f"  {what}: {before / 1e6:,.0f} MB after a quarter, {after / 1e6:,.0f} MB at the end")
        if after > before * (1 + growth):
            seen.wrong.append(f"{what} grew")
    for line in seen.wrong[:10]:
        print(f"  WRONG {line}")
    return int(bool(seen.wrong))


def main() -> None:
    """Soak a node."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--seconds", type=float, default=3600, help="how long [3600]")
    seconds = options.parse_args().seconds
    with tempfile.TemporaryDirectory() as name, (Path(name) / "node.log").open("w+") as log:
        folder = Path(name)
        with serving(folder, packages(folder), log) as node:
            kinds = asks(node, example_rows(200), {"n3": "a word"})
            seen = asyncio.run(soak(node, kinds, seconds))
        code = told(seen)
        if code:
            log.seek(0)
            print(log.read()[-4000:])
    sys.exit(code)


if __name__ == "__main__":
    main()
