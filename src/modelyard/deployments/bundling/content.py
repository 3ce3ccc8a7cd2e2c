"""What of a project is in a bundle: every table, its key, and what of its rows stays behind.

A row of a bundle names its columns; columns that hold JSON are objects in it. What it does not name
belongs to the workspace that it is in: who made something there, which project it is part of. A
*local* value is left out when a bundle is made; when its row is put into a project, one that is
there stays as it is, and else it is filled.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal

from modelyard.kernel.identity import Identity

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Placing:
    """Into which project rows are put, by whom, and when."""

    project: str
    identity: Identity
    moment: datetime


@dataclass(frozen=True)
class Local:
    """A value that belongs to a workspace: what a new row gets, and whether an old one stays."""

    fill: Callable[[Placing, Row], Any]
    stays: bool = True


@dataclass(frozen=True)
class BundledTable:
    """What of a table is in bundles.

    `key` are the columns that tell a row from others of its project. `local` are values that stay
    behind, as COLUMN, or COLUMN.FIELD inside of JSON. `artifact` is the column that holds the
    digest of bytes that come along.
    """

    kind: str
    key: tuple[str, ...]
    local: Mapping[str, Local] = field(default_factory=dict)
    artifact: str | None = None
    choice: Literal["versions", "evaluations"] | None = None
    """With which things, if they are chosen, its rows come along; None: always."""
    urls: tuple[str, ...] = ()
    """Values in which a URL may hold a password, which is hidden."""
    forget: Callable[[dict[str, Any], str], None] | None = None
    """Takes out of a row what names its project besides."""
    is_part: bool = False
    """It is part of a thing in another table, which tells in other words when it changes."""
    about: str = ""
    """The table of what its rows are about, as the first column of their key says: beside one that
    came or went they tell nothing."""


PROJECT = Local(lambda placing, _: placing.project, stays=False)
WHO = Local(lambda placing, _: placing.identity.name)
WHEN = Local(lambda placing, _: placing.moment)
IDENTITY = Local(lambda placing, _: json.dumps(asdict(placing.identity)))
NOTHING = Local(lambda _, __: None)
FORGOTTEN = Local(lambda _, __: None, stays=False)
FOLDER = Local(lambda _, __: "")
REVISION = Local(lambda _, __: uuid.uuid4().hex, stays=False)
VERSION_ID = Local(
    lambda placing, row: f"S-{placing.project}-{row['model']}-{row['version']}", stays=False
)

_BODY: Mapping[str, Local] = {"body.project": PROJECT}
_MADE: Mapping[str, Local] = {**_BODY, "body.created_by": WHO}


def _forget_in_steps(row: dict[str, Any], project: str) -> None:
    """A step that names no project is about that of its scenario."""
    for step in row["body"].get("steps", ()):
        if step.get("arguments", {}).get("project") == project:
            del step["arguments"]["project"]


BUNDLED: Mapping[str, BundledTable] = {
    "projects": BundledTable("project", (), {"key": PROJECT, "created": WHEN}),
    "datasets": BundledTable(
        "dataset",
        ("name",),
        {
            "body.dataset.project": PROJECT,
            "body.dataset.rows": NOTHING,
            "body.dataset.size": NOTHING,
            "body.dataset.fingerprint": FORGOTTEN,
            "body.layout": FORGOTTEN,
        },
    ),
    "models": BundledTable("saved model", ("name",), {"previous_version": NOTHING}),
    "versions": BundledTable(
        "version",
        ("model", "version"),
        {
            "revision": REVISION,
            "summary.imported_by": WHO,
            "body.imported_by": WHO,
            "body.project": PROJECT,
            "body.id": VERSION_ID,
        },
        choice="versions",
        urls=("summary.source", "body.lineage"),
    ),
    "files": BundledTable(
        "file of a version",
        ("model", "version", "path"),
        artifact="sha256",
        choice="versions",
        is_part=True,
    ),
    "evaluation_stores": BundledTable("evaluation store", ("name",), {"created_by": WHO}),
    "checks": BundledTable("check", ("store", "name"), _MADE),
    "evaluations": BundledTable(
        "evaluation",
        ("id",),
        {**_MADE, "summary.project": PROJECT, "summary.created_by": WHO},
        choice="evaluations",
    ),
    "evaluation_labels": BundledTable(
        "label", ("evaluation", "name"), choice="evaluations", about="evaluations"
    ),
    "evaluation_files": BundledTable(
        "file of an evaluation",
        ("evaluation", "name"),
        artifact="sha256",
        choice="evaluations",
        is_part=True,
    ),
    "drift_reports": BundledTable(
        "drift report",
        ("id",),
        {"summary.project": PROJECT, "summary.created_by": WHO},
        artifact="sha256",
        choice="evaluations",
    ),
    "check_results": BundledTable(
        "result of a check", ("id",), _MADE, choice="evaluations", is_part=True
    ),
    "comparisons": BundledTable("comparison", ("name",), _MADE),
    "recipes": BundledTable("recipe", ("name",), _BODY),
    "scenarios": BundledTable(
        "scenario",
        ("name",),
        {
            "due": FORGOTTEN,
            "identity": IDENTITY,
            "folder": FOLDER,
            "body.project": PROJECT,
            "body.owner": WHO,
        },
        forget=_forget_in_steps,
    ),
    "services": BundledTable("service", ("name",), {"created_by": WHO}),
    "service_endpoints": BundledTable("endpoint", ("service", "name")),
}
"""The tables whose rows are in bundles."""

NEVER: Mapping[str, str] = {
    "connections": "hold passwords and places; a bundle names them, and they are chosen anew",
    **dict.fromkeys(
        (
            *("activations", "verifications", "model_replays", "runs", "run_chunks"),
            *("scenario_runs", "bundle_activations"),
        ),
        "tell what was done in one workspace",
    ),
    **dict.fromkeys(
        ("comparison_pairs", "evaluation_gaps"), "are found out again from the rows of evaluations"
    ),
    "service_packages": "are files of their own, which go to API nodes",
    **dict.fromkeys(
        ("alerts", "alert_messages", "statuses"), "are about whom to tell, with secrets"
    ),
    **dict.fromkeys(("scopes", "scope_tokens"), "are endpoints elsewhere, with secrets"),
    "members": "are people of one workspace",
    "project_locals": "are what a project has of its own where its bundles are active",
    "bundles": "would hold each other",
    **dict.fromkeys(
        (
            *("users", "groups", "group_users", "api_keys", "sessions", "login_failures"),
            *("setup_links", "server_secrets", "audit_entries", "audit_head", "audit_pending"),
            *("jobs", "job_lines", "job_duties", "workers", "replays"),
            *("envs", "env_names", "env_requests", "nodes", "node_keys"),
            *("infrastructures", "infrastructure_groups", "deployments", "deployment_updates"),
            "deployment_tests",
            *("governed_items", "governed_views", "item_events", "item_events_head", "templates"),
            *("signoffs", "signoff_delegates", "item_people", "item_files"),
            *("policies", "enforcements", "policy_exceptions"),
            *("policy_outcomes", "policy_looks", "rule_answers"),
            *(
                "govern_rules",
                "given_roles",
                "item_values",
                "workspaces",
                "workspace_items",
                "workspace_updates",
            ),
            *("govern_nodes", "govern_node_keys", "told_statuses", "set_aside"),
            *("subscriptions", "notified_users", "notifications"),
            *("notification_messages", "notification_marks"),
            *("deployment_watches", "endpoint_activity"),
            *("standards", "standard_reports"),
            *("pipelines", "promotions", "canaries"),
            *("infrastructure_hooks", "hook_secrets", "hook_slots"),
        ),
        "are of the whole workspace",
    ),
}
"""Tables whose rows are in no bundle, and why."""
