"""The tables of the metadata database, by room.

Keys and what is searched for are columns; a value as a whole is kept as the JSON of its type in
`body`. Rows hold digests, never paths of this machine.
"""

from __future__ import annotations

from modelyard.store.tables.access import (
    api_keys,
    audit_entries,
    audit_head,
    audit_pending,
    group_users,
    groups,
    login_failures,
    members,
    server_secrets,
    sessions,
    setup_links,
    users,
)
from modelyard.store.tables.alerts import alert_messages, alerts, statuses
from modelyard.store.tables.bundle_activations import bundle_activations, project_locals
from modelyard.store.tables.bundles import bundles
from modelyard.store.tables.canaries import canaries
from modelyard.store.tables.columns import Moment, metadata
from modelyard.store.tables.comparisons import comparison_pairs, comparisons
from modelyard.store.tables.data import connections, datasets
from modelyard.store.tables.deployments import (
    deployment_tests,
    deployment_updates,
    deployments,
    hook_secrets,
    hook_slots,
    infrastructure_groups,
    infrastructure_hooks,
    infrastructures,
)
from modelyard.store.tables.drift import drift_reports
from modelyard.store.tables.evaluations import (
    evaluation_files,
    evaluation_gaps,
    evaluation_labels,
    evaluation_stores,
    evaluations,
)
from modelyard.store.tables.governance import (
    govern_rules,
    governed_items,
    governed_views,
    item_events,
    item_events_head,
)
from modelyard.store.tables.jobs import (
    job_duties,
    job_lines,
    jobs,
    scenario_runs,
    scenarios,
    workers,
)
from modelyard.store.tables.model_replays import model_replays
from modelyard.store.tables.models import activations, files, models, verifications, versions
from modelyard.store.tables.monitoring import check_results, checks
from modelyard.store.tables.nodes import node_keys, nodes
from modelyard.store.tables.notifications import (
    notification_marks,
    notification_messages,
    notifications,
    notified_users,
    subscriptions,
)
from modelyard.store.tables.pipelines import pipelines, promotions
from modelyard.store.tables.policies import (
    enforcements,
    policies,
    policy_exceptions,
    policy_looks,
    policy_outcomes,
)
from modelyard.store.tables.projects import projects
from modelyard.store.tables.roles import given_roles, item_values
from modelyard.store.tables.rule_answers import rule_answers
from modelyard.store.tables.runtime import env_names, env_requests, envs
from modelyard.store.tables.scoring import recipes, run_chunks, runs
from modelyard.store.tables.services import service_endpoints, service_packages, services
from modelyard.store.tables.signoffs import item_files, item_people, signoff_delegates, signoffs
from modelyard.store.tables.standards import standard_reports, standards
from modelyard.store.tables.templates import templates
from modelyard.store.tables.watches import (
    deployment_watches,
    endpoint_activity,
    scope_tokens,
    scopes,
)
from modelyard.store.tables.web import replays
from modelyard.store.tables.workspaces import (
    govern_node_keys,
    govern_nodes,
    set_aside,
    told_statuses,
    workspace_items,
    workspace_updates,
    workspaces,
)

__all__ = [
    "Moment",
    "activations",
    "alert_messages",
    "alerts",
    "api_keys",
    "audit_entries",
    "audit_head",
    "audit_pending",
    "bundle_activations",
    "bundles",
    "canaries",
    "check_results",
    "checks",
    "comparison_pairs",
    "comparisons",
    "connections",
    "datasets",
    "deployment_tests",
    "deployment_updates",
    "deployment_watches",
    "deployments",
    "drift_reports",
    "endpoint_activity",
    "enforcements",
    "env_names",
    "env_requests",
    "envs",
    "evaluation_files",
    "evaluation_gaps",
    "evaluation_labels",
    "evaluation_stores",
    "evaluations",
    "files",
    "given_roles",
    "govern_node_keys",
    "govern_nodes",
    "govern_rules",
    "governed_items",
    "governed_views",
    "group_users",
    "groups",
    "hook_secrets",
    "hook_slots",
    "infrastructure_groups",
    "infrastructure_hooks",
    "infrastructures",
    "item_events",
    "item_events_head",
    "item_files",
    "item_people",
    "item_values",
    "job_duties",
    "job_lines",
    "jobs",
    "login_failures",
    "members",
    "metadata",
    "model_replays",
    "models",
    "node_keys",
    "nodes",
    "notification_marks",
    "notification_messages",
    "notifications",
    "notified_users",
    "pipelines",
    "policies",
    "policy_exceptions",
    "policy_looks",
    "policy_outcomes",
    "project_locals",
    "projects",
    "promotions",
    "recipes",
    "replays",
    "rule_answers",
    "run_chunks",
    "runs",
    "scenario_runs",
    "scenarios",
    "scope_tokens",
    "scopes",
    "server_secrets",
    "service_endpoints",
    "service_packages",
    "services",
    "sessions",
    "set_aside",
    "setup_links",
    "signoff_delegates",
    "signoffs",
    "standard_reports",
    "standards",
    "statuses",
    "subscriptions",
    "templates",
    "told_statuses",
    "users",
    "verifications",
    "versions",
    "workers",
    "workspace_items",
    "workspace_updates",
    "workspaces",
]
