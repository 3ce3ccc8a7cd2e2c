"""What services write on stderr while they run: its format, and how much of it."""

from __future__ import annotations

import logging


def write_log(*, quiet: bool = False) -> None:
    """Write what Modelyard tells, and warnings of what it uses; with `quiet` warnings alone."""
    logging.basicConfig(
        level=logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        datefmt="%Y-%m-%d %H:%M:%S",
    )
    logging.getLogger("modelyard").setLevel(logging.WARNING if quiet else logging.INFO)
