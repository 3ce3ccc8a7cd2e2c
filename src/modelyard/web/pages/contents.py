"""The table of contents: every page, in the order in which the navigation shows them."""

from __future__ import annotations

from modelyard.web.pages import (
    account,
    audit,
    connections,
    datasets,
    demo,
    envs,
    evaluation,
    evaluation_explaining,
    evaluation_groups,
    evaluations,
    files,
    gallery,
    groups,
    home,
    importing,
    jobs,
    keys,
    members,
    models,
    projects,
    recipes,
    scenarios,
    scoring,
    search,
    settings,
    stores,
    trying,
    users,
    version_editing,
    versions,
)
from modelyard.web.pages.form import Form
from modelyard.web.pages.page import Document, Download, Page, Way

WAYS: tuple[Way, ...] = (*importing.WAYS[:2], *demo.WAYS, *importing.WAYS[2:])
"""How to get the first model; the first that somebody may take are offered."""

PAGES: tuple[Page | Form | Download | Document, ...] = (
    *home.pages(WAYS),
    *jobs.PAGES,
    *projects.PAGES,
    *datasets.PAGES,
    *models.pages(WAYS),
    *versions.PAGES,
    *version_editing.PAGES,
    *trying.PAGES,
    *evaluations.PAGES,
    *evaluation.PAGES,
    *evaluation_groups.PAGES,
    *evaluation_explaining.PAGES,
    *stores.PAGES,
    *connections.PAGES,
    *files.PAGES,
    *importing.PAGES,
    *demo.PAGES,
    *recipes.PAGES,
    *scoring.PAGES,
    *scenarios.PAGES,
    *members.PAGES,
    *envs.PAGES,
    *users.PAGES,
    *groups.PAGES,
    *keys.PAGES,
    *audit.PAGES,
    *settings.PAGES,
    *account.PAGES,
    *search.PAGES,
    *gallery.PAGES,
)
