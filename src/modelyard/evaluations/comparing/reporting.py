"""The report of a comparison: one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from modelyard import errors
from modelyard.analysis.charts.words import clean
from modelyard.analysis.names import name_of
from modelyard.analysis.screen_tables import Columns
from modelyard.evaluations import repository as evaluations
from modelyard.evaluations.charting.files import write
from modelyard.evaluations.charting.parts import drawn_of
from modelyard.evaluations.charting.report_page import template
from modelyard.evaluations.charting.report_parts import Excerpt, Part, cut
from modelyard.evaluations.charting.report_pictures import Pictures, pictures
from modelyard.evaluations.charting.reporting import benches
from modelyard.evaluations.charting.workbench import Bench, fingerprint, script
from modelyard.evaluations.comparing import report_tables as tables
from modelyard.evaluations.comparing.chart_commands import DrawComparison, ReportComparison
from modelyard.evaluations.comparing.chart_types import (
    ABOUT_PARTS,
    OF_ONE_CLASS,
    SCREENS,
    TITLES,
    ComparisonPart,
    ReportedComparison,
)
from modelyard.evaluations.comparing.commands import CompareInformation, CompareSlices
from modelyard.evaluations.comparing.informing import compared_information
from modelyard.evaluations.comparing.parts import differences_of, part_of, slices_of
from modelyard.evaluations.comparing.picking import foremost
from modelyard.evaluations.comparing.report_tables import Beside
from modelyard.evaluations.comparing.showing import shown
from modelyard.evaluations.comparing.slicing import compared_slices
from modelyard.evaluations.comparing.telling import p_value
from modelyard.evaluations.comparing.types import (
    Challenge,
    ComparedInformation,
    ComparedSlices,
    ShownComparison,
    ShownItem,
)
from modelyard.kernel.context import Context
from modelyard.kernel.version import __version__

VERDICTS = {"indistinguishable": "not distinguishable", "unknown": "not tested"}
MOST_BENCHES = 4
"""Items whose threshold can be moved, each on its own."""
MOST_GAPS = 4
"""Items whose differences are drawn, the better ones first."""
MOST_CLASSES = 3
"""Classes of several that have curves of their own."""
MOST_ITEMS, MOST_TOLD = 100, 20
"""Items whose metrics are told; items of which more than that is."""


@dataclass(frozen=True)
class Told:
    """A section: a chart, and items beside each other."""

    name: str
    title: str
    about: str
    parts: Sequence[Part] = ()
    sentences: Sequence[str] = ()
    tables: Sequence[Beside] = ()


def report(context: Context, command: ReportComparison) -> ReportedComparison:
    """Write the report.

    Raises:
        NotFound: there is no such comparison.
        Invalid: there is no such column, or its values make no groups.
        Unsupported: slices are asked for, and no item has rows whose truth is known.
        Conflict, Failed, Forbidden: as in `write`.
    """
    project, name = command.project, command.name
    found = shown(context, project, name, None)
    items = [x for x in found.items if not x.hidden and x.evaluation is not None]
    sliced = _sliced(context, found, command.by)
    known = compared_information(context, CompareInformation(project=project, name=name))
    workbenches = _benches(context, found, items)
    told: list[Told] = []

    def made() -> bytes:
        with pictures(context.progress) as making:
            told.extend(_sections(context, making, found, items, sliced, known))
            return _page(found, items, workbenches, told).encode()

    size = write(context, command.output, made, replace=command.replace)
    return ReportedComparison(
        comparison=name,
        items=len(items),
        charts=tuple(dict.fromkeys(part.screen for each in told for part in each.parts)),
        by=None if sliced is None else sliced.column,
        workbenches=len(workbenches),
        size=size,
    )


def _page(
    found: ShownComparison,
    items: Sequence[ShownItem],
    workbenches: Sequence[tuple[str, Bench]],
    sections: Sequence[Told],
) -> str:
    champion = next((each for each in found.items if each.key == found.against), None)
    return template("comparison.html").render(
        c=found,
        title=f"Comparison {found.name}",
        facts=_facts(found, items, champion),
        challenges=found.challenges[:MOST_ITEMS],
        metrics=tables.metrics(found, items[:MOST_ITEMS]) if items else [],
        left=max(0, len(items) - MOST_ITEMS),
        benches=workbenches,
        sections=sections,
        script=Markup(script()),  # noqa: S704  our own
        fingerprint=fingerprint(),
        version=__version__,
    )


def _facts(
    found: ShownComparison, items: Sequence[ShownItem], against: ShownItem | None
) -> list[str]:
    facts = [
        found.prediction_type.replace("_", " "),
        f"{len(items):,} item{'' if len(items) == 1 else 's'}",
    ]
    if against is not None:
        what = "the champion is" if against.champion else "compared with"
        facts.append(f"{what} {clean(against.name)}")
    data = {(each.dataset, each.fingerprint, each.rows) for each in items}
    if len(data) == 1:
        [(dataset, fingerprint_of_data, rows)] = data
        if dataset and fingerprint_of_data and rows is not None:
            where = dataset.rstrip("/").rpartition("/")[2] or dataset
            facts.append(f"all on the same {rows:,} rows of {clean(where)}")
    return facts


def _sliced(context: Context, found: ShownComparison, by: str | None) -> ComparedSlices | None:
    """By the column that was asked for, else by the first one that makes groups; None: by none."""
    project, name = found.project, found.name
    if by is not None:
        return compared_slices(context, CompareSlices(project=project, name=name, by=by))
    first = next((each for each in found.items if each.key == found.against), None)
    if first is None or first.evaluation is None or not found.challenges:
        return None
    with context.read() as db:
        evaluation = evaluations.get(db, project, first.evaluation)
    if evaluation.sample is None or not evaluation.features:
        return None
    asked = CompareSlices(project=project, name=name, by=evaluation.features[0])
    try:
        return compared_slices(context, asked)
    except (errors.Invalid, errors.NotFound, errors.Unsupported):
        return None  # its values make no groups, and no other column was asked for


def _benches(
    context: Context, found: ShownComparison, items: Sequence[ShownItem]
) -> list[tuple[str, Bench]]:
    """Workbenches of the first items that have one, that of the item compared with foremost."""
    if found.prediction_type != "binary_classification":
        return []
    foremost_first = sorted(items, key=lambda item: item.key != found.against)
    named = [
        (each.name, each.evaluation)
        for each in foremost_first
        if each.evaluation is not None and "confusion" in each.screens
    ]
    return benches(context, found.project, named, MOST_BENCHES)


def _sections(
    context: Context,
    making: Pictures,
    found: ShownComparison,
    items: Sequence[ShownItem],
    sliced: ComparedSlices | None,
    known: ComparedInformation,
) -> Iterator[Told]:
    if found.challenges:
        yield _differences(making, found)
    there = [name for name in SCREENS if any(name in each.screens for each in items)]
    for at, name in enumerate(there):
        making.step("drawing screens", at, len(there))
        parts = [
            _drawn(context, making, found, name, label)
            for label in (_classes(context, found, items) if name in OF_ONE_CLASS else [None])
        ]
        if parts:
            yield Told(name, TITLES[name], ABOUT_PARTS.get(name, ""), parts)
    if sliced is not None:
        yield _slices(making, found, sliced)
    if known.importances:
        yield _importances(context, making, found, known)
    if known.facts:
        about = f"Bold: other than that of {_against(found)}, in lines that differ."
        yield Told(
            "information",
            "Model information",
            about + _first(len(known.names)),
            tables=tables.information(known, MOST_TOLD),
        )


def _differences(making: Pictures, found: ShownComparison) -> Told:
    ranked = sorted(found.challenges, key=lambda each: each.verdict != "better")
    parts = []
    for at, each in enumerate(ranked[:MOST_GAPS]):
        making.step("drawing differences", at, min(len(ranked), MOST_GAPS))
        drawn = drawn_of(differences_of(found, each.key), TITLES["differences"], "light")
        parts.append(
            making.part(f"differences-{at}", drawn, tables=(_gaps(each),), screen="differences")
        )
    more = len(ranked) - len(parts)
    about = (
        "Coloured where the difference is real. On charts better lies at the right, also where "
        "less of a metric is better; tables have the plain differences."
    )
    return Told(
        "differences",
        TITLES["differences"],
        about + (f" {more:,} more are not drawn." if more else ""),
        parts,
    )


def _gaps(challenge: Challenge) -> Excerpt:
    names = ("metric", "difference", "from", "to", "p", "outcome")
    rows = tuple(
        (
            *(name_of(each.code), each.difference, each.low, each.high, _chance(each.p)),
            VERDICTS.get(each.verdict, each.verdict),
        )
        for each in challenge.differences
        if each.difference is not None
    )
    return cut(Columns(names, rows), whole=True)


def _chance(p: float | None) -> str | None:
    """A p-value in a column of such."""
    return None if p is None else p_value(p).removeprefix("p ").removeprefix("= ")


def _classes(
    context: Context, found: ShownComparison, items: Sequence[ShownItem]
) -> Sequence[str | None]:
    """The first classes that all items know, of which each has curves of its own; of two: none."""
    if found.prediction_type != "multiclass":
        return [None]
    known: list[tuple[str, ...]] = []
    with context.read() as db:
        for each in items:
            if each.screens and each.evaluation is not None:
                of = evaluations.get(db, found.project, each.evaluation)
                known.append(tuple(map(str, of.classes)))
    return [label for label in known[0] if all(label in each for each in known)][:MOST_CLASSES]


def _drawn(
    context: Context,
    making: Pictures,
    found: ShownComparison,
    name: ComparisonPart,
    label: str | None = None,
) -> Part:
    asked = DrawComparison(project=found.project, name=found.name, part=name, label=label)
    title = TITLES[name] if label is None else f"{TITLES[name]}, {clean(label)}"
    drawn = drawn_of(part_of(context, asked), title, "light")
    return making.part(f"part-{name}" + (f"-{label}" if label else ""), drawn, screen=name)


def _slices(making: Pictures, found: ShownComparison, sliced: ComparedSlices) -> Told:
    roles = {each.key: each.role for each in found.items}
    there = [key for key in sliced.items if key != sliced.against]
    best = foremost(found)
    part = slices_of(sliced, best if best in there else next(iter(there), None), roles)
    drawn = drawn_of(part, TITLES["slices"], "light")
    about = (
        f"{name_of(sliced.metric)} by {clean(sliced.column)}. Bold: better than "
        f"{_against(found)}, and not by chance."
    )
    more = len(sliced.groups) - tables.MOST_GROUPS
    return Told(
        "slices",
        TITLES["slices"],
        about
        + _first(len(sliced.names))
        + (f" {more:,} more groups are left out." if more > 0 else ""),
        [making.part("part-slices", drawn, screen="slices")],
        sliced.sentences[:MOST_TOLD],
        tables.slices(sliced, MOST_TOLD),
    )


def _importances(
    context: Context, making: Pictures, found: ShownComparison, known: ComparedInformation
) -> Told:
    return Told(
        "importances",
        TITLES["importances"],
        ABOUT_PARTS["importances"] + _first(len(known.names)),
        [_drawn(context, making, found, "importances")],
        tables=[
            table
            for each in known.importances[:1]
            for table in tables.importances(each, known.names, MOST_TOLD)
        ],
    )


def _against(found: ShownComparison) -> str:
    names = {each.key: clean(each.name) for each in found.items}
    if found.against is not None and found.against == found.champion:
        return "the champion"
    return names.get(found.against or "", "the first item")


def _first(items: int) -> str:
    return f" The first {MOST_TOLD} of {items:,} items." if items > MOST_TOLD else ""
