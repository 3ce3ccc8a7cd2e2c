"""Which servers an address may lead to, of all that this machine reaches."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any, List, Optional, Sequence, Union
from urllib.parse import urlsplit

from ..problems import Problem

Address = Union[ipaddress.IPv4Address, ipaddress.IPv6Address]

GUARDED = tuple(
    ipaddress.ip_network(each)
    for each in ("169.254.0.0/16", "fe80::/10", "fd00:ec2::254/128", "fd20:ce::254/128")
)
"""Where machines find the keys of the cloud that they run in, and their neighbours on the link."""


def check(url: str, listed: Sequence[str]) -> None:
    """Refuse an address of a server that is not among the listed ones.

    Args:
        url: begins with http:// or https://.
        listed: names of hosts, `*.` and what they end with, addresses, and networks such as
            10.0.0.0/8. If none is listed, all are but those in `GUARDED`; these have to be listed
            by address or network, whatever a name is listed.

    Raises:
        Problem: it may not be asked (`forbidden`), or names no host (`invalid`).
    """
    try:
        host = (urlsplit(url).hostname or "").rstrip(".").lower()
    except ValueError:
        host = ""
    if not host:
        raise Problem("invalid", "that address names no host")
    networks = [network for network in map(_network, listed) if network is not None]
    found = _addresses(host)

    def is_listed(address: Address) -> bool:
        return any(address in network for network in networks)

    for address in found:
        if any(address in network for network in GUARDED) and not is_listed(address):
            raise Problem(
                "forbidden",
                f"{host} leads to {address}, where machines keep the keys of their cloud; it is "
                "asked only if the setting sources.mlflow_hosts lists that address",
            )
    if not listed or any(_is_named(host, each.lower()) for each in listed):
        return
    if not found or not all(map(is_listed, found)):
        raise Problem(
            "forbidden",
            f"{host} is none of the MLflow servers that may be asked; an instance admin can add it "
            "to the setting sources.mlflow_hosts",
        )


def guard_requests(listed: Sequence[str]) -> None:
    """Have every request of this process checked, those that a redirect leads to included."""
    import requests

    send = requests.Session.send

    def checked(self: Any, request: Any, **options: Any) -> Any:
        check(request.url, listed)
        return send(self, request, **options)

    requests.Session.send = checked  # type: ignore[method-assign]


def _is_named(host: str, entry: str) -> bool:
    return host.endswith(entry[1:]) if entry.startswith("*.") else host == entry


def _network(entry: str) -> Optional[Union[ipaddress.IPv4Network, ipaddress.IPv6Network]]:
    try:
        return ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return None


def _addresses(host: str) -> List[Address]:
    """Where a name leads; nowhere if nobody knows it here, as behind a proxy."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    addresses = [ipaddress.ip_address(str(each[4][0]).partition("%")[0]) for each in found]
    return [getattr(address, "ipv4_mapped", None) or address for address in addresses]
