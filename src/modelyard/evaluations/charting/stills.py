"""Still charts, made by a process of their own: the memory that this takes goes with it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import IO, Any, Self

from modelyard import errors
from modelyard.analysis.charts.rendering import labelled, on_ground, still
from modelyard.analysis.charts.types import Drawn, Mode

CONVERTER = Path(__file__).with_name("converter.py")
SCALE = 2.0
"""Dots of a PNG per pixel."""


class Stills:
    """A process that converts one chart after another, from the first one to the block's end."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()

    def svg(self, spec: dict[str, Any], width: int) -> str:
        """A spec as SVG, without title and ground; raises as `file` does."""
        return labelled(self._converted("svg", still(spec, width)).decode(), spec)

    def file(self, drawn: Drawn, form: str, width: int, mode: Mode) -> bytes:
        """A chart as a file of its own.

        Args:
            drawn: the chart; it has a spec.
            form: svg, png or html; a page has Vega in it and needs nothing else.
            width: in pixels.
            mode: for a light or a dark ground.

        Raises:
            Failed: it cannot be drawn.
            Unavailable: the system starts no more processes.
        """
        spec = on_ground(drawn, mode)
        if form == "svg":
            return self.svg(spec, width).encode()
        if form == "png":
            return self._converted("png", still(spec, width), scale=SCALE)
        return self._converted("html", {**spec, "width": width}, bundle=True)

    def _converted(self, form: str, spec: dict[str, Any], **options: Any) -> bytes:
        asked = {"function": f"vegalite_to_{form}", "spec": spec, "options": options}
        process = self._process = self._process or _started()
        requests, answers = _pipe(process.stdin), _pipe(process.stdout)
        try:
            requests.write(json.dumps(asked).encode() + b"\n")
            requests.flush()
            told = json.loads(answers.readline() or b"{}")
        except BrokenPipeError:
            told = {}
        if "size" not in told:
            why = told.get("failed", "the process that draws has ended")
            raise errors.Failed(f"the chart cannot be drawn: {why}")
        return answers.read(told["size"])


def _started() -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            [sys.executable, "-I", str(CONVERTER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except OSError as exc:
        raise errors.Unavailable(f"no process to draw charts can be started: {exc}") from exc


def _pipe(end: IO[bytes] | None) -> IO[bytes]:
    if end is None:
        raise AssertionError("the process has pipes")
    return end
