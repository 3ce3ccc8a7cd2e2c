"""The pages of a governed item: all that is known of it, what is asked, what happened."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from modelyard import errors
from modelyard.dossiers.metric_commands import DrawMetrics, ExportMetrics, ShowMetrics
from modelyard.dossiers.types import VersionMetrics
from modelyard.governance.connection.commands import ShowGovernStatus
from modelyard.governance.connection.types import GovernStatus
from modelyard.governance.items.commands import CheckEvents, ListEvents, ShowItem
from modelyard.governance.items.ids import id_of, parsed
from modelyard.governance.items.types import Event, Intact, Item, ItemSummary
from modelyard.governance.listing.commands import ListItems
from modelyard.governance.notifying.commands import ShowSubscribed
from modelyard.governance.notifying.types import Level
from modelyard.governance.policies.commands import ListEnforced
from modelyard.governance.signoffs.commands import (
    DownloadFile,
    ListTasks,
    ShowStanding,
    ShowWorkflow,
)
from modelyard.governance.signoffs.types import SignoffState, Task, Workflow
from modelyard.governance.templates.commands import ShowTemplate
from modelyard.governance.templates.types import Template
from modelyard.kernel.values import Value
from modelyard.web.pages.charted import mode_of
from modelyard.web.pages.governance_words import KINDS, ONE, called, crumbs, source_href, within
from modelyard.web.pages.governed_events import Told, told
from modelyard.web.pages.governed_steps import Filling, fillings_of
from modelyard.web.pages.governed_verdict import Verdict, verdict_of
from modelyard.web.pages.page import (
    Crumb,
    Document,
    Download,
    ListView,
    Page,
    View,
    Visit,
    address,
    place_in_list,
)

TIMELINE, METRICS = f"{ONE}/timeline", f"{ONE}/metrics"
FILE = f"{ONE}/files/{{field}}/{{number}}"
NEWEST, FEW, PART, MOST = 40, 8, 50, 100
HEADLINES = 2


class Place(Value):
    """Where something is deployed."""

    item: str
    infrastructure: str
    stage: str
    mode: str
    health: str


class ItemView(View):
    """A governed item."""

    item: Item
    called: str
    """What it is, in words."""
    source: str
    """Address of what it is of; empty: there is none, or it is not to be seen."""
    where: Crumb | None
    """The project that it is in."""
    elsewhere: GovernStatus | None
    """What the govern node says of it; None: it is governed here."""
    workflow: Workflow | None
    template: Template | None
    titles: dict[str, str]
    """What people call fields, steps and feedback groups."""
    headlines: tuple[tuple[str, str], ...]
    fillings: tuple[Filling, ...]
    tasks: tuple[Task, ...]
    """That wait for whoever asks."""
    verdict: Verdict | None
    signoff: SignoffState | None
    """That is under way, or else the last."""
    above: ItemSummary | None
    below: tuple[ItemSummary, ...]
    more_below: bool
    metrics: VersionMetrics | None
    """Of its model, if it is a version or has some; the one that is asked for."""
    drawn: str
    """What the chart of it is asked."""
    places: tuple[Place, ...]
    related: tuple[str, ...]
    """Items of versions that are in it."""
    happened: tuple[Told, ...]
    intact: Intact
    me: str
    subscribed: Level | None
    """How much one is told of it; None: nobody is told anything here."""


class MetricsView(View):
    """A metric over the versions of a model."""

    item: str
    project: str
    metrics: VersionMetrics
    drawn: str
    description: str


class TimelineView(ListView):
    """What happened to an item, as far as it is asked for."""

    item: str
    happened: tuple[Told, ...]
    intact: Intact
    actors: tuple[str, ...]
    attributes_of: tuple[str, ...]
    """The attributes that events are about."""


def source_of(visit: Visit, item: Item) -> str:
    """The address of what an item is of, so far as whoever asks may see it."""
    if item.gone is not None or (item.project and visit.role(item.project) is None):
        return ""
    return source_href(item.id)


def asked_of(visit: Visit, item: Item) -> tuple[Workflow | None, Template | None]:
    """What is asked of an item, and the template that says so."""
    if item.state != "governed" or item.template is None:
        return None, None
    workflow = visit.run(ShowWorkflow(item=item.id))
    kept = visit.run(ShowTemplate(name=workflow.template, version=workflow.version))
    return workflow, kept.template


def one(visit: Visit) -> ItemView:
    """All of it."""
    item = visit.run(ShowItem(item=visit.path["item"]))
    elsewhere = visit.run(ShowGovernStatus(item=item.id))
    here = elsewhere.node is None
    workflow, template = asked_of(visit, item) if here else (None, None)
    below = visit.part(ListItems(under=item.id, limit=FEW))
    events = visit.part(ListEvents(item=item.id, limit=NEWEST))
    is_judged = here and item.kind == "version" and item.gone is None
    verdict = verdict_of(visit, item.id, parsed(item.id)[1][-1]) if is_judged else None
    tasks, measured = visit.run(ListTasks()), measured_of(visit, item)
    return ItemView(
        title=called(item.id),
        crumbs=crumbs(visit, item.id),
        item=item,
        called=KINDS[item.kind][0],
        source=source_of(visit, item),
        where=_where(visit, item),
        elsewhere=None if here else elsewhere,
        workflow=workflow,
        template=template,
        titles=_titles(template),
        headlines=_headlines(item, template),
        fillings=fillings_of(workflow, template),
        tasks=tuple(each for each in tasks if each.item == item.id),
        verdict=verdict,
        signoff=_signoff(workflow),
        above=_above(visit, item),
        below=tuple(below),
        more_below=below.next is not None,
        metrics=measured,
        drawn=query_of(measured),
        places=_places(item, _modes(visit, item, verdict)),
        related=_related(item)[:MOST],
        happened=told(list(filter(_is_news, events)), template)[:FEW],
        intact=visit.run(CheckEvents(item=item.id)),
        me=visit.account.name,
        subscribed=_subscribed(visit, item.id),
    )


def _subscribed(visit: Visit, item: str) -> Level | None:
    is_user = visit.account.kind == "user"
    return visit.run(ShowSubscribed(item=item)).level if is_user else None


def timeline(visit: Visit) -> TimelineView:
    """What happened, of one attribute or by one person if that is asked for."""
    item = visit.run(ShowItem(item=visit.path["item"]))
    _, template = asked_of(visit, item)
    asked: dict[str, Any] = {"item": item.id, "limit": PART}
    asked["after"] = visit.asked("after") or None
    for name in ("actor", "attribute"):
        asked[name] = visit.asked(name) or None
    found = visit.part(ListEvents(**asked))
    newest = visit.part(ListEvents(item=item.id, limit=500))
    return TimelineView(
        title="Timeline",
        crumbs=within(visit),
        item=item.id,
        happened=told(found, template),
        intact=visit.run(CheckEvents(item=item.id, most=100_000)),
        actors=tuple(sorted({each.actor for each in newest})),
        attributes_of=tuple(sorted({_section(each.attribute) for each in newest})),
        **place_in_list(found),
    )


def measured_of(visit: Visit, item: Item) -> VersionMetrics | None:
    """A metric over the versions of its model; None where there are no versions or no metrics."""
    if item.kind not in ("model", "version") or item.gone is not None:
        return None
    found = visit.run(ShowMetrics(item=item.id))
    metric, dataset = visit.asked("metric"), visit.asked("dataset")
    if metric in found.metrics and metric != found.metric:
        found = visit.run(ShowMetrics(item=item.id, metric=metric))
    if dataset in found.datasets and dataset != found.dataset:
        found = visit.run(ShowMetrics(item=item.id, metric=found.metric, dataset=dataset))
    return found if found.points else None


def query_of(found: VersionMetrics | None) -> str:
    """The words by which a chart of it is asked for."""
    if found is None:
        return ""
    return urlencode({"metric": found.metric, "dataset": found.dataset})


def metrics(visit: Visit) -> MetricsView:
    """A metric over the versions, large and as a table."""
    item = visit.run(ShowItem(item=visit.path["item"]))
    found = measured_of(visit, item)
    if found is None:
        raise errors.NotFound(f"no evaluation of a version tells a metric of {item.id}")
    return MetricsView(
        title="Metrics over versions",
        crumbs=within(visit),
        item=item.id,
        project=item.project,
        metrics=found,
        drawn=query_of(found),
        description=visit.run(DrawMetrics(**_asked(visit, found))).description,
    )


def _asked(visit: Visit, found: VersionMetrics | None = None) -> dict[str, Any]:
    metric = found.metric if found else visit.asked("metric") or None
    dataset = found.dataset if found else visit.query.get("dataset")
    return {"item": visit.path["item"], "metric": metric, "dataset": dataset}


def _titles(template: Template | None) -> dict[str, str]:
    if template is None:
        return {}
    titles = {f"field {each.id}": each.called for each in template.fields}
    for step in template.steps:
        titles[f"step {step.id}"] = step.called
        groups = step.signoff.feedback if step.signoff else ()
        titles |= {f"group {each.id}": each.called for each in groups}
    return titles


def _headlines(item: Item, template: Template | None) -> tuple[tuple[str, str], ...]:
    """The first fields that are one word out of some, with what they say."""
    fields = template.fields if template else ()
    chosen = [each for each in fields if each.type == "category" and not each.several]
    said = [(each.called, item.fields.get(each.id)) for each in chosen]
    return tuple((name, value) for name, value in said if isinstance(value, str))[:HEADLINES]


def _where(visit: Visit, item: Item) -> Crumb | None:
    if not item.project or item.kind == "project":
        return None
    there = address("/projects/{project}", project=item.project)
    return Crumb(label=item.project, href="" if visit.role(item.project) is None else there)


def _above(visit: Visit, item: Item) -> ItemSummary | None:
    if item.parent is None:
        return None
    try:
        return visit.run(ShowStanding(item=item.parent))
    except errors.NotFound:
        return None


def _signoff(workflow: Workflow | None) -> SignoffState | None:
    if workflow is None or not workflow.signoffs:
        return None
    now = {each.id for each in workflow.steps if each.status == "ONGOING"}
    under_way = [each for each in workflow.signoffs if each.step in now]
    waiting = [each for each in workflow.signoffs if each.status.startswith("WAITING")]
    return next(iter((*under_way, *waiting, workflow.signoffs[-1])))


def _places(item: Item, modes: dict[str, str]) -> tuple[Place, ...]:
    """Where a version is deployed, what a deployment is on, or an infrastructure itself."""
    facts: dict[str, Any] = dict(item.facts.get("deployments", {}))
    if item.kind in ("deployment", "infrastructure"):
        told = {"infrastructure": item.name, **item.facts.get(item.kind, {})}
        facts = {item.id: {**told, **item.facts.get("health", {})}}
    return tuple(
        Place(
            item=name,
            infrastructure=str(each.get("infrastructure", "")),
            stage=str(each.get("stage", "")),
            mode=modes.get(str(each.get("infrastructure", "")), ""),
            health=str(each.get("health") or ""),
        )
        for name, each in facts.items()
        if isinstance(each, dict)
    )


def _modes(visit: Visit, item: Item, verdict: Verdict | None) -> dict[str, str]:
    """What infrastructures do with what policies say, where that concerns an item."""
    if verdict is not None or item.kind not in ("deployment", "infrastructure"):
        return verdict.modes if verdict else {}
    return {each.infrastructure: each.mode for each in visit.run(ListEnforced())}


def _related(item: Item) -> tuple[str, ...]:
    """The versions that are in a bundle, or that a deployment brings."""
    inside: Any = item.facts.get(item.kind, {}).get("versions", ())
    if isinstance(inside, dict):
        return tuple(inside)
    told = ((str(each["model"]), str(each["version"])) for each in inside)
    return tuple(id_of("version", item.project, *each) for each in told)


def _is_news(event: Event) -> bool:
    """Whether an event says something beside the one next to it."""
    return not event.attribute.endswith((".digest", "template_version", ".request"))


def _section(attribute: str) -> str:
    part, _, rest = attribute.partition(".")
    return attribute if part in {"fields", "steps"} and rest else part


def _file_name(visit: Visit) -> str:
    fields = visit.run(ShowItem(item=visit.path["item"])).fields
    value: Any = fields.get(visit.path["field"])
    files = value if isinstance(value, list) else [value]
    return str(files[int(visit.path["number"]) - 1]["name"])


def _download(visit: Visit, to: str) -> DownloadFile:
    return DownloadFile(**visit.path, output=to, replace=True)  # type: ignore[arg-type]


PAGES: tuple[Page | Download | Document, ...] = (
    Page(ONE, one, "governed_item.html"),
    Page(TIMELINE, timeline, "governed_timeline.html"),
    Download(FILE, _download, _file_name),
    Page(METRICS, metrics, "governed_metrics.html"),
    Document(f"{METRICS}/chart", lambda v: DrawMetrics(**_asked(v), mode=mode_of(v)), changes=True),
    Document(f"{METRICS}/table", lambda v: ShowMetrics(**_asked(v)), changes=True),
    Download(
        f"{METRICS}/content",
        lambda v, to: ExportMetrics(**_asked(v), to=to, replace=True),
        lambda v: f"{called(v.path['item']).replace(' ', '-')}-{v.asked('metric')}.csv",
    ),
)
