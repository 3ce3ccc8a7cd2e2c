"""The page of a report: its words around the parts, as one HTML file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from modelyard.analysis.charts.words import clean, count, number, percent
from modelyard.analysis.names import name_of
from modelyard.evaluations.charting.report_parts import Part, Singles
from modelyard.evaluations.charting.workbench import Bench, fingerprint, script
from modelyard.evaluations.types import Evaluation
from modelyard.evaluations.words import LEFT_OUT, METHODS, title_of
from modelyard.kernel.version import __version__

LOCAL_NAME = re.compile(r'(id="|url\(#|href="#)')
"""Where an SVG names parts of itself."""
NAMESPACE = re.compile(r' xmlns(:xlink)?="[^"]*"')
"""What an SVG inside of HTML does without."""
MARKS = re.compile(r' role="graphics-[a-z]+"| aria-roledescription="[^"]*"')
"""Marks as images of their own, which have no names: a chart is one, and has a description."""
OUTLINE = re.compile(r'(?<= d=")[^"]+')
"""What an SVG draws along."""
FINER = re.compile(r"(\.\d)\d+")
"""Digits below a tenth of a pixel."""
MOST_CLASSES = 20
OWN = "modelyard.evaluations.charting"


@dataclass(frozen=True)
class Section:
    """What is told of the rows and columns of an evaluation, of one kind."""

    name: str
    title: str
    about: str
    parts: Sequence[Part] = ()
    rows: Sequence[Singles] = ()
    columns: tuple[str, ...] = ()
    """That it is about, one part each."""


def page(
    evaluation: Evaluation,
    screens: Sequence[Part],
    sections: Sequence[Section],
    bench: Bench | None = None,
) -> str:
    """The report as HTML.

    Args:
        evaluation: what it is about.
        screens: its own, each a section.
        sections: what is told of its rows and columns.
        bench: a threshold to be moved. Its script is the only one that the page lets run.
    """
    return template("report.html").render(
        e=evaluation,
        title=_title(evaluation),
        facts=_facts(evaluation),
        dropped=_dropped(evaluation),
        screens=screens,
        sections=sections,
        bench=bench,
        script=Markup(script()),  # noqa: S704  our own
        fingerprint=fingerprint(),
        version=__version__,
    )


def _title(found: Evaluation) -> str:
    """Model and version, and the dataset, of a path the last part."""
    if not (found.model and found.version and found.dataset):
        return clean(title_of(found))
    where = found.dataset.rstrip("/").rpartition("/")[2] or found.dataset
    return clean(f"{found.model}, version {found.version}, on {where}")


def _picture(part: Part) -> str:
    """The SVG of a part, whose own parts are named as in no other; empty where there is none."""
    if part.picture is None:
        return ""
    named = LOCAL_NAME.sub(
        rf"\g<1>{part.name}-", MARKS.sub("", NAMESPACE.sub("", part.picture.result()))
    )
    named = OUTLINE.sub(lambda found: FINER.sub(r"\1", found.group()), named)
    return Markup(named)  # noqa: S704  Vega escapes all text in it


def _facts(found: Evaluation) -> list[tuple[str, str]]:
    """What was evaluated how."""
    threshold = "" if found.threshold is None else number(found.threshold)
    facts = {
        "Model": found.model or "",
        "Version": found.version or "",
        "Prediction type": found.prediction_type.replace("_", " "),
        "Dataset": found.dataset or "",
        "Sample": found.sampling.in_words,
        "Target": found.target or "",
        "Classes": ", ".join(clean(each) for each in found.classes[:MOST_CLASSES]),
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
    if len(found.classes) > MOST_CLASSES:
        facts["Classes"] += f" and {len(found.classes) - MOST_CLASSES} more"
    return [(name, text) for name, text in facts.items() if text]


def _dropped(found: Evaluation) -> list[str]:
    """How many rows were left out, and why."""
    counts = [(found.rejected, "refused by the model")]
    if found.intake is not None:
        counts = [*((getattr(found.intake, name), why) for name, why in LEFT_OUT), *counts]
    return [f"{rows:,} {why}" for rows, why in counts if rows]


@cache
def template(name: str, package: str = OWN) -> Template:
    """What reports are written by; those of another package may extend our own."""
    made = Environment(
        loader=ChoiceLoader([PackageLoader(each) for each in dict.fromkeys((package, OWN))]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"number": number, "percent": percent, "metric": name_of, "clean": clean}
    made.filters["count"] = count
    made.filters["picture"] = _picture
    made.policies["json.dumps_kwargs"] = {"sort_keys": True, "separators": (",", ":")}
    made.globals["methods"] = METHODS
    return made.get_template(name)
