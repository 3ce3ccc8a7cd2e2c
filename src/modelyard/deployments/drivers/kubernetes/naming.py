"""Names that a cluster takes, of what people called otherwise."""

from __future__ import annotations

import hashlib
import re

from modelyard.kernel.values import NAME_PATTERN

LONGEST = 53
"""Letters of an object's name: what Kubernetes puts behind it has to fit into 63."""


def object_name(service: str) -> str:
    """What everything of a service is called in a cluster: small letters, digits and '-'.

    A service that cannot be called so has a few digits of its name's sha256 behind it, so that two
    of them stay two.
    """
    plain = re.sub(r"[^a-z0-9]+", "-", service.lower()).strip("-")
    if plain == service and plain[0].isalpha() and len(plain) <= LONGEST:
        return plain
    begins = plain if plain[:1].isalpha() else f"s-{plain}".rstrip("-")
    return f"{begins[: LONGEST - 9].rstrip('-')}-{_digits(service)}"


def place_name(context: str, namespace: str) -> str:
    """What a namespace of a cluster is called here: it has the form of names."""
    whole = f"{context or 'cluster'}.{namespace}"
    if re.fullmatch(NAME_PATTERN, whole):
        return whole
    cluster = re.sub(r"[^A-Za-z0-9._-]+", "-", context)[:40]
    return f"{cluster}-{_digits(context)}.{namespace}"


def _digits(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]
