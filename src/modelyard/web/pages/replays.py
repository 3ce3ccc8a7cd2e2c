"""The pages of replays: what a version would answer otherwise, before it takes over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from modelyard import errors
from modelyard.data.commands import ListDatasets
from modelyard.evaluations.replaying.commands import (
    DeleteReplay,
    ExportReplay,
    ReplayVersion,
    ShowReplay,
    ShowReplayChart,
    ShowReplayTable,
)
from modelyard.evaluations.replaying.types import Replay, ReplayPart
from modelyard.models.commands import ListVersions, ShowModel
from modelyard.models.types import SavedModel
from modelyard.web.pages import versions
from modelyard.web.pages.charted import documents
from modelyard.web.pages.form import Draft, Form, Words
from modelyard.web.pages.jobs import FILLED, MADE, given_to_job
from modelyard.web.pages.models import crumbs as model_crumbs
from modelyard.web.pages.page import Crumb, Document, Download, Page, View, Visit, address

ONE = "/projects/{project}/replays/{replay}"
PART_OF = f"{ONE}/parts/{{part}}"
NEW = f"{versions.ONE}/replay"
REPLAY = "versions.replay"
MADE[REPLAY] = "/projects/{project}/replays/{made}"
FILLED[REPLAY] = NEW
PARTS: tuple[ReplayPart, ...] = get_args(ReplayPart)
DRAWINGS = {
    "random_count": "At random",
    "first": "The first rows",
    "first_sorted": "The first rows in the order of a column",
}
MOST = 500


class ReplayView(View):
    """A replay: the verdict, both versions, what flips and moves, where and which rows."""

    replay: Replay
    model: SavedModel
    may_activate: bool
    """Whether the version is there as it was replayed, and not active."""
    may_write: bool


def href(project: str, replay: str) -> str:
    """The address of a replay."""
    return address(ONE, project=project, replay=replay)


def replay(visit: Visit) -> ReplayView:
    """The replay, and whether its version can be activated."""
    found = _shown(visit)
    model = visit.run(ShowModel(project=found.project, name=found.model))
    return ReplayView(
        title=f"{found.version} against {found.against}",
        crumbs=_above(found),
        replay=found,
        model=model,
        may_activate=visit.may("models:write") and model.active_version != found.version,
        may_write=visit.may("evaluations:write"),
    )


def _shown(visit: Visit) -> Replay:
    return visit.run(ShowReplay(project=visit.path["project"], id=visit.path["replay"]))


def _above(found: Replay) -> tuple[Crumb, ...]:
    one = versions.href(found.project, found.model, found.version)
    return (*model_crumbs(found.project, found.model), Crumb(label=found.version, href=one))


def _part(visit: Visit) -> dict[str, Any]:
    """The part of the address, as commands name it.

    Raises:
        NotFound: a replay has no such part.
    """
    path, part = visit.path, visit.path["part"]
    if part not in PARTS:
        raise errors.NotFound.among("part", part, PARTS)
    return {"project": path["project"], "id": path["replay"], "part": part}


def _name_of(visit: Visit) -> str:
    return f"replay-{visit.path['part']}-{visit.path['replay']}"


def _new(visit: Visit) -> Draft:
    """With the version of the address; what a job was given is there again."""
    path = visit.path
    given: Mapping[str, Any] = given_to_job(visit, REPLAY) or {}
    names = ListVersions(project=path["project"], model=path["model"], sort="version", limit=MOST)
    others = [each.version for each in visit.part(names) if each.version != path["version"]]
    tables = visit.part(ListDatasets(project=path["project"], limit=MOST))
    return Draft(
        crumbs=versions.above(visit),
        values=given,
        proposed={"rows": visit.asked("rows")},
        choices={
            "rows": [(each.name, "") for each in tables],
            "against": [(each, each) for each in others],
            "method": list(DRAWINGS.items()),
        },
        title=f"Replay {path['version']}",
    )


def _deleted(visit: Visit) -> Draft:
    seen = _shown(visit)
    above = Crumb(label=f"{seen.version} against {seen.against}", href=href(seen.project, seen.id))
    return Draft(crumbs=(*_above(seen), above), seen=seen)


PAGES: tuple[Page | Form | Document | Download, ...] = (
    Page(ONE, replay, "replay.html"),
    *documents(
        PART_OF, _part, _name_of, chart=ShowReplayChart, table=ShowReplayTable, export=ExportReplay
    ),
    Form(
        NEW,
        ReplayVersion,
        "Replay version",
        "Replay",
        lambda visit, made: href(visit.path["project"], made.id),
        intro="This version and the active one are asked with the same rows: what would be "
        "answered otherwise? Nothing is activated by that.",
        fields=(
            "rows", "limit", "against", "target", "method", "column", "descending", "seed",
            "columns", "combined", "least", "tolerance", "movers", "confidence",
        ),
        words={
            "rows": Words(label="Dataset", help="A dataset, or the path of a file", kind="text",
                          placeholder="flights-october", mono=True),
            "limit": Words(label="Rows", help="At most"),
            "against": Words(label="Compared with", help="", placeholder="The active version"),
            "target": Words(help="The column that holds the truth, where it is known; left blank, "
                            "the version's own target", mono=True, later=True),
            "method": Words(label="Which rows", help="Where there are more", later=True),
            "column": Words(label="Column", help="That rows are sorted by", mono=True, later=True),
            "descending": Words(label="The largest first", help="", later=True),
            "seed": Words(label="Seed", help="Another one draws other rows", later=True),
            "columns": Words(label="Columns of slices", help="One a line; left blank, what the "
                             "versions take and the others", mono=True, later=True),
            "combined": Words(label="Columns of a slice", help="At most", later=True),
            "least": Words(label="Rows of a slice", help="At least", later=True),
            "tolerance": Words(label="Tolerance", help="How far a score may move before the row "
                               "counts as moved", later=True),
            "movers": Words(label="Rows that are kept", help="Those that move most", later=True),
            "confidence": Words(label="Confidence", help="Of intervals and found slices",
                                later=True),
        },
        prepare=_new,
    ),
    Form(
        f"{ONE}/delete",
        DeleteReplay,
        "Delete replay",
        "Delete replay",
        lambda visit, _made: address("/projects/{project}/models", project=visit.path["project"]),
        intro="The versions stay. This cannot be undone.",
        said="The replay is deleted.",
        taken={"id": "replay"},
        prepare=_deleted,
        dangerous=True,
    ),
)  # fmt: skip
