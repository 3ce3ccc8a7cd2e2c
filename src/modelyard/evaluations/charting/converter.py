"""The program that converts charts: a request per line, as JSON, for a function of vl-convert.

The answer is a line that tells how many bytes follow, or what failed. It loads nothing else, so
that it is there in no time, and ends when its input does.
"""

from __future__ import annotations

import json
import sys

import vl_convert


def main() -> None:
    """Convert what is asked for until nothing more comes."""
    for line in sys.stdin.buffer:
        asked = json.loads(line)
        try:
            made = getattr(vl_convert, asked["function"])(asked["spec"], **asked["options"])
        except ValueError as exc:  # the engine's word for everything
            told = json.dumps({"failed": " ".join(str(exc).split())[:300]})
            content = b""
        else:
            content = made.encode() if isinstance(made, str) else made
            told = json.dumps({"size": len(content)})
        sys.stdout.buffer.write(told.encode() + b"\n" + content)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
