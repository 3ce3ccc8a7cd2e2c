"""What the tables of the settings file are made of."""

from __future__ import annotations

import re
from ipaddress import ip_network

from pydantic import BaseModel, ConfigDict

HOST = re.compile(r"(\*\.)?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")


class Section(BaseModel):
    """One table of the settings file."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def require_hosts(hosts: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse what names no host, with an error that says how hosts are named."""
    for each in hosts:
        try:
            ip_network(each, strict=False)
        except ValueError:
            if not HOST.fullmatch(each):
                raise ValueError(
                    f"{each!r} is no host, such as server.example.org, *.example.org, 10.1.2.3 or "
                    "10.0.0.0/8, without scheme and port"
                ) from None
    return hosts
