"""The forms of evaluation stores: a new one, what is set of one, its deletion."""

from __future__ import annotations

from modelyard.evaluations.storing.commands import (
    CreateStore,
    DeleteStore,
    ShowStore,
    UpdateStore,
)
from modelyard.web.pages.form import Draft, Form, Words
from modelyard.web.pages.page import Visit, address
from modelyard.web.pages.stores import ALL, ONE, crumb, crumbs, href


def _edited(visit: Visit) -> Draft:
    seen = visit.run(ShowStore(project=visit.path["project"], name=visit.path["store"]))
    above = crumb(seen.project, seen.name)
    values = {
        "description": seen.description,
        "reference": seen.reference or "",
        "check_each": seen.check_each,
        "governed": seen.governed,
    }
    return Draft(crumbs=(*crumbs(seen.project), above), values=values, choices=CHOICES, seen=seen)


def _new(visit: Visit) -> Draft:
    return Draft(crumbs=crumbs(visit.path["project"]), choices=CHOICES)


REFERENCE = Words(
    label="Reference",
    help="Id of the evaluation that drift is told from; left blank, the version's own",
    mono=True,
)


CHECK_EACH = Words(
    label="With each evaluation", help="That goes into it; it is kept in any case", needed=True
)
GOVERNED = Words(
    label="Tell governance of the evaluations in it",
    help="If not, they are no facts of the versions there, and no drift in registries",
    kind="tick",
    later=True,
)
CHOICES = {
    "check_each": [
        ("never", "Run no checks"),
        ("note", "Run its checks"),
        ("fail", "Run its checks, and fail at an error"),
    ]
}


PAGES: tuple[Form, ...] = (
    Form(
        "/projects/{project}/new-store",
        CreateStore,
        "New evaluation store",
        "Create store",
        lambda _visit, made: href(made.project, made.name),
        intro="Evaluations that belong together: of a model on the data of each month, say. What "
        "is evaluated into a store is told beside what is there.",
        fields=("name", "description", "reference", "check_each", "governed"),
        words={
            "name": Words(placeholder="monthly", mono=True),
            "reference": REFERENCE,
            "check_each": CHECK_EACH,
            "governed": GOVERNED,
        },
        prepare=_new,
    ),
    Form(
        f"{ONE}/edit",
        UpdateStore,
        "Edit evaluation store",
        "Save",
        lambda _visit, made: href(made.project, made.name),
        said="The store is saved.",
        fields=("description", "reference", "check_each", "governed"),
        words={"reference": REFERENCE, "check_each": CHECK_EACH, "governed": GOVERNED},
        taken={"name": "store"},
        prepare=_edited,
    ),
    Form(
        f"{ONE}/delete",
        DeleteStore,
        "Delete evaluation store",
        "Delete store",
        lambda visit, _made: address(ALL, project=visit.path["project"]),
        intro="All evaluations in it go with it. This cannot be undone.",
        said="The store is deleted.",
        taken={"name": "store"},
        prepare=_edited,
        dangerous=True,
    ),
)
