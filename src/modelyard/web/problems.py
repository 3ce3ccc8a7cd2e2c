"""What went wrong, as HTTP says it: a status, and an RFC 9457 document."""

from __future__ import annotations

import logging
import uuid
from typing import Any

from pydantic_core import to_json

from modelyard import errors
from modelyard.web.answers import Answer

STATUS: dict[type[errors.ModelyardError], int] = {
    errors.Invalid: 422,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.Blocked: 409,
    errors.Unsupported: 422,
    errors.Unavailable: 503,
    errors.Failed: 422,
}
"""`Failed` is 422 too: it was understood and tried, and cannot be done; `code` tells them apart.
500 is left for our own mistakes."""

TITLES = {
    400: "Malformed request",
    401: "Credentials are needed",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    406: "No such representation",
    408: "Too slow",
    409: "Conflict",
    412: "Changed meanwhile",
    413: "Too large",
    415: "Wrong content type",
    416: "No such range",
    422: "Cannot be done",
    429: "Too many requests",
    431: "Headers too large",
    500: "A mistake of the server",
    503: "Try again later",
}
KIND = "application/problem+json"
RETRY_AFTER = 5
LOG = logging.getLogger("modelyard.web")


class Refused(Exception):
    """A request that HTTP has a status of its own for."""

    def __init__(
        self, status: int, error: errors.ModelyardError, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(error.detail)
        self.status = status
        self.error = error
        self.headers = headers or {}


def answer_to(exc: Exception) -> Answer:
    """The answer that tells of an exception; one that nobody foresaw is logged under an id."""
    if isinstance(exc, Refused):
        return problem(exc.error, status=exc.status, headers=exc.headers)
    if isinstance(exc, errors.Conflict) and "expected" in exc.context:
        return problem(exc, status=412)  # what If-Match named is not there any more
    if isinstance(exc, errors.ModelyardError):
        if exc.in_full() != exc.detail:
            LOG.warning(exc.in_full())
        return problem(exc)
    incident = uuid.uuid4()
    LOG.error("request failed, incident %s", incident, exc_info=exc)
    unforeseen = errors.ModelyardError(
        f"the server made a mistake; its log tells more under {incident}"
    )
    return problem(unforeseen, status=500, instance=f"urn:uuid:{incident}")


def problem(
    error: errors.ModelyardError,
    *,
    status: int | None = None,
    headers: dict[str, str] | None = None,
    instance: str | None = None,
) -> Answer:
    """An error as an RFC 9457 document."""
    status = status or STATUS[type(error)]
    body: dict[str, Any] = {
        "type": f"/api/docs#{error.code}",
        "title": TITLES[status],
        "status": status,
        "detail": error.detail,
        "code": error.code,
        "context": error.context,
    }
    if instance:
        body["instance"] = instance
    more = dict(headers or {})
    if status == 503:
        more.setdefault("retry-after", str(RETRY_AFTER))
    if status == 401:
        more.setdefault("www-authenticate", 'Bearer realm="modelyard"')
    content = to_json(body, fallback=str, inf_nan_mode="null")
    return Answer(status, content, KIND, more)
