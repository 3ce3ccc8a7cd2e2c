"""URLs of databases: placeholders for environment variables, hidden passwords, engines."""

from __future__ import annotations

import os
import re
from typing import Any

from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from modelyard import errors

PLACEHOLDER = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
NO_URL = (
    "the database URL cannot be read; write postgresql://user:${DB_PASSWORD}@host:5432/name or "
    "sqlite:////path/to/file.db"
)
SECRET = re.compile(r"pass|secret|token|key|pwd", re.IGNORECASE)


def parse(url: str) -> URL:
    """Read a URL as it was written, with its placeholders.

    Raises:
        Invalid: it is no database URL.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as exc:
        raise errors.Invalid(NO_URL) from exc
    if "@" in (parsed.host or ""):
        raise errors.Invalid(f"{NO_URL}; an @ in a password is written %40")
    return parsed


def shown(url: str) -> str:
    """A URL for people: passwords hidden, unless they are placeholders."""
    if PLACEHOLDER.fullmatch(url):
        return url
    parsed = parse(url)
    hidden = {
        key: "hidden" if SECRET.search(key) and not _is_placeholder(value) else value
        for key, value in parsed.query.items()
    }
    parsed = parsed.set(query=hidden)
    keep = parsed.password is None or _is_placeholder(parsed.password)
    return (
        parsed.render_as_string(hide_password=not keep).replace("%24%7B", "${").replace("%7D", "}")
    )


def _is_placeholder(value: object) -> bool:
    return isinstance(value, str) and PLACEHOLDER.fullmatch(value) is not None


def resolve(url: str) -> URL:
    """The URL with its placeholders filled in from the environment.

    Raises:
        Invalid: a variable is not set.
    """
    if PLACEHOLDER.fullmatch(url):
        return parse(_filled(url) or "")
    parsed = parse(url)
    # Part by part, so that no character in a value can change the meaning of the URL.
    return parsed.set(
        username=_filled(parsed.username),
        password=_filled(parsed.password),
        host=_filled(parsed.host),
        database=_filled(parsed.database),
        query={
            key: (_filled(value) or "") if isinstance(value, str) else value
            for key, value in parsed.query.items()
        },
    )


def _filled(value: str | None) -> str | None:
    def look_up(match: re.Match[str]) -> str:
        name = match[1]
        if name not in os.environ:
            raise errors.Invalid(
                f"the environment variable {name} is not set where Modelyard runs, and the URL "
                "asks for it; set it there, or correct its name"
            )
        return os.environ[name]

    return None if value is None else PLACEHOLDER.sub(look_up, value)


def engine_of(url: str, **options: Any) -> Engine:
    """Make an engine, without connecting; `options` are those of SQLAlchemy's `create_engine`.

    Raises:
        Invalid: the URL is wrong or a variable it asks for is not set.
        Unsupported: the database's driver is not installed.
    """
    resolved = resolve(url)
    if resolved.drivername == "postgresql":
        resolved = resolved.set(drivername="postgresql+psycopg")
    try:
        return create_engine(resolved, **options)
    except (NoSuchModuleError, ModuleNotFoundError) as exc:
        extra = "; try: pip install 'modelyard[postgres]'" if "psycopg" in str(exc) else ""
        raise errors.Unsupported(f"no driver for {shown(url)} is installed: {exc}{extra}") from exc
    except (ArgumentError, TypeError) as exc:
        raise errors.Invalid(f"the database URL {shown(url)} cannot be used: {exc}") from exc
