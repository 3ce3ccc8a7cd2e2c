"""When a cron line comes next."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from modelyard import errors


def next_time(cron: str, timezone: str, after: float) -> float:
    """The first moment after one (seconds since 1970) at which a cron line comes.

    Raises:
        Invalid: it is no cron line, it never comes, or the time zone is unknown.
    """
    zone = zone_of(timezone)
    try:
        return next(CronSim(cron, datetime.fromtimestamp(after, zone))).timestamp()
    except CronSimError as exc:
        raise errors.Invalid(
            f"{cron!r} is no line of cron: {str(exc).lower()}; write minute hour day month weekday,"
            " such as '0 6 * * MON-FRI'"
        ) from exc
    except StopIteration as exc:
        raise errors.Invalid(f"{cron!r} never comes") from exc


def zone_of(name: str) -> ZoneInfo:
    """The time zone of a name; Invalid if there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as exc:
        raise errors.Invalid(
            f"there is no time zone {name!r}; write one such as UTC or Europe/Paris"
        ) from exc
