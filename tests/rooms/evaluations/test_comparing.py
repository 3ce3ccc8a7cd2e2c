"""Comparisons: what may be in them, what is paired, what is said of it."""

from __future__ import annotations

import itertools
import os

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import func, select

from modelyard import errors
from modelyard.analysis.slices import LEAST
from modelyard.cli.render import WIDTH, show
from modelyard.evaluations import repository
from modelyard.store.tables import comparison_pairs

NAMES = (f"compared-{os.getpid()}-{number}" for number in itertools.count())
"""Several processes share the workspace."""
ROWS = 1200


@pytest.fixture(scope="module")
def frame():
    """Rows with a truth, and the probabilities of models that see it more or less well."""
    rng = np.random.default_rng(8)
    signal = rng.normal(size=ROWS)
    truth = np.where(signal + rng.normal(size=ROWS) > 0, "yes", "no")
    made = {"truth": truth, "plan": rng.choice(["a", "b", "c"], ROWS), "age": range(ROWS)}
    for name, noise in (("good", 0.3), ("plain", 1.2), ("alike", 1.2)):
        yes = 1 / (1 + np.exp(-signal - noise * rng.normal(size=ROWS)))
        made |= {name: yes, f"not_{name}": 1 - yes}
    made["minutes"] = 10 * signal + rng.normal(size=ROWS)
    made["guess"] = 10 * signal
    return pd.DataFrame(made)


@pytest.fixture(scope="module")
def scored(yard, frame, tmp_path_factory):
    """Evaluates what a column of the rows says, once for each way to ask."""
    file = tmp_path_factory.mktemp("scored") / "scored.csv"
    frame.to_csv(file, index=False)
    known = {}

    def evaluate(column, **asked):
        key = column, repr(sorted(asked.items()))
        if key not in known:
            usual = {
                "prediction_type": "binary_classification",
                "target": "truth",
                "classes": ("no", "yes"),
                "probabilities": {"no": f"not_{column}", "yes": column},
                "dataset": str(file),
            }
            known[key] = yard.evaluations.standalone(**(usual | asked)).id
        return known[key]

    return evaluate


@pytest.fixture(scope="module")
def compare(yard):
    """Makes a comparison of items."""

    def create(*items, **asked):
        return yard.comparisons.create(name=next(NAMES), items=items, **asked)

    return create


def test_what_there_is_no_time_for_waits_and_the_next_look_goes_on(yard, scored, compare):
    items = tuple(scored("plain", threshold=cut) for cut in (0.5, 0.31, 0.32, 0.33))
    made = compare(*items)
    seen = [yard.comparisons.show(name=made.name, seconds=0) for _ in items[1:]]
    assert [each.waiting for each in seen] == [items[2:], items[3:], ()]
    assert [len(each.challenges) for each in seen] == [1, 2, 3]
    assert seen[0].verdict.title == "Still comparing: 1 of 3"
    assert seen[-1] == yard.comparisons.show(name=made.name)


def test_paired_differences_are_told_and_kept(yard, scored, compare):
    good, plain, alike = scored("good"), scored("plain"), scored("alike")
    made = compare(plain, good, alike, champion=plain)
    shown = yard.comparisons.show(name=made.name)
    assert shown.against == shown.champion == plain
    better, same = shown.challenges
    assert (better.key, better.paired, better.verdict, better.rows) == (good, True, "better", ROWS)
    assert same.verdict == "indistinguishable"
    before, after = (yard.evaluations.show(id=each).metrics for each in (plain, good))
    assert {each.code for each in better.differences} == before.keys()
    for each in better.differences:
        gap = after[each.code].value - before[each.code].value
        assert each.difference == pytest.approx(gap, abs=1e-9), each.code
    assert shown.items[0].metrics == before
    assert shown.verdict.title.endswith(
        "is better than the champion on AUC, and the difference is real"
    )
    assert "DeLong on the same rows, p < 0.001" in better.detail
    assert "would take about" in same.detail
    assert shown.warnings == ()
    again = yard.comparisons.show(name=made.name)
    assert again == shown
    with yard.open().read() as db:
        of = comparison_pairs.c
        kept = select(func.count()).where(of.base == plain, of.challenger.in_((good, alike)))
        assert db.scalar(kept) == 2


def test_one_threshold_for_all(yard, scored, compare):
    low, high = scored("plain", threshold=0.2), scored("alike", threshold=0.8)
    made = compare(low, high)
    own = yard.comparisons.show(name=made.name)
    assert [each.code for each in own.warnings] == ["threshold"]
    assert [each.threshold for each in own.items] == [0.2, 0.8]
    same = yard.comparisons.show(name=made.name, threshold=0.8)
    assert same.warnings == ()
    assert [each.threshold for each in same.items] == [0.8, 0.8]
    wanted = yard.evaluations.show(id=scored("plain", threshold=0.8)).metrics
    assert same.items[0].metrics == wanted
    gaps = {each.code: each for each in same.challenges[0].differences}
    recall = same.items[1].metrics["recall"].value - wanted["recall"].value
    assert gaps["recall"].difference == pytest.approx(recall)
    assert yard.comparisons.show(name=made.name) == own


def test_other_rows_are_not_paired_and_it_is_said_why(yard, scored, compare, frame, tmp_path):
    frame.iloc[::-1].to_csv(tmp_path / "other.csv", index=False)
    base = scored("plain")
    reasons = {
        scored("good", dataset=str(tmp_path / "other.csv")): "one is on",
        scored("good", method="first", rows=600): "other rows of the dataset",
        scored("good", where="age < 600"): "other rows of the dataset",
        scored("good", classes=("yes", "no")): "the positive class is yes of one and no of the",
    }
    shown = yard.comparisons.show(name=compare(base, *reasons).name)
    for each in shown.challenges:
        assert reasons[each.key] in each.not_paired
        assert (each.paired, each.verdict) == (False, "unknown")
        assert all(gap.verdict == "unknown" and gap.p is None for gap in each.differences)
        auc = next(gap for gap in each.differences if gap.code == "auc")
        assert auc.low < auc.difference < auc.high
    assert shown.verdict.title == "Whether differences are real is not known"
    assert {"dataset", "positive"} <= {each.code for each in shown.warnings}


def test_a_filter_chooses_the_rows(yard, scored):
    filtered = yard.evaluations.show(id=scored("good", where="age < 600"))
    first = yard.evaluations.show(id=scored("good", method="first", rows=600))
    assert (filtered.sampling.where, filtered.intake.used) == ("age < 600", 600)
    assert filtered.metrics == first.metrics
    with pytest.raises(errors.Invalid, match="no row for which 'age < 0' holds"):
        scored("good", where="age < 0")


def test_costs_and_lift_points_that_differ_are_warned_of_and_not_compared(yard, scored, compare):
    gains = {"true_positive": 2, "false_positive": -1}
    other = scored("good", gains=gains, lift_share=0.1)
    shown = yard.comparisons.show(name=compare(scored("plain"), other).name)
    assert {each.code for each in shown.warnings} == {"gains", "lift_share"}
    gaps = {each.code: each for each in shown.challenges[0].differences}
    assert gaps["costMatrixGain"].reason == "the two have other cost matrices"
    assert gaps["lift"].difference is None
    assert gaps["auc"].verdict == "better"


def test_numbers_and_several_classes(yard, scored, compare, frame):
    asked = {"prediction_type": "regression", "target": "minutes", "probabilities": {}}
    asked |= {"classes": ()}
    near, far = (
        scored("guess", prediction="guess", **asked),
        scored("good", prediction="good", **asked),
    )
    shown = yard.comparisons.show(name=compare(far, near).name)
    (gap,) = shown.challenges
    assert (gap.told, gap.verdict) == (("rmse", "mae"), "better")
    assert gap.decisions is None
    kinds = {"prediction_type": "multiclass", "target": "plan", "probabilities": {}}
    kinds |= {"classes": ("a", "b", "c")}
    right, same = (
        scored(x, prediction="plan", averaging=x, **kinds) for x in ("macro", "weighted")
    )
    shown = yard.comparisons.show(name=compare(right, same).name)
    (gap,) = shown.challenges
    assert gap.verdict == "indistinguishable"
    reasons = {each.code: each.reason for each in gap.differences}
    assert reasons["f1"] == "averages are macro of one and weighted of the other"
    assert [each.code for each in shown.warnings] == ["averaging"]


def test_where_each_wins_and_loses(yard, scored, compare, frame):
    good, plain = scored("good"), scored("plain")
    made = compare(plain, good)
    found = yard.comparisons.slices(name=made.name, by="plan")
    assert (found.metric, found.against, found.items) == ("auc", plain, (plain, good))
    assert [each.group.label for each in found.groups] == ["b", "a", "c"] or len(found.groups) == 3
    own = yard.evaluations.slices(id=good, by="plan").slices
    for each, alone in zip(found.groups, own, strict=True):
        assert each.rows == alone.rows
        base, other = each.values
        assert base.difference is None
        wanted = next(metric for metric in alone.metrics if metric.code == "auc")
        assert other.metric == wanted
        gap = other.difference
        assert gap.difference == pytest.approx(other.metric.value - base.metric.value)
        assert gap.adjusted >= gap.p
    assert "is better on plan = " in found.sentences[0]
    recall = yard.comparisons.slices(name=made.name, by="age", metric="recall", threshold=0.3)
    assert len(recall.groups) == 10
    assert min(each.rows for each in recall.groups) >= LEAST
    with pytest.raises(errors.NotFound, match="'aucc'"):
        yard.comparisons.slices(name=made.name, by="plan", metric="aucc")
    with pytest.raises(errors.Invalid, match="plna"):
        yard.comparisons.slices(name=made.name, by="plna")


def test_versions_stand_for_their_own_evaluation(yard, rows, evaluate, compare):
    found = evaluate(rows)
    first = yard.evaluations.list(model="late", version="v1", sort="created")[0]
    made = compare("late:v1", found.id)
    shown = yard.comparisons.show(name=made.name)
    assert made.champion == ("late:v1" if yard.models.show(name="late").active_version else None)
    assert shown.items[0].evaluation is not None
    assert shown.items[0].evaluation <= first.id or shown.items[0].kind == "model"
    assert len({each.name for each in shown.items}) == 2
    told = yard.comparisons.information(name=made.name)
    facts = {(each.section, each.name): each for each in told.facts}
    assert facts["Algorithm", "Flavor"].values == ("python_function",) * 2
    assert not facts["Algorithm", "Flavor"].differs
    assert facts["Features", "age"].values[0].startswith("numeric")


def test_what_items_are_called_and_drawn(yard, scored, compare):
    keys = good, plain, alike = scored("good"), scored("plain"), scored("alike")
    made = compare(*keys)

    def change(**asked):
        return yard.comparisons.update(name=made.name, **asked)

    change(champion=alike, call={good: "with fares"}, order=(alike,), hide=(plain,))
    shown = yard.comparisons.show(name=made.name)
    assert [each.key for each in shown.items] == [alike, good, plain]
    assert [each.role for each in shown.items] == ["champion", "challenger-1", "challenger-2"]
    assert [each.dash for each in shown.items] == [0, 1, 2]
    assert shown.items[1].name == "with fares"
    assert [each.key for each in shown.challenges] == [good]
    change(colour={good: "challenger-3"}, unhide=(plain,), champion=None, call={good: ""})
    shown = yard.comparisons.show(name=made.name)
    assert shown.items[1].role == "challenger-3"
    assert shown.champion is None
    assert shown.items[1].name != "with fares"
    assert change(reset_colours=True).items[1].colour is None
    new = change(rename=next(NAMES), description="which one?")
    with pytest.raises(errors.NotFound, match=made.name):
        yard.comparisons.show(name=made.name)
    assert next(x for x in yard.comparisons.list() if x.name == new.name).items == 3
    with pytest.raises(errors.NotFound, match="'nobody'"):
        yard.comparisons.update(name=new.name, hide=("nobody",))
    with pytest.raises(errors.Conflict, match="already"):
        yard.comparisons.update(name=new.name, rename=compare(good).name)


def test_items_come_and_go(yard, scored, compare):
    good, plain = scored("good"), scored("plain")
    empty = compare(prediction_type="binary_classification")
    shown = yard.comparisons.show(name=empty.name)
    assert (shown.items, shown.verdict.title) == ((), "Nothing to compare yet")
    yard.comparisons.add(name=empty.name, items=(good,))
    alone = yard.comparisons.show(name=empty.name)
    assert alone.verdict.title.endswith(" is alone")
    assert alone.challenges == ()
    yard.comparisons.add(name=empty.name, items=(plain,))
    with pytest.raises(errors.Conflict, match="already"):
        yard.comparisons.add(name=empty.name, items=(plain,))
    yard.comparisons.update(name=empty.name, champion=plain)
    left = yard.comparisons.remove(name=empty.name, items=(plain,))
    assert (len(left.items), left.champion) == (1, None)
    yard.comparisons.delete(name=empty.name)
    with pytest.raises(errors.NotFound, match=empty.name):
        yard.comparisons.show(name=empty.name)


def test_what_cannot_be_compared_is_refused(yard, scored, compare):
    number = scored(
        *("guess",), prediction="guess", prediction_type="regression", target="minutes",
        probabilities={}, classes=(),
    )  # fmt: skip
    with pytest.raises(errors.Invalid, match="predicts regression, and the comparison"):
        compare(scored("good"), number)
    with pytest.raises(errors.NotFound, match=r"'lat'.*late"):
        compare("lat:v1")
    with pytest.raises(errors.NotFound, match="'v7'"):
        compare("late:v7")
    with pytest.raises(errors.NotFound, match="no-such"):
        compare("no-such")
    with pytest.raises(errors.Invalid, match="--prediction-type"):
        compare()
    with pytest.raises(errors.NotFound, match="'other'"):
        compare(scored("good"), champion="other")


def test_evaluations_that_are_deleted_stay_as_gone(yard, scored, compare):
    going = scored("good", name="short-lived")
    made = compare(scored("plain"), going)
    assert yard.comparisons.show(name=made.name).challenges[0].paired
    yard.evaluations.delete(id=going)
    shown = yard.comparisons.show(name=made.name)
    assert shown.items[1].gone == f"the evaluation {going} was deleted"
    assert (shown.challenges, [each.code for each in shown.warnings]) == ((), ["gone"])
    with yard.open().read() as db:
        query = select(func.count()).where(comparison_pairs.c.challenger == going)
        assert db.scalar(query) == 0


def test_metrics_of_ones_own_are_shown_and_not_paired(yard, scored, compare):
    yard.stores.create(name="by-hand")
    added = yard.evaluations.add(
        store="by-hand", metric={"auc": 0.7, "profit": 12.0}, dataset="theirs"
    )
    shown = yard.comparisons.show(name=compare(scored("good"), added.id).name)
    assert shown.items[1].metrics["profit"].value == 12
    assert "profit" in shown.codes
    assert "computed elsewhere" in shown.challenges[0].not_paired


def test_two_hundred_items(yard, compare, frame, tmp_path):
    frame[["truth", "good", "not_good"]].head(60).to_csv(tmp_path / "few.csv", index=False)
    asked = {
        "dataset": str(tmp_path / "few.csv"),
        "prediction_type": "binary_classification",
        "target": "truth",
        "classes": ("no", "yes"),
        "probabilities": {"no": "not_good", "yes": "good"},
    }
    yard.projects.create(key="many")
    first = yard.evaluations.standalone(**asked, project="many")
    copies = _copied(yard.open(), first, 199)
    made = yard.comparisons.create(name="many", items=(first.id, *copies), project="many")
    shown = yard.comparisons.show(name=made.name, project="many")
    assert len(shown.challenges) == 199
    assert {each.verdict for each in shown.challenges} == {"indistinguishable"}
    assert len({each.name for each in shown.items}) == 200
    yard.projects.delete(key="many", force=True)


def _copied(context, evaluation, count):
    """The same evaluation under other ids."""
    names = [f"copy_{number}" for number in range(count)]
    with context.begin() as db:
        files = repository.files_of(db, evaluation)
        for name in names:
            repository.add(db, evaluation.model_copy(update={"id": name}), files)
    return names


def test_what_a_terminal_shows(yard, scored, compare, capsys):
    keys = scored("plain"), scored("good")
    made = compare(*keys, champion=keys[0])
    yard.comparisons.update(name=made.name, call={keys[0]: "old", keys[1]: "new"})
    show(yard.comparisons.show(name=made.name))
    told = capsys.readouterr().out
    assert "new is better than the champion on AUC, and the difference is real" in told
    assert "old (champion)" in told
    assert "new minus old" in told
    show(yard.comparisons.slices(name=made.name, by="plan"))
    slices = capsys.readouterr().out
    assert "By AUC, new is better on plan = " in slices
    show(yard.comparisons.information(name=made.name))
    information = capsys.readouterr().out
    assert "Threshold" in information
    show(made)
    assert f"modelyard comparisons show {made.name}" in capsys.readouterr().out
    assert max(map(len, (told + slices + information).splitlines())) <= WIDTH


def test_a_terminal_shows_many_items_by_line(yard, scored, compare, capsys):
    cuts = [scored("plain", threshold=cut / 10) for cut in range(1, 8)]
    show(yard.comparisons.show(name=compare(*cuts).name))
    told = capsys.readouterr().out
    assert "Rows to settle it" in told
    assert "Specificity" not in told
    assert max(map(len, told.splitlines())) <= WIDTH
