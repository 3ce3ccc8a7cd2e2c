"""The pages about all governed items together: what changed, and by which rules."""

from __future__ import annotations

from modelyard.governance.items.commands import ListEvents, ListRules, SetRule, UnsetRule
from modelyard.governance.items.ids import OWN
from modelyard.governance.items.types import Event, Rule
from modelyard.kernel.values import Value
from modelyard.projects.commands import ListProjects
from modelyard.web.pages.form import Choices, Draft, Form, Words
from modelyard.web.pages.governance_words import (
    ABOVE,
    ALL,
    KIND_CHOICES,
    KINDS,
    called,
    item_href,
    may_decide,
)
from modelyard.web.pages.governed_events import Told, told
from modelyard.web.pages.page import Crumb, ListView, Page, View, Visit, place_in_list

TIMELINE, RULES = f"{ALL}/timeline", f"{ALL}/rules"
PART, MOST = 50, 100
RULED: Choices = [(kind, words) for kind, words in KIND_CHOICES if kind not in OWN]
ACTIONS: Choices = [
    ("suggest", "Suggest"), ("govern", "Govern"), ("hide", "Hide"), ("nothing", "Do nothing"),
]  # fmt: skip
SAYS = {
    "suggest": "is suggested to be governed",
    "govern": "is governed, once what it belongs to is",
    "hide": "is hidden",
    "nothing": "is left alone, whatever other rules say",
    "script": "is what a script says",
}


class EventLine(Value):
    """Something that changed."""

    event: Event
    told: Told
    called: str
    href: str


class TimelineView(ListView):
    """A part of what changed of all items that one may see."""

    lines: tuple[EventLine, ...]


class RuleLine(Value):
    """A rule in words."""

    rule: Rule
    says: str
    where: str
    may_change: bool


class RulesView(View):
    """What becomes of items about which nobody decides."""

    lines: tuple[RuleLine, ...]
    may_set: bool


def timeline(visit: Visit) -> TimelineView:
    """The newest first."""
    words = {name: visit.asked(name).strip() or None for name in ("item", "actor", "attribute")}
    found = visit.part(ListEvents(**words, limit=PART, after=visit.asked("after") or None))
    return TimelineView(
        title="Timeline",
        crumbs=(ABOVE,),
        lines=tuple(
            EventLine(event=each, told=words, called=called(each.item), href=item_href(each.item))
            for each, words in zip(found, told(found, None), strict=True)
        ),
        **place_in_list(found),
    )


def rules(visit: Visit) -> RulesView:
    """Those of the instance first."""
    found = visit.run(ListRules())
    return RulesView(
        title="Rules",
        crumbs=(ABOVE,),
        lines=tuple(_line(visit, each) for each in found),
        may_set=_may_set(visit),
    )


def _may_set(visit: Visit) -> bool:
    projects = visit.account.roles
    return may_decide(visit, "") or any(may_decide(visit, key) for key in projects)


def _line(visit: Visit, rule: Rule) -> RuleLine:
    by = f" by {rule.template}" if rule.template else ""
    says = SAYS[rule.action].replace("governed", f"governed{by}")
    where = "In all projects"
    if rule.model is not None:
        where = f"Of the model {rule.model} in {rule.project}"
    elif rule.project is not None:
        where = f"In {rule.project}"
    return RuleLine(
        rule=rule,
        says=f"Each new {KINDS[rule.kind][0].lower()} {says}",
        where=where,
        may_change=may_decide(visit, rule.project or ""),
    )


def _set(visit: Visit) -> Draft:
    projects = [each.key for each in visit.part(ListProjects(limit=MOST))]
    return Draft(
        crumbs=(ABOVE, Crumb(label="Rules", href=RULES)),
        choices={
            "kind": RULED,
            "action": ACTIONS,
            "project": [(key, key) for key in projects],
        },
        proposed={"action": "suggest"},
    )


def _unset(_visit: Visit) -> Draft:
    return Draft(crumbs=(ABOVE, Crumb(label="Rules", href=RULES)), choices={"kind": RULED})


WORDS = {
    "kind": Words(label="Of the kind", help="", kind="choice"),
    "action": Words(
        label="What becomes of them",
        help="Governed are they as soon as what they belong to is",
        kind="segments",
    ),
    "template": Words(label="Template", help="Left blank, the standard one of the kind", mono=True),
    "project": Words(label="Project", help="Left blank, in all", kind="choice"),
    "model": Words(label="Saved model", help="For its versions alone", mono=True, later=True),
}
PAGES: tuple[Page | Form, ...] = (
    Page(TIMELINE, timeline, "governance_timeline.html"),
    Page(RULES, rules, "governance_rules.html"),
    Form(
        f"{ALL}/new-rule",
        SetRule,
        "New rule",
        "Set rule",
        lambda _visit, _made: RULES,
        intro="What becomes of items about which nobody decides. A rule of a model comes before "
        "that of its project, and this before that of the instance.",
        said="The rule is set.",
        fields=("kind", "action", "template", "project", "model"),
        words=WORDS,
        prepare=_set,
    ),
    Form(
        f"{ALL}/unset-rule",
        UnsetRule,
        "Unset rule",
        "Unset rule",
        lambda _visit, _made: RULES,
        intro="What it decided stays.",
        said="The rule is unset.",
        fields=("kind", "project", "model"),
        words=WORDS,
        prepare=_unset,
        dangerous=True,
    ),
)
