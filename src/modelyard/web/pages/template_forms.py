"""The forms of templates: publishing texts and files, archiving, deleting drafts, migrating."""

from __future__ import annotations

from modelyard.governance.signoffs.commands import MigrateTemplate
from modelyard.governance.templates.commands import (
    ArchiveTemplate,
    DeleteTemplate,
    ListTemplates,
    PublishTemplate,
    WriteTemplate,
)
from modelyard.web.pages.form import Choices, Draft, Form, Words
from modelyard.web.pages.page import Crumb, Visit
from modelyard.web.pages.templates import ABOVE, ALL, ONE, STARTER, href, kept, version_of

NEW = "/governance/new-template"
TITLE = Words(label="Template", kind="area", mono=True, help="YAML or JSON")


def _crumbs(visit: Visit) -> tuple[Crumb, ...]:
    name = visit.path["name"]
    return (ABOVE, Crumb(label=name, href=href(name, version_of(visit))))


def _numbered(visit: Visit) -> Draft:
    """Of the version that the address names."""
    return Draft(crumbs=_crumbs(visit), fixed={"version": kept(visit).version})


def _migrated(visit: Visit) -> Draft:
    name = visit.path["name"]
    there = sorted(each.version for each in visit.run(ListTemplates()) if each.name == name)
    versions: Choices = [(str(each), f"Version {each}") for each in there]
    return Draft(
        crumbs=_crumbs(visit),
        values={
            "from_version": version_of(visit) or there[0],
            "to_version": there[-1],
            "dry_run": True,
        },
        choices={"from_version": versions, "to_version": versions},
        title=f"Migrate the items of {name}",
    )


def _one(visit: Visit, _made: object = None) -> str:
    return href(visit.path["name"], version_of(visit))


PAGES: tuple[Form, ...] = (
    Form(
        NEW,
        WriteTemplate,
        "Write a template",
        "Publish",
        lambda _visit, made: href(made.name, made.version),
        intro="What is published never changes; a change is a text with the next version.",
        said=lambda made: f"{made.name} {made.version} is kept.",
        fields=("text", "draft"),
        words={
            "text": TITLE,
            "draft": Words(
                label="As a draft",
                help="It begins no item, and can be published anew",
                kind="tick",
            ),
        },
        prepare=lambda _visit: Draft(crumbs=(ABOVE,), proposed={"text": STARTER}),
    ),
    Form(
        "/governance/template-file",
        PublishTemplate,
        "Publish a file",
        "Publish",
        lambda _visit, made: href(made.name, made.version),
        intro="A template in YAML or JSON. What is wrong in it is told with its line.",
        said=lambda made: f"{made.name} {made.version} is published.",
        fields=("file",),
        prepare=lambda _visit: Draft(crumbs=(ABOVE,)),
    ),
    Form(
        f"{ONE}/archive",
        ArchiveTemplate,
        "Archive the version",
        "Archive",
        _one,
        intro="It begins no item any more; its items stay as they are.",
        said="The version is archived.",
        prepare=_numbered,
    ),
    Form(
        f"{ONE}/delete",
        DeleteTemplate,
        "Delete the draft",
        "Delete draft",
        lambda _visit, _made: ALL,
        said="The draft is deleted.",
        prepare=_numbered,
        dangerous=True,
    ),
    Form(
        f"{ONE}/migrate",
        MigrateTemplate,
        "Migrate items",
        "Go on",
        _one,
        intro="All of its items come to the later version, or none. Look first: what would become "
        "of each is told where the job ends.",
        fields=("from_version", "to_version", "dry_run"),
        words={
            "from_version": Words(label="From", help="", kind="choice"),
            "to_version": Words(label="To", help="", kind="choice"),
            "dry_run": Words(
                label="Only look", help="Tell what would become of them, and change nothing"
            ),
        },
        prepare=_migrated,
    ),
)
