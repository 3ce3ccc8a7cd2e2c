"""Ports for servers that are told theirs."""

from __future__ import annotations

import random
import socket
from contextlib import suppress

PORTS = range(10_000, 32_000)
"""Below those that systems give to outgoing connections, so that no such one takes it meanwhile."""


def free_port() -> int:
    """A port of this machine that nobody listens at."""
    while True:
        port = random.choice(PORTS)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
