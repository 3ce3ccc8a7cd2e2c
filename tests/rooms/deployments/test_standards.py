"""Standards of projects: those that are built in, functions, and what they hold back."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from tests.bundled import made_bundles

import modelyard
from modelyard import errors
from modelyard.deployments.standards.built_in import BUILT_IN
from modelyard.deployments.standards.seeing import see
from modelyard.deployments.standards.types import (
    EndpointSeen,
    ModelSeen,
    ProjectSeen,
    ServiceSeen,
    StoreSeen,
    VersionSeen,
)
from modelyard.kernel.identity import Identity
from modelyard.store.tables import deployments

DAY = datetime(2026, 3, 1, tzinfo=UTC)
VERSION = VersionSeen(
    version="v1",
    description="",
    flavor="sklearn",
    verdict="known_safe",
    imported=DAY,
    env="0" * 16,
    requirements=("mlflow==3.1", "-c constraints.txt", "conda:numpy=2.1"),
    relaxed=(),
    evaluated=DAY,
)
MODEL = ModelSeen(
    name="churn", description="who leaves", prediction_type="other", versions=1, active=VERSION
)
ENDPOINT = EndpointSeen(name="ask", kind="prediction", model="churn", queries=1)
SERVICE = ServiceSeen(name="api", description="", access="keys", endpoints=(ENDPOINT,))
GOOD = ProjectSeen(
    key="good",
    description="it is about customers",
    admins=("ada",),
    models=(MODEL,),
    services=(SERVICE,),
    stores=(StoreSeen(name="monthly", status="healthy", why=""),),
)
EMPTY = ProjectSeen(key="empty", description="", admins=())


def with_version(**changes) -> ProjectSeen:
    version = VERSION.model_copy(update=changes)
    return GOOD.model_copy(update={"models": (MODEL.model_copy(update={"active": version}),)})


def with_part(field, value, **changes) -> ProjectSeen:
    return GOOD.model_copy(update={field: (value.model_copy(update=changes),)})


def test_a_good_project_meets_all_that_are_built_in():
    assert {name: each.judge(GOOD) for name, each in BUILT_IN.items()} == dict.fromkeys(
        BUILT_IN, ""
    )


def test_where_there_is_nothing_most_do_not_apply():
    applying = {name for name, each in BUILT_IN.items() if each.judge(EMPTY) is not None}
    assert applying == {"described", "owned"}


@pytest.mark.parametrize(
    ("standard", "seen", "said"),
    [
        ("described", EMPTY, "does not say what it is for"),
        ("owned", EMPTY, "nobody is an admin"),
        ("explained", with_part("models", MODEL, description=""), "churn has no description"),
        ("activated", with_part("models", MODEL, active=None), "churn has no active version"),
        ("evaluated", with_version(evaluated=None), "churn v1 was never evaluated"),
        (
            "checked",
            with_part("stores", GOOD.stores[0], status="error", why="too low"),
            "monthly: too low",
        ),
        (
            "pinned",
            with_version(env="local"),
            "churn v1 runs in an env that nobody can build again",
        ),
        ("pinned", with_version(requirements=("mlflow>=3",)), "packages without their versions"),
        ("pinned", with_version(requirements=("mlflow==3.*",)), "packages without their versions"),
        ("pinned", with_version(requirements=("a thing",)), "packages without their versions"),
        ("as-asked", with_version(relaxed=("a==1 became a==2",)), "runs with other packages"),
        ("trusted", with_version(verdict="needs_review"), "nobody can vouch for"),
        (
            "tested",
            with_part("services", SERVICE, endpoints=(ENDPOINT.model_copy(update={"queries": 0}),)),
            "api/ask has no test query",
        ),
        ("closed", with_part("services", SERVICE, access="public"), "api answers whoever"),
    ],
)
def test_what_is_built_in_tells_what_is_wrong(standard, seen, said):
    wrong = [name for name, each in BUILT_IN.items() if each.judge(seen)]
    assert said in BUILT_IN[standard].judge(seen)
    assert set(wrong) <= {standard, "described", "owned"}


def test_of_many_things_a_few_are_named():
    bad = ModelSeen(name="m", description="", prediction_type="other", versions=0, active=None)
    many = tuple(bad.model_copy(update={"name": f"m{number}"}) for number in range(7))
    said = BUILT_IN["activated"].judge(GOOD.model_copy(update={"models": many}))
    assert said.endswith("m4 has no active version; and 2 more")


@pytest.fixture
def project(shared):
    """A project of the test's own, with a service."""
    key = f"p{uuid4().hex}"
    shared.projects.create(key=key)
    shared.services.create(project=key, name=f"s-{key}")
    yield key
    with shared.open().begin() as db:
        db.execute(deployments.delete().where(deployments.c.project == key))
    shared.projects.delete(key=key, force=True)


@pytest.fixture
def standard(shared, project):
    """Makes standards for that project, which go with it."""
    made = []

    def make(code, **more):
        name = f"s-{uuid4().hex}"
        found = shared.standards.create(name=name, code=code, projects=(project,), **more)
        made.append(name)
        return found

    yield make
    for name in made:
        shared.standards.delete(name=name)


def result_of(shared, project, standard):
    found = shared.standards.run(project=project)
    return next(each for each in found.results if each.standard == standard.name)


def test_a_project_is_looked_at_as_it_is(shared, project):
    with pytest.raises(errors.NotFound, match="nobody asked yet"):
        shared.standards.report(project=project)
    report = shared.standards.run(project=project)
    found = {each.standard: (each.outcome, each.severity) for each in report.results}
    assert found["described"] == ("unmet", 2)
    assert (found["tested"], found["evaluated"]) == (("not_applicable", 0),) * 2
    assert found["closed"] == ("unmet", 2)
    severities = [each.severity for each in report.results]
    assert (report.severity, severities) == (2, sorted(severities, reverse=True))
    assert shared.standards.report(project=project) == report
    with pytest.raises(errors.Failed, match=r"does not meet described \(2\): the project does not"):
        shared.standards.run(project=project, fail_from=2)
    shared.projects.update(key=project, description="what it is for")
    assert shared.standards.run(project=project, fail_from=3).results[-1].severity == 0
    met = {each.standard for each in shared.standards.report(project=project).results[2:]}
    assert "described" in met


@pytest.mark.parametrize(
    ("returns", "outcome", "severity", "said"),
    [
        ("True", "met", 0, ""),
        ("False", "unmet", 3, ""),
        ("4, 'too bad'", "unmet", 4, "too bad"),
        ("0, 'well'", "met", 0, "well"),
        ("6", "error", 5, "it returned 6; it has to return True"),
        ("'yes'", "error", 5, "it returned 'yes'"),
        ("1 / 0", "error", 5, "it raised ZeroDivisionError"),
    ],
)
def test_a_function_says_how_bad_it_is(shared, project, standard, returns, outcome, severity, said):
    made = standard(f"def standard(project): return {returns}")
    found = result_of(shared, project, made)
    assert (found.outcome, found.severity) == (outcome, severity)
    assert said in found.message


def test_a_function_is_given_what_is_known(shared, project, standard):
    made = standard(
        "def standard(project, services):\n"
        "    [service] = services\n"
        "    return 1, project['key'] + ' has ' + service['name']"
    )
    assert result_of(shared, project, made).message == f"{project} has s-{project}"


def test_a_function_that_hangs_is_stopped(shared, project, standard):
    made = standard("def standard():\n    while True: pass", seconds=1)
    found = result_of(shared, project, made)
    assert (found.outcome, found.severity) == ("error", 5)
    assert found.message == "it was stopped after 1 s"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("def standard(", "no Python"),
        ("def check(): return True", "no function 'standard'"),
        ("def standard(secrets): return True", "takes 'secrets'"),
    ],
)
def test_what_could_not_run_is_not_kept(shared, code, said):
    name = f"s-{uuid4().hex}"
    with pytest.raises(errors.Invalid, match=said):
        shared.standards.create(name=name, code=code)
    with pytest.raises(errors.NotFound):
        shared.standards.show(name=name)


def test_standards_are_changed_and_deleted(shared, project, standard):
    made = standard("def standard(): return False")
    assert made.name not in {each.standard for each in shared.standards.run().results}
    changed = shared.standards.update(name=made.name, severity=1, description="ours")
    assert (changed.severity, changed.description, changed.code) == (1, "ours", made.code)
    with pytest.raises(errors.Conflict, match="already"):
        shared.standards.create(name=made.name, code=made.code)
    with pytest.raises(errors.Conflict, match="already"):
        shared.standards.create(name="owned", code=made.code)
    with pytest.raises(errors.Invalid, match="built in, and has no code"):
        shared.standards.update(name="owned", code=made.code)
    with pytest.raises(errors.Invalid, match="standards update owned --disabled"):
        shared.standards.delete(name="owned")
    shared.standards.update(name="explained", disabled=True)
    asked = {each.standard for each in shared.standards.run(project=project).results}
    assert "explained" not in asked
    shared.standards.update(name="explained", disabled=False)
    assert [each.name for each in shared.standards.list()][: len(BUILT_IN)] == list(BUILT_IN)


def test_contributors_ask_and_admins_say_what_is_asked(shared, project):
    for name, role in (("rita", "reader"), ("carl", "contributor")):
        shared.users.create(name=f"{name}-{project}"[:60])
        shared.members.add(project=project, name=f"{name}-{project}"[:60], role=role)
    rita, carl = (
        shared.acting(Identity(f"{name}-{project}"[:60], "user")) for name in ("rita", "carl")
    )
    with pytest.raises(errors.Forbidden):
        rita.standards.run(project=project)
    assert carl.standards.run(project=project).project == project
    assert rita.standards.report(project=project).created_by.startswith("carl")
    assert rita.standards.show(name="owned").kind == "built_in"
    for may_not in (rita, carl):
        with pytest.raises(errors.Forbidden):
            may_not.standards.update(name="owned", disabled=True)


@pytest.fixture
def packages(shared, project, tmp_path):
    """The project's service with packages p1, p2 and p3, as deployments name it."""
    asked = {"project": project, "service": f"s-{project}"}
    (tmp_path / "echo.py").write_text("def answer(x): return x")
    code = {"file": str(tmp_path / "echo.py"), "function": "answer"}
    shared.endpoints.function(**asked, endpoint="echo", **code)
    for package in ("p1", "p2", "p3"):
        shared.packages.create(**asked, package=package)
    return asked


def test_an_infrastructure_warns_or_blocks(shared, project, there, places, packages, standard):
    shared.infrastructures.update(name=there, standards_warn=2, standards_block=4)
    named = {"project": project, "name": there}
    shared.deployments.create(**packages, name=there, infrastructure=there, package="p1")
    [first] = shared.deployments.history(**named)
    assert {(each.severity, each.code) for each in first.messages} == {("warning", "STANDARD")}
    told = " ".join(each.title for each in first.messages)
    assert "does not meet the standard described (severity 2)" in told
    bad = standard("def standard(): return 4, 'it smells'")
    places.done.clear()
    with pytest.raises(errors.Blocked, match=rf"standard {bad.name} \(severity 4\): it smells"):
        shared.deployments.update(**named, package="p2")
    assert (places.done, len(shared.deployments.history(**named))) == ([], 1)
    shared.deployments.update(**named)
    shared.deployments.disable(**named)
    shared.deployments.enable(**named)
    shared.standards.update(name=bad.name, disabled=True)
    shared.deployments.update(**named, package="p2")
    shared.standards.update(name=bad.name, disabled=False)
    assert shared.deployments.rollback(**named).settings.content == ("p1",)
    shared.infrastructures.update(name=there, standards_warn=None, standards_block=None)
    shared.deployments.update(**named, package="p3")
    assert shared.deployments.history(**named)[0].messages == ()


def test_versions_are_looked_at_as_they_are(tmp_path_factory, monkeypatch):
    folder = made_bundles(tmp_path_factory)
    monkeypatch.delenv("MODELYARD_DATABASE", raising=False)  # it has one of its own
    with closing(modelyard.open(folder / "design", actor="ada")) as design:
        seen = see(design, "churn")
    [model] = seen.models
    assert (model.name, model.versions, model.active.env) == ("m", 2, "local")
    assert (model.active.evaluated, model.active.relaxed) == (None, ())
    assert (seen.description, [each.name for each in seen.stores]) == ("Who leaves", ["monthly"])


def test_a_file_says_what_an_infrastructure_takes(shared, places, tmp_path):
    name = f"on-{uuid4().hex}"
    file = tmp_path / "deployment.yaml"
    told = f"infrastructures:\n- {{name: {name}, stage: test, driver: made, standards_block: "
    file.write_text(f"{told}4}}\n")
    shared.deployments.apply(file=str(file))
    assert shared.infrastructures.show(name=name).standards_block == 4
    file.write_text(f"{told}2}}\n")
    [step] = shared.deployments.apply(file=str(file), dry_run=True).steps
    [change] = step.changes
    assert (change.field, change.before, change.after) == ("standards_block", "4", "2")
    shared.infrastructures.delete(name=name)
