"""Two versions asked with the same rows: what is told, what is kept, what bad input gives."""

from __future__ import annotations

import shutil
from contextlib import closing

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest, ks_2samp
from statsmodels.stats.proportion import proportion_confint
from tests.e2e.models import write_model
from tests.sharing import made_once

import modelyard
from modelyard import errors

ROWS = 600
OLD = "return (frame['fare'] / 100).clip(0, 1).to_numpy()"
NEW = "return (frame['fare'] / 100 - 0.2 * (frame['age'] > 60)).clip(0, 1).to_numpy()"
FRAIL = f"""if (frame['age'] > 86).any():
    raise ValueError("nobody is older than 86")
{OLD}"""
KINDS = """import numpy as np
scores = np.column_stack([frame['fare'], 100 - frame['fare'], frame['age']{more}]).clip(1)
return scores / scores.sum(axis=1, keepdims=True)"""
AGE_FARE_PLAN = [{"name": name, "type": "double"} for name in ("age", "fare", "tax")]


def versions_of(folder, yard, name, kind, bodies, **words):
    yard.models.create(name=name, prediction_type=kind)
    for version, (body, classes, inputs) in bodies.items():
        source = str(write_model(folder / f"{name}-{version}", predict=body, inputs=inputs))
        yard.versions.import_(
            model=name,
            version=version,
            source=source,
            env="local",
            classes=classes,
            activate=version == "v1",
            **words,
        )


def import_all(folder):
    two, three = ("no", "yes"), ("early", "on_time", "late")
    with closing(modelyard.open(folder / "yard")) as yard:
        bodies = {
            "v1": (OLD, two, None),
            "v2": (NEW, two, None),
            "frail": (FRAIL, two, None),
            "taxed": (OLD, two, AGE_FARE_PLAN),
        }
        versions_of(folder, yard, "late", "binary_classification", bodies, target="truth")
        load = f"import pathlib\nassert not pathlib.Path({str(folder / 'gone')!r}).exists(), 'gone'"
        source = str(write_model(folder / "needy", predict=OLD, load=load))
        of = {"model": "late", "version": "needy", "env": "local", "classes": two}
        yard.versions.import_(**of, source=source, activate=False)
        bodies = {
            "v1": (KINDS.format(more=""), three, None),
            "v2": (KINDS.format(more=", frame['age'] * 0.5"), (*three, "never"), None),
        }
        versions_of(folder, yard, "kinds", "multiclass", bodies, target="kind")
        minutes = "return (frame['fare'] * 0.5{more}).to_numpy()"
        bodies = {
            "v1": (minutes.format(more=""), (), None),
            "v2": (minutes.format(more=" + (frame['age'] > 60) * 4.0"), (), None),
        }
        versions_of(folder, yard, "minutes", "regression", bodies, target="delay")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return made_once(tmp_path_factory, "replayed", import_all)


@pytest.fixture(scope="module")
def yard(tmp_path_factory, made):
    """A copy of a workspace whose models have versions that answer otherwise."""
    mine = shutil.copytree(made, tmp_path_factory.mktemp("replay") / "copy")
    with closing(modelyard.open(mine / "yard", actor="tester")) as yard:
        yield yard


@pytest.fixture(scope="module")
def rows():
    draw = np.random.default_rng(8)
    fare, age = draw.integers(0, 101, ROWS), draw.integers(0, 90, ROWS)
    late = np.where(draw.random(ROWS) < fare / 100, "yes", "no")
    kind = np.array(["early", "on_time", "late"])[draw.integers(0, 3, ROWS)]
    delay = fare * 0.5 + draw.normal(0, 8, ROWS)
    origin = np.where(age > 60, "LGA", "JFK")
    columns = {"age": age, "fare": fare, "origin": origin, "truth": late}
    return pd.DataFrame({**columns, "kind": kind, "delay": delay})


@pytest.fixture
def written(tmp_path):
    """Writes rows to a file and gives its path."""

    def write(frame, name="rows.csv"):
        frame.to_csv(tmp_path / name, index=False)
        return str(tmp_path / name)

    return write


def test_flips_and_the_side_they_are_to(yard, rows, written):
    found = yard.versions.replay(model="late", version="v2", rows=written(rows))
    before = (rows.fare / 100).clip(0, 1)
    after = (rows.fare / 100 - 0.2 * (rows.age > 60)).clip(0, 1)
    was, now = before >= 0.5, after >= 0.5
    flipped, truth = was != now, rows.truth == "yes"
    assert (found.rows, found.compared, found.flips.flipped) == (ROWS, ROWS, flipped.sum())
    assert [(each.before, each.after) for each in found.flips.kinds] == [("yes", "no")]
    assert (found.flips.share.low, found.flips.share.high) == pytest.approx(
        proportion_confint(flipped.sum(), ROWS, method="wilson")
    )
    right, wrong = int((flipped & (now == truth)).sum()), int((flipped & (was == truth)).sum())
    assert (found.truth.better, found.truth.worse, found.truth.neither) == (right, wrong, 0)
    assert found.truth.p == pytest.approx(binomtest(right, right + wrong).pvalue)
    assert found.truth.merit_after == pytest.approx((now == truth).mean())
    assert found.verdict.headline.startswith(f"v2 decides {flipped.sum()} of 600 rows otherwise (")
    assert "moves down by 0.0" in found.verdict.headline
    assert "most where " in found.verdict.headline


def test_the_shift_its_movers_and_slices(yard, rows, written):
    asked = {"model": "late", "version": "v2", "rows": written(rows)}
    found = yard.versions.replay(**asked, tolerance=0.055)
    before = (rows.fare / 100).clip(0, 1)
    after = (rows.fare / 100 - 0.2 * (rows.age > 60)).clip(0, 1)
    difference = after - before
    assert found.shift.score == "the probability of yes"
    assert found.shift.difference.value == pytest.approx(difference.mean())
    half = 1.959964 * difference.std() / ROWS**0.5
    assert found.shift.difference.low == pytest.approx(difference.mean() - half)
    assert found.shift.ks == pytest.approx(ks_2samp(before, after).statistic)
    assert found.shift.beyond.value == pytest.approx((difference.abs() > 0.055).mean())
    assert sum(found.shift.histogram.after) == pytest.approx(1)
    [lga] = [
        each
        for each in found.slices.slices
        if each.what == "down"
        and "LGA" in {one[0].group.label for one in (each.conditions, *each.also)}
    ]
    assert lga.inside == pytest.approx(difference[rows.origin == "LGA"].mean())
    assert lga.outside == pytest.approx(0)
    most = difference.abs().sort_values(kind="stable", ascending=False).iloc[0]
    assert found.movers[0].distance == pytest.approx(most)
    assert found.movers[0].values.root["age"] == rows.age[found.movers[0].row]


def test_a_replay_is_kept_until_it_is_deleted(yard, rows, written):
    found = yard.versions.replay(model="late", version="v2", rows=written(rows), limit=50)
    assert yard.replays.show(id=found.id) == found
    [listed] = yard.versions.replays(model="late", version="v2", limit=1)
    assert (listed.id, listed.headline) == (found.id, found.verdict.headline)
    assert yard.models.show(name="late").active_version == "v1", "nothing is activated"
    assert yard.files.list() == [], "nothing is left"
    with yard.open().read() as db:
        query = f"select sha256 from model_replays where id = '{found.id}'"
        [digest] = db.exec_driver_sql(query).scalars()
    yard.replays.delete(id=found.id)
    assert not yard.open().artifacts.has(digest)
    with pytest.raises(errors.NotFound, match="versions replays MODEL"):
        yard.replays.show(id=found.id)


def test_a_sample_is_drawn_by_its_seed_or_the_latest_rows_are_taken(yard, rows, written):
    asked = {"model": "late", "version": "v2", "rows": written(rows), "limit": 100}
    first, again, other = (yard.versions.replay(**asked, seed=seed) for seed in (1, 1, 2))
    assert first.rows == 100
    assert first.flips == again.flips
    assert first.movers != other.movers
    latest = yard.versions.replay(**asked, method="first_sorted", column="age", descending=True)
    assert all(each.values.root["age"] > 60 for each in latest.movers)
    with pytest.raises(errors.Invalid, match="'first_sorted'"):
        yard.versions.replay(**asked, method="first_sorted")


def test_rows_that_one_of_both_refuses_are_told_and_left_out(yard, rows, written):
    found = yard.versions.replay(model="late", version="frail", rows=written(rows))
    old = int((rows.age > 86).sum())
    assert old > 0
    assert (found.refusals.only_after, found.refusals.only_before) == (old, 0)
    assert found.compared == ROWS - old
    assert "nobody is older than 86" in found.refusals.examples[0].reason
    assert rows.age[found.refusals.examples[0].row] > 86
    assert (found.flips.flipped, found.shift.distance, found.movers) == (0, 0, ())
    assert found.verdict.details[-1].startswith(f"frail refuses {old} rows that v1 answers")


def test_classes_that_one_of_both_does_not_know_are_told(yard, rows, written):
    found = yard.versions.replay(model="kinds", version="v2", rows=written(rows))
    assert found.warnings == ("v2 has classes that v1 does not know: never",)
    scores = np.column_stack([rows.fare, 100 - rows.fare, rows.age]).clip(1).astype(float)
    more = np.column_stack([scores, np.clip(rows.age * 0.5, 1, None)])
    before = np.column_stack([scores / scores.sum(axis=1, keepdims=True), np.zeros(ROWS)])
    after = more / more.sum(axis=1, keepdims=True)
    assert found.shift.distance == pytest.approx(np.abs(after - before).sum(axis=1).mean() / 2)
    assert found.shift.mean_after == pytest.approx(after.max(axis=1).mean())
    never = found.flips.classes[-1]
    assert (never.label, never.probability_before) == ("never", None)
    assert never.probability_after == pytest.approx(after[:, 3].mean())
    assert found.truth.rows == ROWS


def test_numbers_move_by_their_difference(yard, rows, written):
    found = yard.versions.replay(model="minutes", version="v2", rows=written(rows), movers=3)
    moved = rows.age > 60
    assert found.flips is None
    assert found.shift.difference.value == pytest.approx(4 * moved.mean())
    assert found.shift.tolerance == pytest.approx(0.05 * (rows.fare * 0.5).std(ddof=0))
    assert found.shift.beyond.value == pytest.approx(moved.mean())
    was = (rows.fare * 0.5 - rows.delay).abs()
    now = (rows.fare * 0.5 + 4 * moved - rows.delay).abs()
    assert (found.truth.better, found.truth.worse) == ((now < was).sum(), (was < now).sum())
    assert found.truth.merit_before == pytest.approx(was.mean())
    assert [each.after - each.before for each in found.movers] == pytest.approx([4.0, 4.0, 4.0])


def test_one_row_is_enough_and_none_is_not(yard, rows, written):
    one = rows[(rows.age > 60) & (rows.fare > 80)].iloc[:1]
    found = yard.versions.replay(model="late", version="v2", rows=written(one))
    assert found.compared == 1
    assert found.shift.difference.low is None
    assert "there are 1 rows" in found.slices.reason
    with pytest.raises(errors.Invalid, match="has no rows to replay"):
        yard.versions.replay(model="late", version="v2", rows=written(rows[:0], "none.csv"))


@pytest.mark.parametrize(
    ("asked", "wrong", "said"),
    [
        ({"version": "v1"}, errors.Conflict, "'v1' of 'late' is active already"),
        ({"version": "v2", "against": "v2"}, errors.Conflict, "is compared with itself"),
        ({"version": "v3"}, errors.NotFound, "v3"),
        ({"version": "taxed"}, errors.Invalid, "tax"),
        ({"version": "v2", "columns": ("plan",)}, errors.Invalid, "plan"),
        ({"version": "v2", "target": "when"}, errors.Invalid, "when"),
    ],
)
def test_what_cannot_be_replayed_is_refused(yard, rows, written, asked, wrong, said):
    with pytest.raises(wrong, match=said) as raised:
        yard.versions.replay(model="late", rows=written(rows), **asked)
    if asked["version"] == "taxed":
        assert raised.value.context["field"] == "rows"
    assert yard.files.list() == []


def test_versions_that_take_other_columns_are_asked_with_their_own(yard, rows, written):
    found = yard.versions.replay(
        model="late", version="taxed", rows=written(rows.assign(tax=1.5)), against="v2"
    )
    assert (found.against, found.version) == ("v2", "taxed")
    assert found.flips.flipped > 0


def test_parts_are_drawn_and_put_in_rows(yard, rows, written, tmp_path):
    found = yard.versions.replay(model="late", version="v2", rows=written(rows))
    for part in ("scores", "flips", "slices", "movers"):
        chart = yard.replays.chart(id=found.id, part=part)
        assert chart.spec is not None, chart.description
    table = yard.replays.table(id=found.id, part="movers")
    assert [row[0] for row in table.rows] == [each.row for each in found.movers]
    assert table.columns[-6:] == ("age", "fare", "origin", "truth", "kind", "delay")
    place = tmp_path / "flips.csv"
    yard.replays.export(id=found.id, part="flips", to=str(place))
    kind = found.flips.kinds[0]
    assert place.read_text().splitlines() == ["before,after,rows", f"yes,no,{kind.rows}"]
    numbers = yard.versions.replay(model="minutes", version="v2", rows=written(rows), limit=60)
    with pytest.raises(errors.Unsupported, match="do not flip"):
        yard.replays.table(id=numbers.id, part="flips")


def test_a_version_that_does_not_load_is_named(yard, made, rows, written):
    (made / "gone").touch()
    try:
        with pytest.raises(errors.Failed, match=r"version needy could not be asked: .*gone"):
            yard.versions.replay(model="late", version="needy", rows=written(rows[:50]))
    finally:
        (made / "gone").unlink()
    assert yard.files.list() == []
