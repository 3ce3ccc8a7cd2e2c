"""On an automation node, what came with a bundle is used and not changed."""

from __future__ import annotations

import pytest
from tests.bundled import PROJECT

from modelyard import errors
from modelyard.deployments.activating.guarding import CHANGES
from modelyard.verbs import CATALOG

FREE_ROOMS = {
    *("alerts", "bundles", "connections", "deployments", "files", "members", "monitoring"),
    *("canaries", "packages", "pipelines", "replays", "scopes", "scoring", "standards"),
}
"""Rooms of what is in no bundle, or only adds something."""
FREE = {
    # they add something, or look at something
    *("checks.create", "checks.run", "comparisons.create", "datasets.join", "datasets.sample"),
    *("drift.compute", "evaluations.add", "evaluations.dependence", "evaluations.importance"),
    *("evaluations.run", "evaluations.sample", "evaluations.standalone", "models.create"),
    *("projects.delete", "recipes.create", "recipes.evaluation", "recipes.run"),
    *("recipes.standalone", "scenarios.cancel", "scenarios.create", "scenarios.run"),
    *("services.create", "services.test", "stores.create", "versions.export"),
    *("versions.importances", "versions.probe", "versions.replay", "versions.verify"),
}


def test_of_every_command_it_is_known_whether_it_changes_what_a_bundle_brings():
    changing = {
        name
        for name, command in CATALOG.items()
        if not command.only_reads()
        and command.project_field
        and name.partition(".")[0] not in FREE_ROOMS
    }
    assert changing == FREE | CHANGES.keys()
    assert not FREE & CHANGES.keys()


REFUSED = [
    ("recipes", "delete", {"name": "daily"}, "recipe daily"),
    ("models", "update", {"name": "m", "description": "x"}, "saved model m"),
    ("versions", "delete", {"model": "m", "versions": ("v1",)}, "version m/v1"),
    ("versions", "rollback", {"model": "m"}, "saved model m"),
    ("endpoints", "delete", {"service": "api", "endpoint": "late"}, "service api"),
    ("checks", "update", {"store": "monthly", "name": "good", "min": 0.2}, "check monthly/good"),
    ("datasets", "delete", {"name": "rows"}, "dataset rows"),
    ("scenarios", "update", {"name": "nightly", "cron": "0 4 * * *"}, "scenario nightly"),
    ("stores", "delete", {"name": "monthly"}, "evaluation store monthly"),
]


def test_design_is_refused_and_what_is_local_is_free(node):
    before = node.projects.update(key="churn", description="free before")
    assert before.description == "free before"
    node.bundles.activate(bundle="b1", connection={"in": "prod"}, replace=True, **PROJECT)
    for room, verb, given, what in REFUSED:
        with pytest.raises(errors.Blocked, match=rf"the {what} came with the bundle 'b1'"):
            getattr(getattr(node, room), verb)(**given, **PROJECT)
    with pytest.raises(errors.Blocked, match=r"project came with .* activate BUNDLE --variables"):
        node.projects.update(key="churn", variables={})
    node.scenarios.update(name="nightly", disabled=True, **PROJECT)
    node.recipes.create(name="mine", model="m", input="rows", output="mine.csv", **PROJECT)
    node.recipes.delete(name="mine", **PROJECT)
    entry = next(each for each in node.audit.list() if each.action == "recipes.delete")
    assert entry.outcome == "ok"


def test_a_design_workspace_changes_what_it_has(node, monkeypatch):
    node.bundles.activate(bundle="b1", connection={"in": "prod"}, **PROJECT)
    monkeypatch.setenv("MODELYARD_ROLE", "design")
    node.close()
    node.recipes.delete(name="daily", **PROJECT)
