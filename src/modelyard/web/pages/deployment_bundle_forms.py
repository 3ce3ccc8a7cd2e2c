"""The forms of deployments of bundles: a new one, and another bundle."""

from __future__ import annotations

from modelyard.deployments.bundling.commands import ListBundles
from modelyard.deployments.deploying.commands import (
    CreateDeployment,
    ShowDeployment,
    UpdateDeployment,
)
from modelyard.deployments.deploying.types import ProjectSettings
from modelyard.deployments.infrastructures.commands import ListInfrastructures
from modelyard.web.pages.deployment_forms import WORDS as SHARED
from modelyard.web.pages.deployment_promoting import NEW_OF_BUNDLE
from modelyard.web.pages.deployments import ABOVE, MOST, ONE, crumbs, href
from modelyard.web.pages.form import Choices, Draft, Form, Words
from modelyard.web.pages.infrastructures import named
from modelyard.web.pages.page import Visit
from modelyard.web.pages.policy_saying import require_let_pass

WORDS = {
    **{name: SHARED[name] for name in ("name", "infrastructure", "pass_over", "accept")},
    "bundle": Words(label="Bundle", help="", kind="choice"),
    "as_project": Words(
        label="As the project", help="Its key there; left blank: that of this project", mono=True
    ),
    "connection": Words(
        label="Connections there",
        help="FROM=TO, one a line; left out: those of the same names",
        placeholder="warehouse=warehouse-prod",
        kind="pairs",
        mono=True,
    ),
    "enable": Words(
        label="Scenarios that run by themselves", help="One a line", mono=True, later=True
    ),
    "disable": Words(
        label="Scenarios that run by hand only", help="One a line", mono=True, later=True
    ),
}
GIVEN = ("bundle", "connection", "enable", "disable", "pass_over", "accept")


def _bundles(visit: Visit, project: str) -> Choices:
    found = visit.part(ListBundles(project=project, limit=MOST))
    return [(each.bundle, each.bundle) for each in found]


def _new(visit: Visit) -> Draft:
    """As somebody came to it: from a bundle, or from a deployment that goes to a later stage."""
    key, title = visit.path["project"], ""
    proposed = {
        name: word for name in ("name", "bundle", "infrastructure") if (word := visit.asked(name))
    }
    if before := visit.asked("from"):
        seen = visit.run(ShowDeployment(project=key, name=before))
        if isinstance(seen.settings, ProjectSettings):
            proposed |= {"bundle": seen.settings.bundle, "as_project": seen.target}
        title = f"Promote {before}"
    where = visit.part(ListInfrastructures(kind="project", limit=MOST))
    return Draft(
        crumbs=(ABOVE,),
        proposed=proposed,
        choices={"infrastructure": named(where), "bundle": _bundles(visit, key)},
        title=title,
    )


def _updated(visit: Visit) -> Draft:
    key, name = visit.path["project"], visit.path["name"]
    seen = visit.run(ShowDeployment(project=key, name=name))
    title, source = f"Update {name}", seen
    if before := visit.asked("from"):
        title = f"Promote {before} to {name}"
        source = visit.run(ShowDeployment(project=key, name=before))
    return Draft(
        crumbs=crumbs(visit),
        proposed={"bundle": visit.asked("bundle") or getattr(source.settings, "bundle", "")},
        choices={"bundle": _bundles(visit, key)},
        title=title,
    )


PAGES: tuple[Form, ...] = (
    Form(
        NEW_OF_BUNDLE,
        CreateDeployment,
        "New deployment of a bundle",
        "Deploy",
        lambda _visit, made: href(made.project, made.name),
        intro="The nodes import the bundle and try its versions; then it is activated on one after "
        "the other. If one cannot, the others go back.",
        fields=("name", "infrastructure", "as_project", *GIVEN),
        words=WORDS,
        prepare=_new,
        check=require_let_pass,
    ),
    Form(
        f"{ONE}/bundle",
        UpdateDeployment,
        "Update deployment",
        "Update",
        lambda visit, _made: href(visit.path["project"], visit.path["name"]),
        intro="The bundle is activated on one node after another. The first that fails takes the "
        "others back. What was chosen for the project there stays where it is not given.",
        fields=GIVEN,
        words=WORDS,
        prepare=_updated,
        check=require_let_pass,
    ),
)
