"""Still charts, drawn by a process of their own: its engine keeps hundreds of megabytes to itself.

The process reads a request per line, as JSON, and answers with a line that tells how many bytes
follow. It ends when its input does, so that it outlives nobody who asked it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from typing import IO, Any, Self

from modelyard import errors
from modelyard.analysis.charts.types import Drawn, Mode

PLAIN = "plain"
"""An SVG without title and ground, for a page that has both."""


class Stills:
    """A process that draws, one chart after another; to be used as a context.

    Raises:
        Unavailable: the system starts no more processes.
    """

    def __enter__(self) -> Self:
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", __name__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        except OSError as exc:
            raise errors.Unavailable(f"no process to draw charts can be started: {exc}") from exc
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def draw(self, drawn: Drawn, form: str, width: int, mode: Mode = "light") -> bytes:
        """A chart in one of the formats of `rendering`, or as a `PLAIN` SVG.

        Args:
            drawn: the chart; it has a spec.
            form: which format.
            width: in pixels.
            mode: for a light or a dark ground.

        Raises:
            Failed: it cannot be drawn.
        """
        chart = drawn.model_dump(include=set(Drawn.model_fields))
        asked = {"drawn": chart, "form": form, "width": width, "mode": mode}
        try:
            _pipe(self._process.stdin).write(json.dumps(asked).encode() + b"\n")
            _pipe(self._process.stdin).flush()
            told = json.loads(_pipe(self._process.stdout).readline() or b"{}")
        except BrokenPipeError:
            told = {}
        if "size" not in told:
            why = told.get("failed", "the process that draws has ended")
            raise errors.Failed(f"the chart {drawn.title!r} cannot be drawn: {why}")
        return _pipe(self._process.stdout).read(told["size"])


def serve(requests: IO[bytes], answers: IO[bytes]) -> None:
    """Draw what is asked for until nothing more comes."""
    rendering = import_module("modelyard.analysis.charts.rendering")
    formats: dict[str, Callable[[Drawn, Mode, int], bytes]] = {
        **rendering.FORMATS,
        PLAIN: lambda drawn, _mode, width: rendering.svg(drawn.spec, width).encode(),
    }
    for line in requests:
        asked = json.loads(line)
        content, told = b"", {}
        try:
            drawn = Drawn.model_validate(asked["drawn"])
            content = formats[asked["form"]](drawn, asked["mode"], asked["width"])
            told = {"size": len(content)}
        except ValueError as exc:  # the engine's word for everything
            told = {"failed": " ".join(str(exc).split())[:300]}
        answers.write(json.dumps(told).encode() + b"\n" + content)
        answers.flush()


def _pipe(end: IO[bytes] | None) -> IO[bytes]:
    if end is None:
        raise AssertionError("the process has pipes")
    return end


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
