"""What may be called: projects name webhooks and endpoints, and the server calls these.

A name is looked up once, and what was found is what is connected to: nobody can answer with another
address afterwards.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from urllib.parse import urlsplit

from modelyard import errors

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

PUBLIC = "public"
TRANSLATED = ipaddress.ip_network("64:ff9b::/96")
"""IPv6 addresses that stand for those of IPv4 (RFC 6052)."""


def addresses(url: str, allowed: Sequence[str], setting: str) -> tuple[str, ...]:
    """The addresses at which the host of a URL is, if it may be called.

    Args:
        url: begins with http:// or https://.
        allowed: hosts, as the setting says.
        setting: what that is called, such as alerts.webhooks.

    Raises:
        Invalid: the URL names no host.
        Forbidden: it is none of those allowed.
        Unavailable: nobody knows the host.
    """
    host = host_of(url)
    found = _looked_up(host)
    named = any(_is_named(host, each.lower()) for each in allowed)
    if not (named or all(_may(address, allowed) for address in found)):
        raise errors.Forbidden(
            f"{host} is none of the hosts that {setting.partition('.')[0]} may call; an instance "
            f"admin can add it to the setting {setting}"
        )
    return tuple(map(str, found))


def host_of(url: str) -> str:
    """The host of a URL in small letters; Invalid if it names none."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".").lower()
        _ = parts.port
    except ValueError:
        host = ""
    if not host:
        raise errors.Invalid("the address names no host")
    return host


def is_public(address: Address) -> bool:
    """Whether an address is of the internet, also by what it stands for."""
    if isinstance(address, ipaddress.IPv6Address):
        teredo = address.teredo
        inner = [address.ipv4_mapped, address.sixtofour, *(teredo or ())]
        if address in TRANSLATED:
            inner.append(ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF))
        if not all(is_public(each) for each in inner if each is not None):
            return False
        if address.ipv4_mapped is not None:
            return True
    return address.is_global and not address.is_multicast


def _may(address: Address, allowed: Sequence[str]) -> bool:
    if PUBLIC in allowed and is_public(address):
        return True
    mapped = getattr(address, "ipv4_mapped", None) or address
    return any(mapped in network for each in allowed if (network := _network(each)) is not None)


def _is_named(host: str, entry: str) -> bool:
    return host.endswith(entry[1:]) if entry.startswith("*.") else host == entry != PUBLIC


def _network(entry: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return None


def _looked_up(host: str) -> list[Address]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as exc:
        raise errors.Unavailable(f"nobody knows the host {host}") from exc
    texts = dict.fromkeys(str(each[4][0]).partition("%")[0] for each in found)
    return [ipaddress.ip_address(text) for text in texts]
