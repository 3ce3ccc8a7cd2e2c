"""The page of components: each as it looks, and the markup that makes it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import get_args

from pydantic import JsonValue

from modelyard.analysis.charts.theme import config
from modelyard.analysis.charts.types import Mode
from modelyard.kernel.values import Value, now
from modelyard.web.pages.form import Choice, FieldView, FormView
from modelyard.web.pages.page import Page, View, Visit
from modelyard.web.pages.rendering import environment, source

FOLDER = "samples/"
MODES: tuple[Mode, ...] = get_args(Mode)
HOSTILE = "<script>alert('no')</script> a name that is much longer than the place there is for it"


class Sample(Value):
    """A component: what it is for, and the markup that makes it."""

    template: str
    title: str
    about: str
    source: str


class GalleryView(View):
    """What pages are made of."""

    samples: tuple[Sample, ...]
    hostile: str
    moments: tuple[datetime, ...]
    form: FormView
    drawn: str
    """The address of a screen that has a chart."""


class ChartView(View):
    """A chart as a screen gives it."""

    description: str
    reason: str | None = None
    spec: dict[str, JsonValue]


def gallery(visit: Visit) -> GalleryView:
    """Read the samples from their templates, so that what is shown is what is written."""
    at = now()
    names = [name for name in environment().list_templates() if name.startswith(FOLDER)]
    return GalleryView(
        title="Components",
        samples=tuple(map(_sample, names)),
        hostile=HOSTILE,
        moments=(at, at - timedelta(hours=3), at - timedelta(days=3), at - timedelta(days=40)),
        form=_form(visit.address),
        drawn=visit.address,
    )


def chart(visit: Visit) -> ChartView:
    """A line, in the theme of all charts."""
    points: list[JsonValue] = [{"day": day, "late": day * (12 - day)} for day in range(13)]
    return ChartView(
        title="Chart",
        description="Late flights by day: they rise to 36 on day 6, and fall again",
        spec={
            "width": "container",
            "config": config(visit.one_of("mode", MODES) or "light"),
            "data": {"values": points},
            "mark": "line",
            "encoding": {
                "x": {"field": "day", "type": "quantitative", "title": "Day"},
                "y": {"field": "late", "type": "quantitative", "title": "Late flights"},
            },
        },
    )


def _sample(name: str) -> Sample:
    """A sample's first line is a comment with its title and what it is for."""
    first, _, rest = source(name).partition("\n")
    title, _, about = first.removeprefix("{#").removesuffix("#}").strip().partition(": ")
    return Sample(template=name, title=title, about=about, source=rest.strip())


def _form(action: str) -> FormView:
    """A form with a field of every kind."""
    colours = tuple(Choice(value=each, label=each.capitalize()) for each in ("red", "green"))
    return FormView(
        title="",
        button="Save and run",
        action=action,
        back=action,
        fields=(
            FieldView(name="name", label="Name", value="Score november", needed=True),
            FieldView(
                name="input",
                label="Input dataset",
                value="flights-raw",
                needed=True,
                problem="The column wind_speed is missing; the closest name is wind_spd.",
            ),
            FieldView(
                name="mode", label="Output mode", kind="segments", value="red", choices=colours
            ),
            FieldView(name="kind", label="Choice", kind="choice", choices=colours),
            FieldView(name="rows", label="Rows", kind="number", value="1000", least=1, whole=True),
            FieldView(name="text", label="Description", kind="area", help="One line for people."),
            FieldView(name="list", label="Columns", kind="lines", value="a\nb", mono=True),
            FieldView(name="data", label="Parameters", kind="json", value='{"depth": 3}'),
            FieldView(name="some", label="Some", kind="ticks", value="red", choices=colours),
            FieldView(name="secret", label="Password", kind="secret", new=True),
            FieldView(name="until", label="Until", kind="moment", there="2026-12-24T18:00"),
            FieldView(name="file", label="File", kind="file"),
            FieldView(name="tick", label="Overwrite what is there", kind="tick", value="true"),
            FieldView(name="steps", label="Steps", kind="items", items=(_step(0), _step(1))),
            FieldView(name="seed", label="Seed", kind="number", later=True),
        ),
        problems=("What is wrong with no field in particular stands here.",),
    )


def _step(number: int) -> tuple[FieldView, ...]:
    """The fields of one of several things."""
    opening = f"steps.{number}"
    return (
        FieldView(name=f"{opening}.command", label="Command", needed=True, mono=True),
        FieldView(name=f"{opening}.arguments", label="Arguments", kind="json"),
    )


PAGES = (
    Page("/ui", gallery, "gallery.html"),
    Page("/ui/chart", chart, "gallery_chart.html"),
)
