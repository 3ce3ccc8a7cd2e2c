"""What policies say of what is to be deployed: before it is sent, and on a page of its own."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from urllib.parse import urlencode

from modelyard import errors
from modelyard.deployments.bundling.commands import ShowBundle
from modelyard.deployments.deploying.commands import (
    CreateDeployment,
    ShowDeployment,
    UpdateDeployment,
)
from modelyard.governance.items.ids import id_of
from modelyard.governance.policies.commands import CheckPolicies, ListEnforced
from modelyard.governance.policies.types import Enforced, Judgement
from modelyard.kernel.values import Value
from modelyard.services.packaging.commands import ShowPackage
from modelyard.web.pages.governance_words import called, item_href
from modelyard.web.pages.page import Crumb, Page, View, Visit, address

SAYS = "/projects/{project}/policies-say"
MOST = 500
PREVENTS = "They prevent it until every clause holds."
WARNS = "They warn of it: it takes somebody who accepts that."


class Brought(Value):
    """What is to be deployed, and where."""

    infrastructure: str
    service: str = ""
    packages: tuple[str, ...] = ()
    bundle: str = ""


class SaidLine(Value):
    """What policies say of a version."""

    item: str
    called: str
    href: str
    judgements: tuple[Judgement, ...]
    problem: str = ""
    """Why they cannot be asked."""


class SayingView(View):
    """What policies say of what is to be deployed."""

    infrastructure: str
    enforced: Enforced | None
    what: str
    said: tuple[SaidLine, ...]


def saying(visit: Visit) -> SayingView:
    """Of each version, clause by clause."""
    project = visit.path["project"]
    brought = Brought(
        infrastructure=visit.asked("infrastructure"),
        service=visit.asked("service"),
        packages=visit.every("package"),
        bundle=visit.asked("bundle"),
    )
    enforced, said = said_of(visit, project, brought)
    return SayingView(
        title="What policies say",
        crumbs=(Crumb(label="Deployments", href="/deployments"),),
        infrastructure=brought.infrastructure,
        enforced=enforced,
        what=brought.bundle or ", ".join(brought.packages),
        said=said,
    )


def said_of(
    visit: Visit, project: str, brought: Brought
) -> tuple[Enforced | None, tuple[SaidLine, ...]]:
    """What is asked on an infrastructure, and what that says of every version that comes."""
    there = visit.part(ListEnforced(limit=MOST))
    mine = (each for each in there if each.infrastructure == brought.infrastructure)
    enforced = next(mine, None)
    if enforced is None or enforced.mode == "no_check" or not enforced.policies:
        return None, ()
    items = dict.fromkeys(_versions(visit, project, brought))
    return enforced, tuple(_said(visit, item, enforced) for item in items)


def where(project: str, brought: Brought) -> str:
    """The page that says it."""
    words = [("infrastructure", brought.infrastructure), ("service", brought.service)]
    words += [("package", each) for each in brought.packages]
    words.append(("bundle", brought.bundle))
    return f"{address(SAYS, project=project)}?{urlencode([each for each in words if each[1]])}"


def about(visit: Visit, project: str, brought: Brought) -> tuple[str, tuple[Crumb, ...]]:
    """What policies say, in a sentence, with links to where it is said in full; empty: nothing."""
    enforced, said = said_of(visit, project, brought)
    if enforced is None or not said:
        return "", ()
    bad = [each for each in said if not _passes(each)]
    names = ", ".join(enforced.policies)
    place = brought.infrastructure
    if not bad:
        words = f"Policies of {place} ({names}) let it pass."
    else:
        which = ", ".join(each.called for each in bad)
        rule = PREVENTS if enforced.mode == "prevent" else WARNS
        words = f"Policies of {place} ({names}) do not let pass {which}. {rule}"
    first = Crumb(label="What policies say, clause by clause", href=where(project, brought))
    return words, (first, *(Crumb(label=each.called, href=each.href) for each in bad))


def require_let_pass(visit: Visit, command: object, _agreed: Collection[str]) -> None:
    """Refuse what policies would refuse, before anything begins; clause by clause.

    Raises:
        Blocked: with the reasons, and links to the items.
    """
    if not isinstance(command, CreateDeployment | UpdateDeployment):
        return
    brought = _brought(visit, command)
    enforced, said = said_of(visit, command.project, brought)
    bad = [each for each in said if not _passes(each)]
    if enforced is None or not bad or (enforced.mode == "warn" and command.accept):
        return
    reasons = "; ".join(f"{each.called}: {_why(each)}" for each in bad)
    links = (
        ("What policies say, clause by clause", where(command.project, brought)),
        *((each.called, each.href) for each in bad),
    )
    verb = "prevent" if enforced.mode == "prevent" else "warn of"
    told = f"policies of {brought.infrastructure} {verb} it: {reasons}"
    field = {} if enforced.mode == "prevent" else {"field": "accept"}
    raise errors.Blocked(told, links=links, **field)


def _brought(visit: Visit, command: CreateDeployment | UpdateDeployment) -> Brought:
    packages = [command.package] if command.package else [*(command.share or ())]
    packages += command.shadow or ()
    if isinstance(command, CreateDeployment):
        place, service = command.infrastructure or "", command.service or ""
        held: Iterable[str] = ()
    else:
        seen = visit.run(ShowDeployment(project=command.project, name=command.name))
        place, service = seen.infrastructure, seen.target if seen.kind == "api" else ""
        held = seen.settings.content
    if service:
        return Brought(infrastructure=place, service=service, packages=tuple(packages or held))
    bundle = command.bundle or next(iter(held), "")
    return Brought(infrastructure=place, bundle=bundle)


def _versions(visit: Visit, project: str, brought: Brought) -> Iterable[str]:
    for package in brought.packages:
        asked = ShowPackage(project=project, service=brought.service, package=package)
        for each in visit.run(asked).manifest.models:
            yield id_of("version", project, each.model, each.version)
    if brought.bundle:
        found = visit.run(ShowBundle(project=project, bundle=brought.bundle))
        for model in found.manifest.models:
            if model.active is not None:
                yield id_of("version", project, model.model, model.active)


def _said(visit: Visit, item: str, enforced: Enforced) -> SaidLine:
    told = {"item": item, "called": called(item), "href": item_href(item)}
    try:
        found = visit.run(CheckPolicies(item=item, policy=enforced.policies))
    except errors.NotFound as exc:
        return SaidLine(**told, judgements=(), problem=exc.detail)
    return SaidLine(**told, judgements=tuple(found))


def _passes(line: SaidLine) -> bool:
    return not line.problem and all(each.outcome == "pass" for each in line.judgements)


def _why(line: SaidLine) -> str:
    missing = [
        f"{each.title}: {each.why}"
        for judgement in line.judgements
        for each in judgement.results
        if each.outcome != "pass"
    ]
    return line.problem or ", ".join(missing)


PAGES = (Page(SAYS, saying, "policies_say.html"),)
