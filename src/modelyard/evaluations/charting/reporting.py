"""The report of an evaluation: one HTML file that needs nothing else."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from modelyard.analysis.charts.types import Drawn, Subject
from modelyard.analysis.charts.words import ABOUT, clean, count, number, percent
from modelyard.analysis.group_types import Slices
from modelyard.analysis.names import name_of
from modelyard.analysis.screen_tables import Cell, Columns, Row, table_of, table_of_slices
from modelyard.evaluations import repository
from modelyard.evaluations.charting.commands import ReportEvaluation
from modelyard.evaluations.charting.files import write
from modelyard.evaluations.charting.making import headline_of, subject_of
from modelyard.evaluations.charting.types import ReportedEvaluation
from modelyard.evaluations.keeping import screens_of
from modelyard.evaluations.screens import slices_of_columns
from modelyard.evaluations.types import Evaluation
from modelyard.evaluations.words import ADVICE, LEFT_OUT, METHODS, title_of
from modelyard.kernel.context import Context
from modelyard.kernel.version import __version__

WIDTH = 600
"""Pixels that a plot has across; with its axes it fits a sheet of A4."""
MOST_ROWS = 12
"""Rows of a table; of a longer one so many are shown."""
LISTED = {"actual", "label"}
"""First columns of tables whose first rows are shown, rather than some of all."""
SHOWN_OF_SLICES = ("rows", "share", "actual", "predicted")
LOCAL_NAME = re.compile(r'(id="|url\(#|href="#)')
"""Where an SVG names parts of itself."""
NAMESPACE = re.compile(r' xmlns(:xlink)?="[^"]*"')
"""What an SVG inside of HTML does without."""


@dataclass(frozen=True)
class Excerpt:
    """Some rows of a table, as words."""

    names: tuple[str, ...]
    rows: list[list[str]]
    of: int


@dataclass(frozen=True)
class Part:
    """A screen, or the slices of a column."""

    name: str
    drawn: Drawn
    about: str
    table: Excerpt
    picture: str = field(default="", repr=False)


def report(context: Context, command: ReportEvaluation) -> ReportedEvaluation:
    """Write the report.

    Raises:
        NotFound: there is no such evaluation or column.
        Invalid: a column holds lists or the like.
        Conflict, Failed, Forbidden: as in `write`.
    """
    with context.read() as db:
        evaluation = repository.get(db, command.project, command.id)
    found: list[Slices] = []

    def made() -> bytes:
        if evaluation.screens:
            found.extend(slices_of_columns(context, evaluation, command.columns))
        return page_of(evaluation, screens_of(context, evaluation), found).encode()

    size = write(context, command.output, made, replace=command.replace)
    return ReportedEvaluation(
        evaluation=evaluation.id,
        screens=len(evaluation.screens),
        slices=tuple(each.column for each in found),
        size=size,
    )


def page_of(
    evaluation: Evaluation, screens: Mapping[str, Mapping[str, Any]], slices: Sequence[Slices]
) -> str:
    """The report as HTML.

    Args:
        evaluation: what it is about.
        screens: contents by name.
        slices: of columns, each by its own.
    """
    subject = subject_of(evaluation)
    return _template().render(
        e=evaluation,
        title=clean(title_of(evaluation)),
        facts=_facts(evaluation),
        dropped=_dropped(evaluation),
        advice=ADVICE,
        screens=list(_screens(screens, subject)),
        slices=list(_slices(slices)),
        version=__version__,
    )


def _screens(contents: Mapping[str, Mapping[str, Any]], subject: Subject) -> Iterator[Part]:
    drawing = import_module("modelyard.analysis.charts.drawing")
    for name, content in contents.items():
        drawn = drawing.draw(name, content, subject)
        table = _cut(table_of(name, _points(content), subject.labels))
        yield Part(name, drawn, ABOUT[name], table, _picture(drawn, name))


def _slices(found: Sequence[Slices]) -> Iterator[Part]:
    drawing = import_module("modelyard.analysis.charts.drawing")
    for at, each in enumerate(found):
        if not each.total.metrics:
            continue  # there are too few rows to tell anything of groups
        code = headline_of(each)
        drawn = drawing.draw_slices(each, code)
        yield Part(
            f"slices-{at}",
            drawn,
            "",
            _table_of_slices(each, code),
            _picture(drawn, f"slices-{at}"),
        )


def _table_of_slices(found: Slices, code: str) -> Excerpt:
    """Its groups with what the chart shows of them, and how many rows they are."""
    columns = table_of_slices(found)
    wanted = [columns.names[0], *SHOWN_OF_SLICES, code, f"{code}_low", f"{code}_high"]
    places = [columns.names.index(name, at > 0) for at, name in enumerate(wanted)]
    names = (clean(found.column), "rows", "share", "actual", "predicted", name_of(code))
    rows = tuple(tuple(row[place] for place in places) for row in columns.rows)
    return _cut(Columns((*names, "from", "to"), rows), whole=True)


def _picture(drawn: Drawn, name: str) -> str:
    """The chart as SVG, whose parts are named as in no other; the rest of the page is escaped."""
    if drawn.spec is None:
        return ""
    svg: str = import_module("modelyard.analysis.charts.rendering").svg(drawn.spec, WIDTH)
    named = LOCAL_NAME.sub(rf"\g<1>{name}-", NAMESPACE.sub("", svg))
    return Markup(named)  # noqa: S704  Vega escapes all text in it


def _cut(columns: Columns, *, whole: bool = False) -> Excerpt:
    """Few rows: the first ones of things that are listed, else some of all."""
    rows: Sequence[Row] = columns.rows
    if not whole and len(rows) > 2 * MOST_ROWS:
        listed = columns.names[0] in LISTED
        rows = rows[:MOST_ROWS] if listed else rows[:: -(-len(rows) // MOST_ROWS)]
    told = {
        name.replace("_", " "): _column(cells)
        for name, cells in zip(columns.names, zip(*rows, strict=True), strict=bool(rows))
        if any(cell is not None for cell in cells)
    }
    return Excerpt(
        tuple(told), [list(row) for row in zip(*told.values(), strict=True)], len(columns.rows)
    )


def _column(cells: Sequence[Cell]) -> list[str]:
    """Cells as words; numbers of a column are all whole, or all have decimals."""
    numbers = [x for x in cells if isinstance(x, int | float) and not isinstance(x, bool)]
    whole = all(math.isfinite(x) and float(x).is_integer() for x in numbers)
    return [_words(cell, whole=whole) for cell in cells]


def _words(cell: Cell, *, whole: bool) -> str:
    if cell is None:
        return "–"
    if isinstance(cell, bool | str):
        return clean(cell)
    return count(cell).replace("-", "−") if whole else number(cell)


def _points(content: Mapping[str, Any]) -> dict[str, Any]:
    """A screen without bands, which the chart shows."""
    return {
        name: [_points(each) for each in value] if _is_list_of_parts(value) else value
        for name, value in content.items()
        if name != "band"
    }


def _is_list_of_parts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _facts(found: Evaluation) -> list[tuple[str, str]]:
    """What was evaluated how."""
    sampling = found.sampling
    threshold = "" if found.threshold is None else number(found.threshold)
    facts = {
        "Model": f"{found.model}, version {found.version}" if found.model else "",
        "Prediction type": found.prediction_type.replace("_", " "),
        "Dataset": found.dataset or "",
        "Sample": "" if sampling.method == "none" else sampling.method.replace("_", " "),
        "Target": found.target or "",
        "Classes": ", ".join(clean(each) for each in found.classes[:20]),
        "Positive class": "" if found.positive is None else clean(found.positive),
        "Threshold": f"{threshold} ({found.threshold_from})" if threshold else "",
        "Weights": found.weights or "",
        "Intervals": f"{found.confidence:.0%}",
        "Evaluated": f"{found.created:%Y-%m-%d %H:%M} UTC"
        + (f" by {clean(found.created_by)}" if found.created_by else ""),
        "Evaluation": found.id,
        "Files of the version": found.version_digest or "",
        "Fingerprint of the data": found.fingerprint or "",
    }
    if len(found.classes) > 20:
        facts["Classes"] += f" and {len(found.classes) - 20} more"
    return [(name, text) for name, text in facts.items() if text]


def _dropped(found: Evaluation) -> list[str]:
    """How many rows were left out, and why."""
    counts = [(found.rejected, "refused by the model")]
    if found.intake is not None:
        counts = [*((getattr(found.intake, name), why) for name, why in LEFT_OUT), *counts]
    return [f"{rows:,} {why}" for rows, why in counts if rows]


@cache
def _template() -> Template:
    made = Environment(
        loader=PackageLoader("modelyard.evaluations.charting", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"number": number, "percent": percent, "metric": name_of, "clean": clean}
    made.globals["methods"] = METHODS
    return made.get_template("report.html")
