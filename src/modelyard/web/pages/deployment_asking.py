"""The page that puts a query to a deployment, and the form that tests it."""

from __future__ import annotations

from functools import partial

from modelyard import errors
from modelyard.deployments.asking.commands import (
    AskDeployment,
    ListDeployedEndpoints,
    TestDeployment,
)
from modelyard.deployments.asking.types import DeployedAnswer
from modelyard.deployments.deploying.commands import ShowDeployment
from modelyard.deployments.infrastructures.types import Kind
from modelyard.web.pages.deployment_endpoints import ASKS, testing_of
from modelyard.web.pages.deployments import ONE, crumbs, href
from modelyard.web.pages.form import Draft, Form, Words
from modelyard.web.pages.jobs import MADE
from modelyard.web.pages.node_trying import answer_to, first_of
from modelyard.web.pages.page import Page, View, Visit, address

FIELDS = ("scenario", "minutes")
INTROS: dict[Kind, str] = {
    "api": "The test queries of what answers are asked on every node.",
    "project": "Scenarios of the project are run on every node, one after another.",
}
MADE |= {"deployments.test": ONE}
ASK = f"{ONE}/endpoints/{{endpoint}}/ask"


class AskView(View):
    """A query as it is typed, and what the deployment answers to it."""

    node: str
    service: str
    endpoint: str
    generations: tuple[str, ...]
    generation: str
    known: tuple[tuple[str, str], ...]
    """Names of test queries, and the address that takes each."""
    places: tuple[str, ...]
    place: str
    typed: str
    problem: str
    answer: DeployedAnswer | None


def ask(visit: Visit) -> AskView:
    """Ask what was typed; begin with a test query."""
    named = {"project": visit.path["project"], "name": visit.path["name"]}
    endpoint = visit.path["endpoint"]
    found = visit.run(ShowDeployment(**named))
    known = {each.name: each for each in visit.run(ListDeployedEndpoints(**named))}
    if endpoint not in known:
        raise errors.NotFound.among("endpoint", endpoint, known)
    packages = tuple(found.settings.content)
    places = tuple(each.place for each in known[endpoint].places)
    package, place = visit.one_of("generation", packages), visit.one_of("place", places)
    tests = known[endpoint].test_queries
    typed = visit.query.get("query") or first_of(tests, visit.asked("test"))
    answer: DeployedAnswer | None = None
    problem = ""
    if "query" in visit.query:
        command = partial(
            AskDeployment,
            project=found.project,
            name=found.name,
            endpoint=endpoint,
            package=package,
            node=place,
        )
        answered = answer_to(visit, typed, lambda query: command(query=query))
        answer, problem = answered
    here = address(ASK, **visit.path)
    return AskView(
        title=f"Ask {endpoint}",
        crumbs=crumbs(visit),
        node=found.infrastructure,
        service=found.name,
        endpoint=endpoint,
        generations=packages,
        generation=package or "",
        known=tuple((each.name, f"{here}?test={each.name}") for each in tests),
        places=places,
        place=place or "",
        typed=typed,
        problem=problem,
        answer=answer,
    )


def _tested(visit: Visit) -> Draft:
    project, name = visit.path["project"], visit.path["name"]
    found = visit.run(ShowDeployment(project=project, name=name))
    before = testing_of(visit, project, name)
    return Draft(
        crumbs=crumbs(visit),
        proposed={"scenario": before.scenarios if before else ()},
        left_out=frozenset(FIELDS if found.kind == "api" else ()),
        title=f"Test {name}",
        intro=INTROS[found.kind],
    )


PAGES: tuple[Page | Form, ...] = (
    Page(ASK, ask, "node_try.html", asks=True, needs=ASKS),
    Form(
        f"{ONE}/test",
        TestDeployment,
        "Test deployment",
        "Run tests",
        lambda visit, _made: href(visit.path["project"], visit.path["name"]),
        fields=FIELDS,
        words={
            "scenario": Words(label="Scenarios that are its tests", help="One a line", mono=True),
            "minutes": Words(label="Minutes that one may take", later=True),
        },
        prepare=_tested,
    ),
)
