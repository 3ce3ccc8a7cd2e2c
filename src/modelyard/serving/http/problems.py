"""What went wrong, in words that clients of every protocol understand.

One document is an RFC 9457 problem (`type`, `title`, `status`, `detail`), what the DSS client reads
(`errorType`, `message`, `detailedMessage`), what MLflow's clients read (`error_code`, `message`)
and what those of the Open Inference Protocol read (`error`).
"""

from __future__ import annotations

import logging
import math
import uuid
from asyncio import CancelledError
from typing import Any

from modelyard import errors
from modelyard.serving.http.replies import Headers, Reply, json_of

STATUS: dict[type[errors.ModelyardError], int] = {
    errors.Invalid: 400,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.Blocked: 409,
    errors.Unsupported: 422,
    errors.Unavailable: 503,
    errors.Failed: 500,
}
TITLES = {
    400: "The query does not fit",
    401: "Credentials are needed",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    408: "Too slow",
    409: "Conflict",
    413: "Too large",
    415: "Wrong content type",
    422: "Not supported",
    429: "Too many queries",
    431: "Headers too large",
    500: "The query failed",
    503: "Try again later",
    504: "The model took too long",
}
ERROR_CODES = {
    400: "BAD_REQUEST",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "RESOURCE_DOES_NOT_EXIST",
    429: "REQUEST_LIMIT_EXCEEDED",
    503: "TEMPORARILY_UNAVAILABLE",
}
"""MLflow's names."""
KIND = "application/problem+json"
GONE = 499
"""Of a query whose caller went away, in the log."""
OVERDUE = "overdue"
"""Why a query is not answered: a worker took too long for it."""
RETRY_AFTER = 1.0
LOG = logging.getLogger("modelyard.node")


class Refused(Exception):
    """A request that HTTP has a status of its own for."""

    def __init__(self, status: int, error: errors.ModelyardError, headers: Headers = ()) -> None:
        super().__init__(error.detail)
        self.status = status
        self.error = error
        self.headers = headers


def answer_to(exc: Exception, request: str) -> Reply:
    """The answer that tells of an exception; one that nobody foresaw is logged under the request.

    Args:
        exc: what was raised.
        request: id of the request.
    """
    if isinstance(exc, Refused):
        return problem(exc.error, status=exc.status, headers=exc.headers, request=request)
    if isinstance(exc, errors.ModelyardError):
        return problem(exc, request=request)
    LOG.error("request %s failed", request, exc_info=exc)
    unforeseen = errors.ModelyardError(
        f"the node made a mistake; its log tells more under {request}"
    )
    return problem(unforeseen, status=500, request=request)


def status_of(problem: BaseException) -> int:
    """The HTTP status that says what went wrong."""
    if isinstance(problem, CancelledError):
        return GONE
    if isinstance(problem, errors.ModelyardError):
        if problem.context.get("reason") == OVERDUE:
            return 504
        return STATUS.get(type(problem), 500)
    return 500


def code_of(problem: Exception) -> str:
    """The stable name of what went wrong."""
    error = problem.error if isinstance(problem, Refused) else problem
    return error.code if isinstance(error, errors.ModelyardError) else "mistake"


def problem(
    error: errors.ModelyardError,
    *,
    status: int | None = None,
    headers: Headers = (),
    request: str = "",
) -> Reply:
    """An error as an answer."""
    status = status or status_of(error)
    body: dict[str, Any] = {
        "type": f"urn:modelyard:problem:{error.code}",
        "title": TITLES.get(status, "Refused"),
        "status": status,
        "detail": error.detail,
        "code": error.code,
        "context": error.context,
        "instance": f"urn:request:{request or uuid.uuid4()}",
        "errorType": type(error).__name__,
        "message": error.detail,
        "detailedMessage": error.detail,
        "error_code": ERROR_CODES.get(status, "INTERNAL_ERROR" if status >= 500 else "BAD_REQUEST"),
        "error": error.detail,
    }
    if status in (429, 503):
        seconds = math.ceil(float(error.context.get("retry_after") or RETRY_AFTER))
        headers = (*headers, (b"retry-after", b"%d" % max(1, seconds)))
    if status == 401:
        headers = (*headers, (b"www-authenticate", b'Basic realm="modelyard node", Bearer'))
    return Reply(json_of(body), status, KIND, headers)
