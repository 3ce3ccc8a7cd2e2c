"""What an answer of a server says: a result, one of our errors, or that it is none of ours."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import Any

import httpx2
from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json

from modelyard import errors
from modelyard.client.address import API_KEY, Address
from modelyard.kernel.lost import Lost
from modelyard.kernel.values import now
from modelyard.kernel.version import HEADER, __version__

PROBLEM = "application/problem+json"
GATEWAYS = {502, 503, 504}


def require_ours(answer: httpx2.Response, address: Address) -> None:
    """Check that a Modelyard server answered, whatever it says.

    Raises:
        Lost: a gateway says that the server is away.
        Invalid: something else answers at this address.
        Unauthenticated: a proxy wants to know who asks.
    """
    if HEADER in answer.headers:
        return
    status, url = answer.status_code, address.url
    if status in GATEWAYS:
        away = f"the gateway of {url} answers {status}: the server behind it is away; try again"
        raise Lost(errors.Unavailable(away), reached=status != 503, wait=retry_after(answer))
    if answer.is_redirect:
        to = answer.headers.get("location", "")
        raise errors.Invalid(
            f"{url} sends on to {to}; name the address that the server has from here"
        )
    if status == 407:
        raise errors.Unauthenticated(f"the proxy on the way to {url} wants credentials")
    kind = answer.headers.get("content-type", "nothing").partition(";")[0]
    hint = "; if it speaks TLS, write https://" if status == 400 else ""
    raise errors.Invalid(
        f"what answers at {url} is no Modelyard server (status {status}, {kind}); check the "
        f"address and its path{hint}"
    )


def problem_in(answer: httpx2.Response, address: Address) -> Exception:
    """What to raise for an answer that is an error; its body was read."""
    try:
        told: Any = from_json(answer.content)
        code, detail, context = str(told["code"]), str(told["detail"]), dict(told["context"])
    except (ValueError, KeyError, TypeError):
        return errors.Failed(
            f"{address.url} answered {answer.status_code} in a way that is not understood"
            f"{_mismatch(answer)}"
        )
    if code == errors.Unauthenticated.code and address.api_key is None:
        detail += f"; no API key was given: set {API_KEY}"
    if answer.status_code in (404, 405, 422) and is_other(answer):
        detail += _mismatch(answer)
    error = errors.ModelyardError.codes.get(code, errors.Failed)(detail)
    error.context = context
    if answer.status_code == 503 or (answer.status_code == 409 and "retry-after" in answer.headers):
        return Lost(error, reached=False, wait=retry_after(answer))
    return error


def result_in(content: bytes | str, kind: Any, answer: httpx2.Response, address: Address) -> Any:
    """The typed result in a JSON text.

    Raises:
        Unsupported: it is not what this version of Modelyard expects.
    """
    try:
        return TypeAdapter(kind).validate_json(content)
    except ValidationError as exc:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}"
            for fault in exc.errors(include_url=False)[:3]
        )
        raise errors.Unsupported(
            f"the answer of {address.url} is not understood ({faults}){_mismatch(answer)}"
        ) from exc


def retry_after(answer: httpx2.Response) -> float:
    """The seconds that the server asks to wait."""
    told = answer.headers.get("retry-after", "")
    try:
        if told.isdecimal():
            return float(told)
        return max(0.0, (parsedate_to_datetime(told) - now()).total_seconds())
    except (ValueError, TypeError):
        return 0.0


def is_other(answer: httpx2.Response) -> bool:
    """Whether the server is of another version than this client."""
    return answer.headers.get(HEADER, __version__) != __version__


def _mismatch(answer: httpx2.Response) -> str:
    if not is_other(answer):
        return ""
    theirs = answer.headers[HEADER]
    return (
        f"; the server runs Modelyard {theirs} and this is {__version__}: install the same here, "
        f"pip install modelyard=={theirs}"
    )
