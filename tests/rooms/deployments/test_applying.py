"""Files that say what is to be deployed."""

from __future__ import annotations

import pytest

from modelyard import errors


@pytest.fixture
def written(tmp_path, there):
    """Writes a file about the infrastructure; gives its path."""

    def write(text, **facts):
        file = tmp_path / "deployment.yaml"
        file.write_text(text.format(there=there, **facts))
        return str(file)

    return write


WHOLE = """
infrastructures:
  - name: {there}
    stage: {stage}
    driver: made
    options: {{replicas: "2"}}
    groups: {{"watchers-of-{there}": view}}
deployments:
  - name: {there}
    service: api
    infrastructure: {there}
    {packages}
    access: keys
    enabled: {enabled}
"""
PLAIN = """
deployments:
  - {{name: {there}, service: api, infrastructure: {there}, package: p1}}
"""
MADE = """
infrastructures:
  - {{name: new-{there}, stage: production, driver: made}}
deployments:
  - {{name: {there}, service: api, infrastructure: new-{there}, package: p1}}
pipelines:
  - {{name: {there}, service: api, steps: [{{name: a, infrastructure: new-{there}}}]}}
"""


def actions(applied):
    return [(step.what, step.action) for step in applied.steps]


def test_it_is_brought_about_once(shared, there, places, written):
    shared.groups.create(name=f"watchers-of-{there}")
    facts = {"stage": "production", "packages": "share: {p1: 0.5, p2: 0.5}", "enabled": "true"}
    file = written(WHOLE, **facts)
    wanted = [("infrastructure", "update"), ("deployment", "create")]
    planned = shared.deployments.apply(file=file, dry_run=True)
    assert (actions(planned), planned.dry_run) == (wanted, True)
    assert [change.field for change in planned.steps[0].changes] == [
        "stage",
        "options",
        f"groups.watchers-of-{there}",
    ]
    assert places.done == []
    assert actions(shared.deployments.apply(file=file)) == wanted
    assert shared.infrastructures.show(name=there).groups[0].permission == "view"
    assert shared.deployments.show(name=there).settings.packages == {"p1": 0.5, "p2": 0.5}
    again = shared.deployments.apply(file=file)
    assert {step.action for step in again.steps} == {"unchanged"}
    assert len(shared.deployments.history(name=there)) == 1

    changed = written(WHOLE, **facts | {"packages": "package: p3", "enabled": "false"})
    last = shared.deployments.apply(file=changed).steps[1]
    assert [(change.field, change.before, change.after) for change in last.changes] == [
        ("packages", "p1 0.5, p2 0.5", "p3 1.0"),
        ("enabled", "True", "False"),
    ]
    kinds = [each.kind for each in shared.deployments.history(name=there)]
    assert kinds == ["disable", "update", "create"]


def test_nodes_that_somebody_changed_are_brought_back(shared, there, places, written):
    file = written(PLAIN)
    shared.deployments.apply(file=file)
    with pytest.raises(errors.NotFound, match=f"deployment {there}: there is no package"):
        shared.deployments.apply(file=written(PLAIN.replace("p1", "p9")), dry_run=True)
    planned = shared.deployments.apply(
        file=written(MADE.replace("name: {there}", "name: new")), dry_run=True
    )
    assert {action for _, action in actions(planned)} == {"create"}
    file = written(PLAIN)
    places.found["b"] = places.found["b"].model_copy(update={"shares": {"p0": 1}})
    assert actions(shared.deployments.apply(file=file)) == [("deployment", "reconcile")]
    assert places.found["b"].shares == {"p1": 1}


def test_it_stops_at_what_fails_and_goes_on_when_applied_again(shared, there, places, written):
    file = written(PLAIN)
    places.fails = lambda place, what: (place, what) == ("c", "import")
    with pytest.raises(errors.Failed, match=f"deployment {there}: .*apply the file again"):
        shared.deployments.apply(file=file)
    places.fails = lambda *_: False
    assert actions(shared.deployments.apply(file=file)) == [("deployment", "create")]


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        ("deployments: 3", errors.Invalid, "deployments: must be a list"),
        ("deployment: []", errors.Invalid, "deployment: is not known here"),
        ("deployments: [{{name: a}}]", errors.Invalid, "give package"),
        (f"{PLAIN}  - {{{{name: {{there}}, service: api}}}}", errors.Invalid, "says twice"),
        (PLAIN.replace("p1", "p1, share: {{p2: 1}}"), errors.Invalid, "not both"),
        (PLAIN.replace("p1", "p9"), errors.NotFound, "there are: p1, p2, p3"),
        (MADE.replace("production", "prod"), errors.Invalid, "new-.*there is no stage 'prod'"),
        (MADE.replace("driver: made", "nodes: [n9]"), errors.NotFound, "no node 'n9'"),
        (
            "infrastructures: [{{name: {there}, stage: prod, driver: made}}]",
            errors.Invalid,
            "there is no stage 'prod'",
        ),
        (
            "pipelines: [{{name: p, service: api, steps: [{{name: a, infrastructure: n9}}]}}]",
            errors.NotFound,
            "pipeline p: there is no infrastructure 'n9'",
        ),
        ("deployments: [\n", errors.Invalid, "cannot be read as YAML"),
        ("deployments: &all []\ninfrastructures: *all", errors.Invalid, "holds references"),
        ("{{[}}: 1", errors.Invalid, "cannot be read as YAML"),
        ("!!python/object:os.system {{}}", errors.Invalid, "cannot be read as YAML"),
    ],
)
def test_what_no_file_says(shared, there, places, written, text, kind, said):
    with pytest.raises(kind, match=said):
        shared.deployments.apply(file=written(text), dry_run=True)
    assert places.done == []


def test_what_never_changes(shared, there, places, written):
    shared.deployments.apply(file=written(PLAIN))
    with pytest.raises(errors.Conflict, match=r"the infrastructure of .* never changes"):
        shared.deployments.apply(
            file=written(PLAIN.replace("infrastructure: {there}", "infrastructure: local-api"))
        )
    with pytest.raises(errors.NotFound, match="no file"):
        shared.deployments.apply(file="nowhere.yaml")
