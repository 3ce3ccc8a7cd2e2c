"""Files that are handed to whoever asked for them: there when they are whole, and not before."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from modelyard import errors
from modelyard.kernel import paths
from modelyard.kernel.context import Context


@contextmanager
def appearing(context: Context, to: str, *, replace: bool) -> Iterator[Path]:
    """A place to write to, which becomes the caller's file when the block is left.

    Raises:
        Conflict: there is something at that place, and it is not to be replaced.
        Failed: it cannot be written there.
    """
    with appearing_at(paths.transferred(context, to), replace=replace) as partial:
        yield partial


@contextmanager
def appearing_at(target: Path, *, replace: bool) -> Iterator[Path]:
    """The same, where it is known which file of this machine is meant; errors as in `appearing`."""
    taken = errors.Conflict(f"there is {target} already; use --replace, or another path")
    if target.is_dir() or (target.exists() and not replace):
        raise taken
    partial = target.with_name(f".{target.name[:100]}.{uuid.uuid4().hex}.partial")
    try:
        yield partial
        if replace:
            partial.replace(target)
        else:
            os.link(partial, target)
    except FileExistsError as exc:
        raise taken from exc
    except OSError as exc:
        raise errors.Failed(f"{target} cannot be written: {exc.strerror or exc}") from exc
    finally:
        partial.unlink(missing_ok=True)
