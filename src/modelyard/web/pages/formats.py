"""Values as pages write them: numbers, sizes, moments, durations."""

from __future__ import annotations

import math
import re
from datetime import datetime, timedelta
from typing import Any

from markupsafe import Markup, escape

from modelyard.kernel.values import now
from modelyard.web.pages.plain_words import plain

NOTHING = "–"
MINUS = "\N{MINUS SIGN}"
THIN = "\N{NARROW NO-BREAK SPACE}"
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
COLOURS = ("", "t", "p", "c", "n")
LONGEST_FIGURE = 8
"""Letters of a number that is shown whole."""
WEEK = timedelta(days=7)
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def number(value: float | None, digits: int | None = None) -> str:
    """A number with commas, and with a minus sign; `digits` after the point, for counts none."""
    if value is None:
        return NOTHING
    if digits is None:
        digits = 0 if float(value).is_integer() else 3
    return f"{value:,.{digits}f}".replace("-", MINUS)


def figure(value: float) -> Markup:
    """A number as data has it, cut to six digits that count, with all of them on hover.

    One that is just below 1, as probabilities are, has as many as it takes to tell it from 1.
    """
    exact = str(value)
    if len(exact) <= LONGEST_FIGURE or not math.isfinite(value):
        return escape(exact)
    whole = len(str(int(abs(value))))
    short = f"{value:.{max(0, 6 - whole)}f}" if 1 <= abs(value) < 1e15 else f"{value:.6g}"
    if abs(value) < 1 == abs(float(short)):
        short = next(more for n in range(7, 18) if abs(float(more := f"{value:.{n}g}")) < 1)
    return Markup('<span title="{}">{}</span>').format(exact, short)


def percent(fraction: float | None, digits: int = 0) -> str:
    """A fraction in percent."""
    if fraction is None:
        return NOTHING
    return f"{fraction * 100:,.{digits}f}{THIN}%".replace("-", MINUS)


def power(value: float) -> str:
    """A number as a few digits and a power of ten, where it is small."""
    if value == 0 or abs(value) >= 0.001:
        return number(value)
    digits, _, exponent = f"{value:.0e}".partition("e")
    return f"{digits} × 10{str(int(exponent)).translate(RAISED)}".replace("-", MINUS)


def size(count: int | None) -> str:
    """A number of bytes."""
    if count is None:
        return NOTHING
    left = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if left < 1000:
            return f"{left:,.0f} {unit}" if unit == "bytes" else f"{left:,.1f} {unit}"
        left /= 1000
    return f"{left:,.1f} TB"


def took(seconds: float | timedelta | None) -> str:
    """How long something took."""
    if seconds is None:
        return NOTHING
    if isinstance(seconds, timedelta):
        seconds = seconds.total_seconds()
    if seconds < 60:
        return f"{seconds:.0f} s" if seconds >= 9.95 else f"{seconds:.1f} s"
    minutes, left = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours:,} h {minutes} min"
    return f"{minutes} min {left} s"


def moment(at: datetime | None) -> Markup | str:
    """A moment: how long ago, up to a week, else its date; the script adds the reader's zone."""
    if at is None:
        return NOTHING
    exact = f"{at:%Y-%m-%d %H:%M:%S} UTC"
    return Markup('<time datetime="{}" title="{}" data-ago>{}</time>').format(
        f"{at:%Y-%m-%dT%H:%M:%S}Z", exact, ago(at, now())
    )


def ago(at: datetime, present: datetime) -> str:
    """A moment as seen from another."""
    passed = present - at
    if passed < timedelta():
        days = (at.date() - present.date()).days
        return f"{('', 'tomorrow ')[days]}{at:%H:%M}" if days < 2 else _date(at, present)
    if passed < timedelta(minutes=1):
        return "just now"
    if passed < timedelta(hours=1):
        return f"{passed.seconds // 60} min ago"
    if passed < timedelta(days=1):
        return f"{passed.seconds // 3600} h ago"
    if passed < WEEK:
        return "yesterday" if passed.days == 1 else f"{passed.days} days ago"
    return _date(at, present)


def plural(count: int, one: str, many: str = "") -> str:
    """A count with its noun."""
    return f"{number(count)} {one if count == 1 else many or one + 's'}"


def sentence(text: str) -> str:
    """A message in the words of pages, with a capital unless it begins with a name."""
    return capital(plain(text))


def capital(text: str) -> str:
    """A message as it is, with a capital unless it begins with a name."""
    first = text.partition(" ")[0]
    return text[:1].upper() + text[1:] if first.isalpha() and first.islower() else text


def initials(name: str) -> str:
    """Two letters that stand for a name."""
    parts: list[str] = re.findall(r"[^\W_]+", name) or ["?"]
    letters = parts[0][0] + parts[1][0] if len(parts) > 1 else parts[0][:2]
    return letters.upper()


def colour(name: str) -> str:
    """The colour class of a name: always the same for the same."""
    return COLOURS[sum(name.encode()) % len(COLOURS)]


def cut(text: str, most: int = 60) -> Markup:
    """A long text cut short, with the whole of it on hover."""
    if len(text) <= most:
        return escape(text)
    return Markup('<span title="{}">{}…</span>').format(text, text[: most - 1])


def dotted(path: str) -> Markup:
    """A path such as signoffs.review.status, which a line may break before its dots only."""
    return Markup("<wbr>.").join(path.split("."))


def attributes(**given: Any) -> Markup:
    """Attributes of an element; those that are None or False are left out."""
    shown = [(name.rstrip("_").replace("_", "-"), value) for name, value in given.items()]
    return Markup("").join(
        Markup(" {}").format(name) if value is True else Markup(' {}="{}"').format(name, value)
        for name, value in shown
        if value is not None and value is not False
    )


def _date(at: datetime, present: datetime) -> str:
    day = f"{at.day} {MONTHS[at.month - 1]}"
    return day if at.year == present.year else f"{day} {at.year}"
