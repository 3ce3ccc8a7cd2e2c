"""What an activation changes: laws that hold whatever is there."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from modelyard.deployments.activating.planning import Facts, Parts, Thing, planned

PARTS = Parts(frozenset({"files", "results"}), whole=frozenset({"files"}))


def model(name):
    return Thing("models", (name,))


def version(name):
    return Thing("versions", ("m", name))


def file(of, name):
    return Thing("files", ("m", of, name))


def result(name):
    return Thing("results", (name,))


def local(name):
    return Thing("evaluations", (name,))


NAMES = ("v1", "v2", "v3")
DIGESTS = st.sampled_from("abc")


@st.composite
def bundles(draw):
    """The rows of a bundle: a model with some versions and their files, some recipes."""
    rows = {model("m"): Facts(draw(DIGESTS))}
    for name in draw(st.sets(st.sampled_from(NAMES))):
        rows[version(name)] = Facts(draw(DIGESTS), (model("m"),))
        for path in draw(st.sets(st.sampled_from("xyz"))):
            rows[file(name, path)] = Facts(draw(DIGESTS), (version(name),))
    for name in draw(st.sets(st.sampled_from(("r1", "r2")))):
        named = draw(st.sampled_from([each for each in rows if each.table != "files"]))
        rows[Thing("recipes", (name,))] = Facts(f"{draw(DIGESTS)} of {named}", (named,))
    return rows


@st.composite
def of_the_node(draw):
    """Rows that were made where the bundle is activated."""
    rows = {}
    for name in draw(st.sets(st.sampled_from(("e1", "e2")))):
        rows[local(name)] = Facts(draw(DIGESTS), (version(draw(st.sampled_from(NAMES))),))
    return rows


def carried_out(current, new, plan):
    """The rows that are there after a plan."""
    gone = plan.remove | plan.along
    after = {thing: facts for thing, facts in current.items() if thing not in gone}
    return after | {thing: new[thing] for thing in plan.add | plan.change}


def activated(current, before, new):
    plan = planned(current, before, new, parts=PARTS, words={"evaluations": "evaluation"})
    return carried_out(current, new, plan), plan.placed(new), plan


@given(bundles(), bundles(), of_the_node())
def test_a_second_time_changes_nothing(first, second, own):
    current, before, _ = activated(own, {}, first)
    current, before, _ = activated(current, before, second)
    again, still, plan = activated(current, before, second)
    assert plan.changes_nothing
    assert again == current
    assert still == before


@given(bundles(), bundles(), of_the_node())
def test_what_is_of_the_node_is_never_touched(first, second, own):
    current, before, _ = activated(own, {}, first)
    for bundle in (second, {}, first):
        current, before, plan = activated(current, before, bundle)
        assert own.items() <= current.items()
        assert not plan.clashes


@given(bundles(), bundles())
def test_a_roll_back_restores_exactly(first, second):
    after_first, before, _ = activated({}, {}, first)
    current, before, _ = activated(after_first, before, second)
    assert current == second
    current, _, _ = activated(current, before, first)
    assert current == after_first


@given(bundles(), bundles(), of_the_node())
def test_with_own_rows_a_roll_back_leaves_only_what_these_name_besides(first, second, own):
    after_first, before, _ = activated(own, {}, first)
    current, before, _ = activated(after_first, before, second)
    current, _, plan = activated(current, before, first)
    assert after_first.items() <= current.items()
    assert current.keys() - after_first.keys() == plan.keep.keys()


@given(bundles(), bundles(), of_the_node())
def test_nothing_that_is_named_is_missing(first, second, own):
    current, before, _ = activated({}, {}, first)
    current |= {
        thing: facts for thing, facts in own.items() if all(each in current for each in facts.names)
    }
    current, before, _ = activated(current, before, second)
    for facts in current.values():
        assert all(named in current for named in facts.names)


def test_what_own_rows_name_stays_with_its_parts_and_what_it_names_itself():
    first = {
        model("m"): Facts("a"),
        version("v1"): Facts("a", (model("m"),)),
        file("v1", "x"): Facts("a", (version("v1"),)),
        version("v2"): Facts("a", (model("m"),)),
        file("v2", "x"): Facts("a", (version("v2"),)),
    }
    own = {local("e1"): Facts("a", (version("v1"),))}
    current, before, _ = activated(own, {}, first)
    current, before, plan = activated(current, before, {})
    assert plan.keep == {
        version("v1"): "evaluation e1",
        file("v1", "x"): "evaluation e1",
        model("m"): "evaluation e1",
    }
    assert plan.remove == {version("v2"), file("v2", "x")}
    del current[local("e1")]
    current, before, plan = activated(current, before, {})
    assert not current
    assert not before


def test_parts_of_the_node_go_with_what_they_are_parts_of_and_are_told():
    check = Thing("checks", ("s", "good"))
    current, before, _ = activated({}, {}, {check: Facts("a")})
    current[result("r")] = Facts("a", (check,))
    current, _, plan = activated(current, before, {})
    assert plan.along == {result("r")}
    assert not current


def test_what_has_a_name_of_the_bundle_is_told_before_it_is_lost():
    own = {version("v1"): Facts("mine"), file("v1", "old"): Facts("a", (version("v1"),))}
    new = {version("v1"): Facts("theirs"), file("v1", "x"): Facts("a", (version("v1"),))}
    plan = planned(own, {}, new, parts=PARTS)
    assert plan.clashes == {version("v1")}
    assert plan.remove == {file("v1", "old")}
    same = planned(own, {}, {version("v1"): own[version("v1")]}, parts=PARTS)
    assert not same.clashes
    assert same.changes_nothing


def test_what_was_changed_here_is_told():
    current, before, _ = activated({}, {}, {version("v1"): Facts("a"), version("v2"): Facts("a")})
    current[version("v1")] = Facts("changed")
    current[version("v2")] = Facts("changed")
    new = {version("v1"): Facts("b")}
    assert planned(current, before, new, parts=PARTS).changed_here == {version("v1"), version("v2")}
    keeps = planned(current, before, new, parts=PARTS, held=lambda thing: "a job")
    assert keeps.keep == {version("v2"): "a job"}
