"""The pages of datasets: those of a project, one with its rows, its columns, what uses it."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import get_args

from modelyard import errors
from modelyard.data.commands import (
    CreateDataset,
    DeleteDataset,
    DescribeColumns,
    ListConnections,
    ListDatasets,
    PreviewDataset,
    ShowDataset,
)
from modelyard.data.types import (
    ENDINGS,
    Dataset,
    DatasetOrder,
    Preview,
    SamplingMethod,
    Statistics,
)
from modelyard.jobs.commands import ShowJob
from modelyard.recipes.commands import ListRecipes
from modelyard.recipes.types import RecipeSummary
from modelyard.scoring.commands import ListRuns
from modelyard.scoring.types import RunSummary
from modelyard.web.pages.column_lines import ColumnLine, line_of
from modelyard.web.pages.form import Draft, Form, Words
from modelyard.web.pages.jobs import FILLED, MADE, given_to_job
from modelyard.web.pages.page import Crumb, ListView, Nav, Page, View, Visit, address, place_in_list
from modelyard.web.pages.projects import crumb as project_crumb

ALL = "/projects/{project}/datasets"
ONE = "/projects/{project}/datasets/{dataset}"
NEW = "/projects/{project}/new-dataset"
EXPORT = "/api/v1/projects/{project}/datasets/{dataset}/content"
PART = 50
MOST = 100
FEW = 5
PREVIEWED = 20
FIRST = 1_000
"""Rows of a file without a name that tell its columns, as a preview looks at them."""
QUICK = 5_000
"""Rows that are looked at while somebody waits for a page."""
ORDERS: tuple[DatasetOrder, ...] = get_args(DatasetOrder)
KINDS = {"sql": "database", "folder": "folder"}
"""The kinds of connections that hold datasets."""
UNFIT = re.compile(r"[^A-Za-z0-9_-]+")
"""What no name is proposed with."""
FILLED["datasets.create"] = NEW
MADE["datasets.create"] = "/projects/{project}/datasets/{name}"
MADE["datasets.statistics"] = f"{ONE}/columns/{{job}}"


class DatasetsView(ListView):
    """A part of a project's datasets."""

    project: str
    datasets: tuple[Dataset, ...]
    connection: str
    """The connection whose datasets alone are shown; empty: all of them."""
    may_write: bool


class DatasetView(View):
    """What all pages about one dataset show."""

    dataset: Dataset
    problem: str
    """Why its data cannot be read now; what is shown is as it was then."""
    export: str
    file: str
    """What a CSV file of it is called."""
    recipes: tuple[RecipeSummary, ...]
    runs: tuple[RunSummary, ...]
    """The last runs that read or wrote it."""
    may_write: bool
    may_score: bool


class RowsView(DatasetView):
    """Its first rows."""

    preview: Preview | None


class ColumnsView(DatasetView):
    """What its columns are like."""

    statistics: Statistics | None
    """None: nobody has looked yet."""
    lines: tuple[ColumnLine, ...]
    changed: bool
    """Whether the data is another by now."""
    wait: bool
    """Whether a script is to ask for the statistics."""


def href(project: str, dataset: str) -> str:
    """The address of a dataset, or of a path."""
    return address(ONE, project=project, dataset=dataset)


def crumbs(project: str, dataset: str = "") -> tuple[Crumb, ...]:
    """The datasets of a project above a page, and one of them."""
    above = (project_crumb(project), Crumb(label="Datasets", href=address(ALL, project=project)))
    return (*above, Crumb(label=dataset, href=href(project, dataset))) if dataset else above


def datasets(visit: Visit) -> DatasetsView:
    """A part of the list."""
    key, connection = visit.path["project"], visit.asked("connection")
    found = visit.part(
        ListDatasets(
            project=key,
            limit=PART,
            after=visit.asked("after") or None,
            search=visit.asked("search"),
            connection=connection or None,
            sort=visit.one_of("sort", ORDERS) or "name",
        )
    )
    return DatasetsView(
        title="Datasets",
        crumbs=(project_crumb(key),),
        project=key,
        datasets=tuple(found),
        **place_in_list(found),
        connection=connection,
        may_write=visit.may("data:write"),
    )


def rows(visit: Visit) -> RowsView:
    """A dataset with its first rows."""
    shown = _shown(visit)
    preview = None
    if not shown.problem:
        key, name = shown.dataset.project, shown.dataset.name
        preview = visit.run(PreviewDataset(project=key, dataset=name, rows=PREVIEWED))
    return RowsView(**dict(shown), preview=preview)


def columns(visit: Visit) -> ColumnsView:
    """A dataset's columns; with `look`, what the first rows say of them."""
    shown = _shown(visit)
    found = None
    if visit.asked("look") and not shown.problem:
        count = shown.dataset.rows
        whole = count is not None and count <= QUICK
        method: SamplingMethod = "none" if whole else "first"
        found = visit.run(
            DescribeColumns(
                project=shown.dataset.project,
                dataset=shown.dataset.name,
                method=method,
                rows=None if whole else QUICK,
            )
        )
    return _columns(shown, found, wait=not visit.asked("look") and not shown.problem)


def columns_by_job(visit: Visit) -> ColumnsView:
    """A dataset's columns as a job found them."""
    shown = _shown(visit)
    job = visit.run(ShowJob(id=visit.path["job"]))
    if job.command != "datasets.statistics" or job.state != "succeeded":
        raise errors.NotFound(f"the job {job.id} has found no statistics")
    return _columns(shown, Statistics.model_validate(job.result), wait=False)


def _shown(visit: Visit) -> DatasetView:
    key, name = visit.path["project"], visit.path["dataset"]
    found, problem = _known(visit, key, name)
    return DatasetView(
        title=name,
        crumbs=crumbs(key),
        dataset=found,
        problem=problem,
        export=address(EXPORT, project=key, dataset=name),
        file=f"{_stem(name)}.csv",
        recipes=tuple(visit.part(ListRecipes(project=key, dataset=name, limit=MOST))),
        runs=tuple(visit.part(ListRuns(project=key, dataset=name, limit=FEW))),
        may_write=visit.may("data:write") and found.created is not None,
        may_score=visit.may("scoring:write"),
    )


def _stem(name: str) -> str:
    """The last part of a name or path, without the ending of a table."""
    last = PurePosixPath(name.rpartition("/")[2].removesuffix(".gz"))
    return last.stem if last.suffix.lower() in ENDINGS else last.name


def _known(visit: Visit, key: str, name: str) -> tuple[Dataset, str]:
    """A dataset as it is; where its data cannot be read, as it was, and why not."""
    try:
        return visit.run(ShowDataset(project=key, dataset=name, first=FIRST)), ""
    except (errors.NotFound, errors.Invalid, errors.Unavailable, errors.Failed) as exc:
        remembered = visit.part(ListDatasets(project=key, search=name))
        found = next((each for each in remembered if each.name == name), None)
        if found is None:
            raise
        return found, exc.detail


def _columns(shown: DatasetView, found: Statistics | None, *, wait: bool) -> ColumnsView:
    now = shown.dataset.fingerprint
    return ColumnsView(
        **dict(shown),
        statistics=found,
        lines=tuple(line_of(each, found.rows) for each in found.columns) if found else (),
        changed=found is not None and found.fingerprint != now,
        wait=wait,
    )


def _new(visit: Visit) -> Draft:
    key = visit.path["project"]
    known = visit.part(ListConnections(project=key, limit=MOST))
    asked = {name: text for name in ("path", "connection") if (text := visit.asked(name))}
    stem = UNFIT.sub("-", asked.get("path", "").rpartition("/")[2].partition(".")[0]).strip("-")
    return Draft(
        crumbs=crumbs(key),
        proposed={"name": stem, **asked, **given_to_job(visit, "datasets.create")},
        choices={
            "connection": [
                (each.name, f"{each.name} ({KINDS[each.kind]})")
                for each in known
                if each.kind in KINDS
            ]
        },
    )


def _deleted(visit: Visit) -> Draft:
    key, name = visit.path["project"], visit.path["dataset"]
    seen, problem = _known(visit, key, name)
    return Draft(crumbs=crumbs(key, name), title=f"Delete {name}", seen=None if problem else seen)


def _described(visit: Visit) -> Draft:
    return Draft(crumbs=crumbs(visit.path["project"], visit.path["dataset"]))


PAGES: tuple[Page | Form, ...] = (
    Page(ALL, datasets, "datasets.html", Nav("Datasets", "table")),
    Form(
        NEW,
        CreateDataset,
        "New dataset",
        "Create dataset",
        lambda _visit, made: href(made.project, made.name),
        intro="A dataset is a table in files or in a database, under a name. Its schema is read at "
        "once; the data stays where it is.",
        fields=(
            "name", "path", "connection", "table", "query", "format", "delimiter", "quote",
            "encoding", "missing", "column_types", "replace",
        ),
        words={
            "name": Words(placeholder="flights-june", mono=True),
            "path": Words(
                label="File",
                help="CSV, Parquet or JSON lines, gzipped or not; or the path of a file, folder or "
                "pattern, in the connection if one is chosen",
                placeholder="files://flights.csv",
            ),
            "connection": Words(help="That holds the path, the table or what the query reads"),
            "table": Words(help="Table or view of the connection, instead of a file", mono=True),
            "query": Words(kind="area", later=True),
            "format": Words(later=True),
            "delimiter": Words(later=True),
            "quote": Words(later=True),
            "encoding": Words(later=True),
            "missing": Words(label="Texts that mean a missing value", later=True),
            "column_types": Words(placeholder='{"age": "double"}', later=True),
            "replace": Words(label="Replace a dataset of this name", help="", later=True),
        },
        prepare=_new,
    ),
    Page(ONE, rows, "dataset.html"),
    Page(f"{ONE}/columns", columns, "dataset_columns.html"),
    Page(f"{ONE}/columns/{{job}}", columns_by_job, "dataset_columns.html"),
    Page(f"{ONE}/uses", _shown, "dataset_uses.html"),
    Form(
        f"{ONE}/statistics",
        DescribeColumns,
        "Look at all rows",
        "Look at all rows",
        lambda visit, _made: visit.address,
        intro="It runs as a job; what it finds is shown on a page of its own.",
        prepare=_described,
    ),
    Form(
        f"{ONE}/delete",
        DeleteDataset,
        "Delete dataset",
        "Delete dataset",
        lambda visit, _made: address(ALL, project=visit.path["project"]),
        intro="The name is forgotten; the data stays where it is.",
        said="The dataset is deleted; its data stays.",
        fields=("force",),
        words={"force": Words(label="Delete it even if recipes use it", help="")},
        taken={"name": "dataset"},
        prepare=_deleted,
        dangerous=True,
    ),
)  # fmt: skip
