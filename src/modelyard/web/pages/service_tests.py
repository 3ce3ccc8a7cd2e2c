"""What came of the test queries of a service, while they are answered and after."""

from __future__ import annotations

from modelyard import errors
from modelyard.jobs.commands import ShowJob
from modelyard.services.commands import TryService
from modelyard.services.types import ServiceOutcome
from modelyard.web.pages.form import Draft, Form
from modelyard.web.pages.formats import sentence
from modelyard.web.pages.jobs import MADE, JobLine, line_of
from modelyard.web.pages.page import Page, View, Visit, address
from modelyard.web.pages.services import ONE as SERVICE
from modelyard.web.pages.services import crumbs, href, shown

TEST = "services.test"
ONE = "/projects/{project}/services/{name}/tests/{job}"
MADE[TEST] = ONE


class TestView(View):
    """A job that answers the test queries of a service."""

    project: str
    service: str
    job: JobLine
    ended: bool
    outcome: ServiceOutcome | None
    problem: str
    may_write: bool


def tested(visit: Visit) -> TestView:
    """What has come of it, or how far it is."""
    key, name = visit.path["project"], visit.path["name"]
    job = visit.run(ShowJob(id=visit.path["job"]))
    if job.command != TEST or job.project != key or job.arguments.get("name") != name:
        raise errors.NotFound(f"the job {job.id} does not test {name}")
    done = job.state == "succeeded"
    return TestView(
        title="Test queries",
        crumbs=crumbs(key, name),
        project=key,
        service=name,
        job=line_of(job),
        ended=job.has_ended,
        outcome=ServiceOutcome.model_validate(job.result) if done else None,
        problem=sentence(job.error.detail) if job.error else "",
        may_write=visit.may("services:write"),
    )


def _asked(visit: Visit) -> Draft:
    found = shown(visit)
    return Draft(crumbs=crumbs(found.project, found.name))


PAGES: tuple[Page | Form, ...] = (
    Form(
        f"{SERVICE}/test",
        TryService,
        "Answer the test queries",
        "Answer them",
        lambda visit, _made: href(visit.path["project"], visit.path["service"]),
        intro="Each endpoint is loaded as an API node would load it, compared with its golden "
        "predictions, and asked its test queries. Nothing of it is kept.",
        taken={"name": "service"},
        prepare=_asked,
        follow=lambda visit, job: address(
            ONE, project=visit.path["project"], name=visit.path["service"], job=job.id
        ),
    ),
    Page(ONE, tested, "service_test.html"),
)
