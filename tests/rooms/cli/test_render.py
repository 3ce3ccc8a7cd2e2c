"""Results for people."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from datetime import UTC, datetime

import pytest

from modelyard import errors
from modelyard.cli.main import main
from modelyard.cli.problems import tell
from modelyard.cli.render import ProgressLines, progress_bar, show, tell_result
from modelyard.cli.words import heading, words
from modelyard.data.types import Column, Dataset, Preview
from modelyard.governance.types import AuditEntry
from modelyard.jobs.scenarios.types import ScenarioRun, StepRun
from modelyard.jobs.types import JobError
from modelyard.kernel.paging import Page
from modelyard.kernel.progress import silence
from modelyard.kernel.values import Value
from modelyard.models.importance_types import FeatureEffects, OwnImportances

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class Part(Value):
    """A part."""

    name: str
    rows: int


class File(Value):
    """A file."""

    name: str
    size: int


class Whole(Value):
    """A whole."""

    title: str
    empty: str = ""
    first: Part
    parts: tuple[Part, ...]


def test_things_of_one_kind_are_a_table(capsys):
    show([Part(name="a", rows=1200), Part(name="b", rows=3)])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["Name", "Rows"]
    assert lines[1].split() == ["a", "1,200"]


def test_things_of_several_kinds_have_what_any_of_them_has(capsys):
    show([Part(name="a", rows=1200), File(name="b", size=3000)])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines] == [
        ["Name", "Rows", "Size"],
        ["a", "1,200"],
        ["b", "3.0", "kB"],
    ]


def test_one_thing_shows_its_parts_below(capsys):
    show(Whole(title="t", first=Part(name="f", rows=1), parts=(Part(name="p", rows=2),)))
    out = capsys.readouterr().out
    assert "Empty" not in out
    assert out.index("Title") < out.index("First") < out.index("Parts")


@pytest.mark.parametrize(
    ("value", "said"), [(None, "Done."), ([], "Nothing here yet."), (["v1", "v2"], "v1\nv2")]
)
def test_other_results(capsys, value, said):
    show(value)
    assert capsys.readouterr().out.strip() == said


def test_texts_of_others_steer_no_terminal(capsys):
    show([Part(name="a\x1b[31mred\u202eno", rows=1)])
    assert r"a\x1b[31mred\u202eno" in capsys.readouterr().out
    tell(errors.Invalid("a\x1b]0;title\x07"), as_json=False)
    assert capsys.readouterr().err.strip() == r"invalid: a\x1b]0;title\x07"


def test_lists_cut_nested_facts_and_tell_of_each_run_its_steps(capsys):
    entry = {"id": "1", "actor": "ada", "kind": "user", "outcome": "done", "sha256": "0"}
    facts = {"number": 1, "started": AT, "action": "models.create", **entry}
    show([AuditEntry(arguments={"name": "churn" * 30}, **facts)])
    assert "name=churnchurn" in capsys.readouterr().out
    steps = (
        StepRun(command="models.create", state="succeeded", job="j-1"),
        StepRun(command="scoring.run", state="failed", error=JobError(code="x", detail="no row")),
    )
    run = {"id": "r-1", "project": "p", "scenario": "nightly", "state": "failed", "steps": steps}
    show([ScenarioRun(trigger="cron", actor="ada", started=AT, **run)])
    told = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert told[0] == "nightly r-1"
    assert told[2:] == ["1. models.create succeeded j-1", "2. scoring.run failed no row"]


@pytest.mark.parametrize(
    ("value", "said"),
    [(None, "–"), (True, "yes"), (1234567, "1,234,567"), (0.1 + 0.2, "0.3"), ({"a": 1}, "a=1")],
)
def test_values_for_people(value, said):
    assert words(value) == said


def test_moments_are_local_and_short():
    assert len(words(datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC))) == len("2026-01-02 03:04:05")


def test_sizes_have_a_unit(capsys):
    show([File(name="a", size=1200)])
    assert "1.2 kB" in capsys.readouterr().out
    assert heading("size_mb") == "Size, MB"


def test_a_list_of_datasets_says_where_they_are(capsys):
    known = {"project": "default", "columns": ()}
    show(
        [
            Dataset(name="here", path="/data/a.csv", rows=1200, size=9, **known),
            Dataset(name="lake", path="b.csv", connection="lake", **known),
            Dataset(name="query", query="select 1", connection="shop", **known),
            Dataset(name="table", table="main.t", connection="shop", **known),
        ]
    )
    out = capsys.readouterr().out
    for said in ("/data/a.csv", "connection://lake/b.csv", "select 1", "connection://shop/main.t"):
        assert said in out
    assert "Fingerprint" not in out


def test_names_with_brackets_are_shown_as_they_are(capsys):
    columns = (Column(name="dose[mg]", type="double"), Column(name="[/b]", type="long"))
    show(Preview(dataset="[x]", columns=columns, rows=((1.5, None),)))
    assert capsys.readouterr().out.split() == ["dose[mg]", "[/b]", "double", "long", "1.5"]


def test_scripts_are_told_no_progress(capsys):
    with progress_bar(quiet=True) as progress:
        assert progress is silence
    assert capsys.readouterr() == ("", "")


def test_a_terminal_shows_a_bar_once_there_is_progress(capsys, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich takes stderr for a terminal
    with progress_bar(quiet=True):
        pass
    assert capsys.readouterr().err == ""
    with progress_bar(quiet=True) as progress:
        progress("scored [1] of 2", fraction=0.5)
    assert "scored [1] of 2" in capsys.readouterr().err


def test_a_part_of_a_list_says_how_to_go_on(capsys):
    part = Page([Part(name="a", rows=1)], following="abc")
    tell_result(part, list[Part], as_json=False)
    assert capsys.readouterr().err == "there are more: --after abc\n"
    tell_result(part, list[Part], as_json=True)
    out, err = capsys.readouterr()
    assert (json.loads(out), err) == ([{"name": "a", "rows": 1}], "")


def test_phases_are_lines_where_there_is_no_terminal(capsys):
    with progress_bar(quiet=False) as progress:
        progress("fetching model")
        progress("copying MLmodel", fraction=0.1)
        progress("copying model.pkl", fraction=0.9)
        progress("scored 1,000 of 4,000 rows, 9 s left", fraction=0.25, rows=1000)
        progress("writing", rows=12345)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines() == [
        "fetching model",
        "copying MLmodel (10%)",
        "scored 1,000 of 4,000 rows, 9 s left (25%)",
        "writing (12,345 rows)",
    ]


def test_a_long_phase_says_every_ten_seconds_how_far_it_is(capsys):
    seconds = iter(range(0, 100, 3))
    progress = ProgressLines(lambda: next(seconds))
    for rows in range(10):
        progress("writing", rows=rows)
    told = capsys.readouterr().err.splitlines()
    assert told == ["writing (0 rows)", "writing (4 rows)", "writing (8 rows)"]


def test_nobody_has_to_read_the_lines(monkeypatch):
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w", buffering=1) as gone:
        monkeypatch.setattr("sys.stderr", gone)
        ProgressLines()("fetching model")
        with suppress(BrokenPipeError):
            gone.close()


def test_coefficients_of_many_classes_fit_on_the_screen(capsys):
    effects = [
        FeatureEffects(outcome=f"[{at}]", intercept=at, values=(0.00001 * at, None))
        for at in range(1, 11)
    ]
    show(
        OwnImportances(
            model="m", version="v", kind="coefficient", measure="coefficient", effects=effects,
            features=("a[b]", "c"), total=7, notes=("something is to be known",),
        )
    )  # fmt: skip
    said = " ".join(capsys.readouterr().out.split())
    assert "The 2 of 7 features that weigh most. The first 8 of 10 classes; --json has all." in said
    assert "[8]" in said
    assert "[9]" not in said
    assert "a[b] 1e-05 2e-05" in said
    assert "c – – – – – – – –" in said
    assert "(intercept) 1.0000 2" in said
    assert said.endswith("something is to be known.")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("models list", "Nothing here yet."),
        ("models list --limit 3 --sort name --project default", "Nothing here yet."),
        ("models list --search churn", "Nothing matches what was asked for."),
        ("models list --prediction-type regression", "Nothing matches what was asked for."),
        ("jobs list --project default", "Nothing matches what was asked for."),
    ],
)
def test_an_empty_list_says_whether_something_may_be_left_out(yard, tmp_path, capsys, words, said):
    with pytest.raises(SystemExit):
        main([*words.split(), "--workspace", str(tmp_path / "yard")])
    assert capsys.readouterr().out.strip() == said
