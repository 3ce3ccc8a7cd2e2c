"""The pages of evaluation stores: those of a project, one, a new one."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlencode

from modelyard.analysis.history_types import History, HistoryVerdict
from modelyard.evaluations.commands import ORDER, ListEvaluations
from modelyard.evaluations.numbered import CheckOutcome
from modelyard.evaluations.storing.commands import (
    DrawHistory,
    ExportHistory,
    ListStores,
    ShowHistory,
    ShowStore,
)
from modelyard.evaluations.storing.history import codes_of, usual_metrics
from modelyard.evaluations.storing.types import EvaluationStore
from modelyard.evaluations.types import EvaluationSummary
from modelyard.kernel.values import Value
from modelyard.monitoring.commands import ListChecks, ReportStore
from modelyard.monitoring.types import CheckSummary
from modelyard.web.pages.charted import mode_of
from modelyard.web.pages.check_outcomes import worst_by_store
from modelyard.web.pages.formats import number
from modelyard.web.pages.page import (
    Crumb,
    Document,
    Download,
    ListView,
    Nav,
    Page,
    Visit,
    address,
    place_in_list,
)
from modelyard.web.pages.projects import crumb as project_crumb

ALL = "/projects/{project}/stores"
ONE = f"{ALL}/{{store}}"
HISTORY = f"{ONE}/history"
PART, MOST = 50, 10_000
COLUMNS = 3
"""Labels that have a column, unless somebody chooses others."""
STANDARD = "-created"


class StoresView(ListView):
    """A part of a project's evaluation stores."""

    project: str
    stores: tuple[EvaluationStore, ...]
    checked: dict[str, CheckOutcome]
    """The worst that came of the checks of those that have been checked."""
    may_write: bool


class Choice(Value):
    """Something that can be chosen on a page, with the address that shows it so."""

    label: str
    href: str
    chosen: bool = False


class Drawing(Value):
    """A metric that is drawn."""

    metric: str
    href: str
    """Of its history."""
    query: str
    """What decides how it is drawn."""


class Line(Value):
    """A row of the table."""

    evaluation: EvaluationSummary
    labels: tuple[str, ...]
    """In the order of their columns."""
    hidden: bool
    hide: str
    """Address at which it is hidden, or shown again."""


class StoreView(ListView):
    """A store: its metrics drawn, its evaluations in a table."""

    store: EvaluationStore
    verdict: HistoryVerdict | None
    expected: str
    """Of the first metric, how what was expected compares with what came; empty: nothing was."""
    drawings: tuple[Drawing, ...]
    lines: tuple[Line, ...]
    metrics: tuple[str, ...]
    """Codes of those that have a column."""
    labels: tuple[str, ...]
    """Keys of those that have a column."""
    across: str
    choose_metrics: tuple[Choice, ...]
    choose_across: tuple[Choice, ...]
    choose_colour: tuple[Choice, ...]
    choose_labels: tuple[Choice, ...]
    hidden: int
    models: tuple[str, ...]
    """Whose evaluations are in it."""
    checks: int
    checked: CheckOutcome | None
    """The worst that came of its checks; none: nothing was checked."""
    may_write: bool
    may_evaluate: bool


def href(project: str, store: str) -> str:
    """The address of a store."""
    return address(ONE, project=project, store=store)


def crumb(project: str, store: str) -> Crumb:
    """A store above a page."""
    return Crumb(label=store, href=href(project, store))


def crumbs(project: str) -> tuple[Crumb, ...]:
    """The stores of a project above a page."""
    above = Crumb(label="Evaluation stores", href=address(ALL, project=project))
    return (project_crumb(project), above)


def stores(visit: Visit) -> StoresView:
    """A part of the list."""
    key = visit.path["project"]
    found = visit.part(ListStores(project=key, limit=PART, after=visit.asked("after") or None))
    checks: list[CheckSummary] = visit.run(ListChecks(project=key))
    return StoresView(
        title="Evaluation stores",
        crumbs=(project_crumb(key),),
        project=key,
        stores=tuple(found),
        checked=worst_by_store(checks),
        **place_in_list(found),
        may_write=visit.may("evaluations:write"),
    )


def store(visit: Visit) -> StoreView:
    """The store: what was asked for decides what is drawn, and which rows there are."""
    key, name = visit.path["project"], visit.path["store"]
    found = visit.run(ShowStore(project=key, name=name))
    sort = visit.asked("sort")
    order = sort if re.fullmatch(ORDER, sort) else STANDARD
    listed = visit.part(ListEvaluations(project=key, store=name, limit=MOST, sort=order))
    hidden = set(_words(visit, "hide"))
    matching = [each for each in listed if _matches(each, visit.asked("search"))]
    codes = codes_of(listed)
    metrics = [code for code in _words(visit, "metrics") if code in codes] or usual_metrics(
        listed, codes
    )
    keys = list(dict.fromkeys(key for each in listed for key in each.labels))
    labels = [k for k in _words(visit, "labels") if k in keys]
    if "labels" not in visit.query:
        labels = [k for k in keys if ":" not in k][:COLUMNS]
    given = _given(visit, listed)
    colour = given.get("colour", ())
    given["metric"] = metrics[0] if metrics else None
    history = visit.run(ShowHistory(project=key, name=name, **given))
    across = history.x
    first = _first(visit, len(matching))
    checks: list[CheckSummary] = visit.run(ListChecks(project=key, store=name))
    shown = matching[first : first + PART]
    return StoreView(
        title=name,
        crumbs=crumbs(key),
        store=found,
        verdict=history.verdict,
        expected=_expected(history),
        drawings=tuple(_drawing(visit, code, listed) for code in metrics) if listed else (),
        lines=tuple(_line(visit, each, labels, hidden) for each in shown),
        next=str(first + PART) if first + PART < len(matching) else None,
        first=first + 1,
        total=len(matching),
        metrics=tuple(metrics),
        labels=tuple(labels),
        across=across,
        choose_metrics=tuple(_toggle(visit, "metrics", code, metrics) for code in codes),
        choose_across=tuple(
            Choice(label=each, href=visit.here(x=each, after=None), chosen=each == across)
            for each in ("created", "name", *keys)
        ),
        choose_colour=tuple(_toggle(visit, "colour", each, colour) for each in keys),
        choose_labels=tuple(_toggle(visit, "labels", each, labels) for each in keys),
        hidden=len(hidden & {each.id for each in listed}),
        checks=len(checks),
        checked=worst_by_store(checks).get(name),
        models=tuple(dict.fromkeys(each.model for each in listed if each.model)),
        may_write=visit.may("evaluations:write"),
        may_evaluate=visit.may("evaluations:write"),
    )


def _expected(found: History) -> str:
    lines = {each.line for each in found.points}
    if found.shape == "bars" or len(lines) > 1 or all(x.expected is None for x in found.points):
        return ""
    told = "Dashed: what was expected from the model's own answers, without a truth"
    if found.expected_error is None:
        return f"{told}."
    return (
        f"{told}. Where the truth came, it was off by {number(found.expected_error)} on average "
        f"(of {found.expected_of}); why it may not be trusted stands in the drift of each."
    )


def _matches(each: EvaluationSummary, text: str) -> bool:
    """Whether each word that is looked for is in its name, labels, model or dataset."""
    told = [each.name, each.id, each.model or "", each.version or "", each.dataset or ""]
    told += [f"{key}={value}" for key, value in each.labels.items()]
    whole = " ".join(told).casefold()
    return all(word in whole for word in text.casefold().split())


def _line(visit: Visit, each: EvaluationSummary, labels: Sequence[str], hidden: set[str]) -> Line:
    others = hidden ^ {each.id}
    return Line(
        evaluation=each,
        labels=tuple(each.labels.get(key, "") for key in labels),
        hidden=each.id in hidden,
        hide=visit.here(hide=_joined(sorted(others))),
    )


def _toggle(visit: Visit, name: str, word: str, chosen: Sequence[str]) -> Choice:
    """A word of a list in the query, with the address that puts it in or takes it out."""
    is_chosen = word in chosen
    rest = [each for each in chosen if each != word] if is_chosen else [*chosen, word]
    return Choice(label=word, href=visit.here(**{name: _joined(rest)}), chosen=is_chosen)


def _drawing(visit: Visit, code: str, listed: Sequence[EvaluationSummary]) -> Drawing:
    """The address of a chart says of which evaluations it is, since browsers keep it."""
    given = _given(visit, listed)
    words = {
        "x": given["x"],
        "colour": _joined(given["colour"]),
        "hide": _joined(given["hidden"]),
    }
    of = repr([(each.id, sorted(each.labels.items())) for each in listed])
    marked = hashlib.sha256(of.encode()).hexdigest()[:12]
    return Drawing(
        metric=code,
        href=address(HISTORY, **visit.path),
        query=urlencode({"metric": code, **{k: v for k, v in words.items() if v}, "of": marked}),
    )


def _given(visit: Visit, listed: Sequence[EvaluationSummary] | None = None) -> dict[str, Any]:
    """What the query says of a history; labels that no evaluation has are left out."""
    x, colour = visit.asked("x"), _words(visit, "colour")
    if listed is not None:
        keys = {key for each in listed for key in each.labels}
        x = x if x in keys | {"created", "name"} else ""
        colour = [each for each in colour if each in keys]
    return {
        "metric": visit.asked("metric") or None,
        "x": x or None,
        "colour": tuple(colour),
        "hidden": tuple(_words(visit, "hide")),
    }


def _named(visit: Visit) -> dict[str, Any]:
    """The history of the address, as commands name it."""
    path = visit.path
    return {"project": path["project"], "name": path["store"], **_given(visit)}


def _words(visit: Visit, name: str) -> list[str]:
    """The words of a list in the query, which are written as a line of CSV."""
    text = visit.asked(name)
    return [word for word in next(csv.reader([text])) if word] if text else []


def _joined(words: Iterable[str]) -> str | None:
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(words)
    return out.getvalue() or None


def _first(visit: Visit, count: int) -> int:
    """The place of the first row, from what the query says."""
    text = visit.asked("after")
    place = int(text) if text.isdecimal() and len(text) < 9 else 0
    return place if place < count else 0


def _chart_of(visit: Visit) -> DrawHistory:
    return DrawHistory(**_named(visit), mode=mode_of(visit))


def _history_of(visit: Visit) -> ShowHistory:
    return ShowHistory(**_named(visit))


def _file_of(visit: Visit, place: str) -> ExportHistory:
    return ExportHistory(**_named(visit), to=place, replace=True)


def _name_of(visit: Visit) -> str:
    return f"{visit.path['store']}-{visit.asked('metric') or 'history'}.csv"


def _report_of(visit: Visit, place: str) -> ReportStore:
    path = visit.path
    return ReportStore(project=path["project"], name=path["store"], output=place, replace=True)


def _report_name(visit: Visit) -> str:
    return f"store-{visit.path['store']}.html"


PAGES: tuple[Page | Document | Download, ...] = (
    Page(ALL, stores, "stores.html", Nav("Evaluation stores", "database")),
    Page(ONE, store, "store.html"),
    Document(f"{HISTORY}/chart", _chart_of),
    Document(f"{HISTORY}/table", _history_of),
    Download(f"{HISTORY}/content", _file_of, _name_of),
    Download(f"{ONE}/report", _report_of, _report_name),
)
