"""The pages of scoring runs: those of a project, one with its progress, its outcome, its output."""

from __future__ import annotations

from collections.abc import Sequence

from modelyard import errors
from modelyard.data.commands import PreviewDataset
from modelyard.data.types import Preview
from modelyard.jobs.commands import ListJobs
from modelyard.kernel.values import FILES
from modelyard.recipes.commands import ListRecipes
from modelyard.scoring.commands import ListRuns, ShowRun
from modelyard.scoring.types import RunSummary, ScoringRun
from modelyard.web.pages.datasets import EXPORT, href
from modelyard.web.pages.files import content
from modelyard.web.pages.jobs import MADE
from modelyard.web.pages.page import Crumb, Nav, Page, View, Visit, address
from modelyard.web.pages.plain_words import passing
from modelyard.web.pages.projects import crumb as project_crumb

ALL = "/projects/{project}/scoring"
ONE = "/projects/{project}/scoring/{run}"
PART = 50
MOST = 100
PREVIEWED = 20
MADE["scoring.run"] = MADE["recipes.run"] = "/projects/{project}/scoring/{made}"


class RunsView(View):
    """A part of a project's scoring runs."""

    project: str
    runs: tuple[RunSummary, ...]
    next: str | None
    model: str
    """The saved model whose runs alone are shown; empty: all of them."""
    may_score: bool


class RunView(View):
    """One scoring run."""

    run: ScoringRun
    fraction: float | None
    """How far it is; None where nobody knows how many rows there are."""
    input_href: str
    output_href: str
    preview: Preview | None
    """The first rows of its output as it is now."""
    unseen: str
    """Why they cannot be shown."""
    wait: bool
    """Whether a script is to ask for them: text files without a name are read whole for it."""
    recipes: tuple[str, ...]
    """The recipes that score this input so, of which one may have begun it."""
    job_href: str | None
    """The job that ran it, if one of the last ones did."""
    export: str
    rejects_href: str | None


def runs(visit: Visit) -> RunsView:
    """A part of the list."""
    key, model = visit.path["project"], visit.asked("model")
    after = visit.asked("after") or None
    found = visit.part(ListRuns(project=key, limit=PART, after=after, model=model or None))
    return RunsView(
        title="Scoring runs",
        crumbs=(project_crumb(key),),
        project=key,
        runs=tuple(found),
        next=found.next,
        model=model,
        may_score=visit.may("scoring:write"),
    )


def run(visit: Visit) -> RunView:
    """A run; with `look`, the first rows of what it wrote."""
    key = visit.path["project"]
    found = visit.run(ShowRun(project=key, id=visit.path["run"]))
    gone = "It was kept only while it was needed" if passing(found.output) else ""
    wait = found.state == "finished" and not visit.asked("look") and not gone
    preview, unseen = (None, gone) if wait or gone else _output(visit, found)
    asked = ListRecipes(
        project=key, model=found.model, dataset=found.output, kind=("scoring",), limit=MOST
    )
    recipes = tuple(each.name for each in visit.part(asked) if each.input == found.input)
    inside = found.rejects is not None and found.rejects.startswith(FILES)
    return RunView(
        title=f"Score {passing(found.input) or found.input} with {found.model} {found.version}",
        crumbs=(
            project_crumb(key),
            Crumb(label="Scoring runs", href=address(ALL, project=key)),
        ),
        run=found,
        fraction=_fraction(found),
        input_href=href(key, found.input),
        output_href=href(key, found.output),
        preview=preview,
        unseen=unseen,
        wait=wait,
        recipes=recipes,
        job_href=_job(visit, found, recipes),
        export=address(EXPORT, project=key, dataset=found.output),
        rejects_href=content(key, (found.rejects or "").removeprefix(FILES)) if inside else None,
    )


def _job(visit: Visit, found: ScoringRun, recipes: Sequence[str]) -> str | None:
    """The job among the last ones that began this run, or that gave it back."""
    ends = {"input": found.input, "output": found.output, "model": found.model}
    for command in ("recipes.run", "scoring.run"):
        for job in visit.run(ListJobs(project=found.project, command=command, limit=MOST)):
            about = job.arguments
            same = about.get("name") in recipes or ends.items() <= about.items()
            began = job.started is not None and job.started <= found.started
            during = began and (job.ended is None or found.started <= job.ended)
            made = isinstance(job.result, dict) and job.result.get("id") == found.id
            if made or (same and during):
                return address("/jobs/{id}", id=job.id)
    return None


def _fraction(found: ScoringRun) -> float | None:
    if found.state == "finished":
        return 1.0
    return min(found.rows / found.input_rows, 1.0) if found.input_rows else None


def _output(visit: Visit, found: ScoringRun) -> tuple[Preview | None, str]:
    """The first rows of what a run wrote, or why they cannot be shown."""
    if found.state != "finished":
        return None, ""
    asked = PreviewDataset(project=found.project, dataset=found.output, rows=PREVIEWED)
    try:
        return visit.run(asked), ""
    except (errors.NotFound, errors.Invalid, errors.Forbidden, errors.Unavailable) as exc:
        return None, exc.detail


PAGES = (
    Page(ALL, runs, "scoring_runs.html", Nav("Scoring runs", "history")),
    Page(ONE, run, "scoring_run.html"),
)
