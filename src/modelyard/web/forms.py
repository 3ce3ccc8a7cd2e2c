"""Forms that browsers send."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request

from modelyard import errors
from modelyard.kernel.settings import ServerSettings
from modelyard.web.bodies import arriving, too_large
from modelyard.web.problems import Refused

FORM = "application/x-www-form-urlencoded"
LARGEST = 16 * 1024
FIELDS = 20
MOST_FIELDS = 2000


async def read_form(request: Request, limits: ServerSettings) -> dict[str, str]:
    """The fields of a small form; of a field that is there twice, the last.

    Raises:
        Refused: it is of another kind (415), too large (413), too slow (408) or malformed (400).
    """
    return dict(await read_pairs(request, limits, largest=LARGEST, most=FIELDS))


async def read_pairs(
    request: Request, limits: ServerSettings, *, largest: int, most: int = MOST_FIELDS
) -> list[tuple[str, str]]:
    """The fields of a form, in order; `largest` is in bytes.

    Raises:
        Refused: it is of another kind (415), too large (413), too slow (408) or malformed (400).
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != FORM:
        raise Refused(415, errors.Unsupported(f"the body has to be {FORM}"), {"accept": FORM})
    body = bytearray()
    async for part in arriving(request, limits.client_timeout):
        body += part
        if len(body) > largest:
            raise too_large(largest)
    try:
        text = body.decode("ascii")
        return parse_qsl(text, keep_blank_values=True, max_num_fields=most, errors="strict")
    except ValueError as exc:
        raise Refused(400, errors.Invalid("the form cannot be read")) from exc


def own_path(text: str) -> str:
    """A path of this server to go on to; the home page for anything else."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return HOME
    plain = text.isascii() and text.isprintable() and "\\" not in text and " " not in text
    if not plain or parts.scheme or parts.netloc or not text.startswith("/"):
        return HOME
    return HOME if text.startswith("//") else text


HOME = "/"
