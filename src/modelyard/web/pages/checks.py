"""The pages of checks: those of a store, one, new ones by kind."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from modelyard.evaluations.commands import ListEvaluations
from modelyard.evaluations.numbered import CheckOutcome
from modelyard.evaluations.storing.commands import ShowStore
from modelyard.evaluations.storing.types import EvaluationStore
from modelyard.evaluations.types import EvaluationSummary
from modelyard.kernel.values import Value
from modelyard.monitoring.commands import (
    CreateCheck,
    DeleteCheck,
    ListChecks,
    ListResults,
    RunChecks,
    ShowCheck,
    UpdateCheck,
)
from modelyard.monitoring.types import TAKEN, Check, CheckKind, CheckResult, CheckSummary
from modelyard.web.pages import stores
from modelyard.web.pages.check_outcomes import worst_by_store
from modelyard.web.pages.form import Draft, Form, Words
from modelyard.web.pages.formats import number
from modelyard.web.pages.page import Crumb, ListView, Page, View, Visit, address, place_in_list

ALL = f"{stores.ONE}/checks"
ONE = f"{ALL}/{{check}}"
NEW = f"{stores.ONE}/new-check"
RUN = f"{stores.ONE}/run-checks"
PART, SHOWN, MOST = 50, 12, 1000
"""Results of a part of the history; evaluations that have a column of dots; results that are read
for them."""
COMMON = ("description", "labels", "disabled")
KINDS: dict[CheckKind, tuple[str, str]] = {
    "range": (
        "Range",
        "A metric lies within bounds; soft ones warn, hard ones fail.",
    ),
    "typical": ("Usual range", "A metric lies where it lay in the evaluations before."),
    "significance": ("Really worse", "A metric is worse than the reference's, beyond chance."),
    "drift": ("Drift", "The evaluation drifted from its reference, or a metric of drift is large."),
    "numbered": ("Numbered checks", "What every evaluation is checked for stands out."),
    "values": ("Allowed values", "A metric or a label has one of the values that are allowed."),
    "python": ("Python", "A function of your own decides, in a process of its own."),
}
"""What kinds are called, and what checks of them look at."""


class Dots(Value):
    """A check, and what came of it on the newest evaluations."""

    check: CheckSummary
    kind: str
    asks: str
    outcomes: tuple[CheckResult | None, ...]
    """In the order of the evaluations; none: it was not run on that one."""


class ChecksView(View):
    """The checks of a store."""

    store: EvaluationStore
    evaluations: tuple[EvaluationSummary, ...]
    """The newest, the oldest of them first."""
    lines: tuple[Dots, ...]
    worst: CheckOutcome | None
    may_write: bool


class CheckView(ListView):
    """A check: what it asks, and what came of it."""

    check: Check
    kind: str
    asks: str
    results: tuple[CheckResult, ...]
    may_write: bool


class KindsView(View):
    """The kinds of checks, of which a new one is made."""

    kinds: tuple[tuple[str, str, str], ...]
    """The address of its form, what it is called and what it looks at."""


def href(project: str, store: str) -> str:
    """The address of the checks of a store."""
    return address(ALL, project=project, store=store)


def checks(visit: Visit) -> ChecksView:
    """Each check with what came of it on the newest evaluations."""
    key, name = visit.path["project"], visit.path["store"]
    found = visit.run(ShowStore(project=key, name=name))
    newest = visit.run(ListEvaluations(project=key, store=name, limit=SHOWN))
    results = visit.run(ListResults(project=key, store=name, limit=MOST))
    listed = visit.run(ListChecks(project=key, store=name))
    evaluations = tuple(reversed(newest))
    return ChecksView(
        title=f"Checks of {name}",
        crumbs=_above(visit),
        store=found,
        evaluations=evaluations,
        lines=tuple(_dots(each, evaluations, results) for each in listed),
        worst=worst_by_store(listed).get(name),
        may_write=visit.may("checks:write"),
    )


def check(visit: Visit) -> CheckView:
    """What it asks, and a part of its history."""
    key, store, name = (visit.path[each] for each in ("project", "store", "check"))
    found = visit.run(ShowCheck(project=key, store=store, name=name))
    asked = ListResults(
        project=key, store=store, check=name, limit=PART, after=visit.asked("after") or None
    )
    results = visit.part(asked)
    return CheckView(
        title=name,
        crumbs=(*_above(visit), _crumb(key, store)),
        check=found,
        kind=KINDS[found.kind][0],
        asks=asks(found),
        results=tuple(results),
        **place_in_list(results),
        may_write=visit.may("checks:write"),
    )


def kinds(visit: Visit) -> KindsView:
    """The kinds, each with the address of its form."""
    return KindsView(
        title="New check",
        crumbs=(*_above(visit), _crumb(visit.path["project"], visit.path["store"])),
        kinds=tuple(
            (address(f"{NEW}/{kind}", **visit.path), *words) for kind, words in KINDS.items()
        ),
    )


def asks(found: Check) -> str:
    """What a check asks, in a few words."""
    if found.kind in {"range", "drift"} and found.metric:
        bounds = (("min", found.min), ("soft min", found.soft_min),
                  ("soft max", found.soft_max), ("max", found.max))  # fmt: skip
        told = ", ".join(f"{word} {number(each)}" for word, each in bounds if each is not None)
        return f"{found.metric}: {told}"
    if found.kind == "typical":
        within = [f"{found.runs} evaluations" if found.runs else ""]
        within += [f"{found.days:g} days" if found.days else ""]
        of = " of ".join(each for each in within if each)
        return f"{found.metric}, {found.soft_k:g} and {found.hard_k:g} IQR" + (
            f", last {of}" if of else ""
        )
    if found.kind == "values":
        return f"{found.metric or found.label} in {', '.join(found.values)}"
    if found.kind == "significance":
        return found.metric or ""
    if found.kind == "numbered":
        return ", ".join(found.codes) or "all of them"
    return "its verdict" if found.kind == "drift" else "its code"


def _dots(
    each: CheckSummary, evaluations: Sequence[EvaluationSummary], results: Iterable[CheckResult]
) -> Dots:
    newest: dict[str, CheckResult] = {}
    for result in results:
        if result.check == each.name:
            newest.setdefault(result.evaluation, result)
    return Dots(
        check=each,
        kind=KINDS[each.kind][0],
        asks=asks(each),
        outcomes=tuple(newest.get(evaluation.id) for evaluation in evaluations),
    )


def _above(visit: Visit) -> tuple[Crumb, ...]:
    key, store = visit.path["project"], visit.path["store"]
    return (*stores.crumbs(key), stores.crumb(key, store))


def _crumb(project: str, store: str) -> Crumb:
    return Crumb(label="Checks", href=href(project, store))


def _new(kind: CheckKind, visit: Visit) -> Draft:
    key, store = visit.path["project"], visit.path["store"]
    visit.run(ShowStore(project=key, name=store))
    newest = visit.run(ListEvaluations(project=key, store=store, limit=1))
    codes = tuple((code, code) for each in newest for code in each.metrics)
    return Draft(
        crumbs=(*_above(visit), _crumb(key, store)),
        fixed={"kind": kind},
        choices={"metric": codes} if codes else {},
        values={"code": CODE} if kind == "python" else {},
    )


def _edited(visit: Visit) -> Draft:
    key, store, name = (visit.path[each] for each in ("project", "store", "check"))
    found = visit.run(ShowCheck(project=key, store=store, name=name))
    here = Crumb(label=name, href=address(ONE, **visit.path))
    every = {field for taken in TAKEN.values() for field in taken}
    return Draft(
        crumbs=(*_above(visit), _crumb(key, store), here),
        values=found.model_dump(include={*COMMON, *TAKEN[found.kind]}),
        left_out=frozenset(every - {*TAKEN[found.kind]}),
        seen=found,
    )


def _ran(visit: Visit) -> Draft:
    return Draft(crumbs=(*_above(visit), _crumb(visit.path["project"], visit.path["store"])))


CODE = """def check(metrics, labels, history):
    if metrics["auc"] is None:
        return "empty"
    if history and metrics["auc"] < history[-1]["metrics"]["auc"] - 0.05:
        return "warning", "it fell by more than 0.05"
    return "ok"
"""
WORDS = {
    "name": Words(placeholder="good-enough", mono=True),
    "metric": Words(help="Code of the metric", placeholder="auc", mono=True),
    "label": Words(help="Key of a label, in place of a metric", mono=True),
    "min": Words(label="Minimum", help="An error below it"),
    "soft_min": Words(label="Soft minimum", help="A warning below it"),
    "soft_max": Words(label="Soft maximum", help="A warning above it"),
    "max": Words(label="Maximum", help="An error above it"),
    "values": Words(label="Allowed values"),
    "code": Words(
        kind="area",
        mono=True,
        help="A function check that takes any of metrics, intervals, labels, history and "
        "evaluation, and returns 'ok', 'warning', 'error', 'empty' or 'not_applicable', or one of "
        "these and a message",
    ),
    "seconds": Words(label="Seconds that it may take", later=True),
    "runs": Words(label="Evaluations to learn from", help="So many before it; left blank, all"),
    "days": Words(label="Days to learn from", help="So many before it; left blank, all"),
    "soft_k": Words(label="Soft factor", help="So many interquartile ranges off: a warning"),
    "hard_k": Words(label="Hard factor", help="So many interquartile ranges off: an error"),
    "margin": Words(help="How much worse it may be and only warn"),
    "codes": Words(label="Codes", help="Such as E201, one a line; left blank, all", mono=True),
    "description": Words(later=True),
    "labels": Words(help="By which runs choose checks, one a line", later=True),
    "disabled": Words(label="Do not run it, for now", later=True),
}

NEEDED: dict[CheckKind, tuple[str, ...]] = {
    **dict.fromkeys(KINDS, ()),
    **dict.fromkeys(("range", "typical", "significance"), ("metric",)),
    "values": ("values",),
    "python": ("code",),
}


def _new_form(kind: CheckKind) -> Form:
    return Form(
        f"{NEW}/{kind}",
        CreateCheck,
        f"New check: {KINDS[kind][0].lower()}",
        "Create check",
        lambda _visit, made: href(made.project, made.store),
        intro=KINDS[kind][1],
        said="The check is saved. Run it to see what comes of it.",
        fields=("name", *TAKEN[kind], *COMMON),
        words={**WORDS, **{name: replace(WORDS[name], needed=True) for name in NEEDED[kind]}},
        prepare=lambda visit: _new(kind, visit),
    )


PAGES: tuple[Page | Form, ...] = (
    Page(ALL, checks, "checks.html"),
    Page(NEW, kinds, "new_check.html", needs="checks:write"),
    *(_new_form(kind) for kind in KINDS),
    Page(ONE, check, "check.html"),
    Form(
        RUN,
        RunChecks,
        "Run checks",
        "Run checks",
        lambda visit, _made: href(visit.path["project"], visit.path["store"]),
        intro="The checks run on the newest evaluation, unless another one is named.",
        fields=("evaluation", "labels", "fail_on"),
        words={
            "evaluation": Words(help="Its id; left blank, the newest", mono=True),
            "labels": Words(help="Only checks with one of these, one a line"),
        },
        prepare=_ran,
    ),
    Form(
        f"{ONE}/edit",
        UpdateCheck,
        "Edit check",
        "Save",
        lambda visit, _made: address(ONE, **visit.path),
        said="The check is saved. What came of it before stays.",
        fields=(*dict.fromkeys(field for taken in TAKEN.values() for field in taken), *COMMON),
        words=WORDS,
        taken={"name": "check"},
        prepare=_edited,
    ),
    Form(
        f"{ONE}/delete",
        DeleteCheck,
        "Delete check",
        "Delete check",
        lambda visit, _made: href(visit.path["project"], visit.path["store"]),
        intro="All that came of it goes with it. This cannot be undone.",
        said="The check is deleted.",
        taken={"name": "check"},
        prepare=_edited,
        dangerous=True,
    ),
)
