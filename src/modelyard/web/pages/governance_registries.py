"""The pages of registries: models with their versions, and bundles."""

from __future__ import annotations

from typing import get_args

from modelyard.governance.items.types import State
from modelyard.governance.listing.commands import ListGovernedBundles, ListGovernedModels
from modelyard.governance.listing.registry_types import BundleLine, ModelLine
from modelyard.projects.commands import ListProjects
from modelyard.web.pages.governance_words import ABOVE, ALL
from modelyard.web.pages.page import ListView, Page, Visit, place_in_list

MODELS, BUNDLES = f"{ALL}/models", f"{ALL}/bundles"
PART, MOST = 25, 100
STATES: tuple[State, ...] = get_args(State)
METRICS = ("auc", "accuracy", "f1", "logLoss", "rmse", "mae", "r2")
"""Those that are always offered, beside those that versions know."""


class RegistryView(ListView):
    """A part of a registry."""

    projects: tuple[str, ...]


class ModelsView(RegistryView):
    """A part of the models that one may see."""

    models: tuple[ModelLine, ...]
    metrics: tuple[str, ...]


class BundlesView(RegistryView):
    """A part of the bundles that one may see."""

    bundles: tuple[BundleLine, ...]


def models(visit: Visit) -> ModelsView:
    """By their ids."""
    asked = ListGovernedModels(
        project=visit.asked("project") or None,
        state=visit.one_of("state", STATES),
        search=visit.asked("search"),
        metric=visit.asked("metric") or None,
        limit=PART,
        after=visit.asked("after") or None,
    )
    found = visit.part(asked)
    known = {code for each in found for code in each.metrics}
    return ModelsView(
        title="Model registry",
        crumbs=(ABOVE,),
        models=tuple(found),
        metrics=tuple(sorted(known.union(METRICS))),
        projects=_projects(visit),
        **place_in_list(found),
    )


def bundles(visit: Visit) -> BundlesView:
    """By their ids."""
    asked = ListGovernedBundles(
        project=visit.asked("project") or None,
        state=visit.one_of("state", STATES),
        search=visit.asked("search"),
        limit=PART,
        after=visit.asked("after") or None,
    )
    found = visit.part(asked)
    return BundlesView(
        title="Bundle registry",
        crumbs=(ABOVE,),
        bundles=tuple(found),
        projects=_projects(visit),
        **place_in_list(found),
    )


def _projects(visit: Visit) -> tuple[str, ...]:
    return tuple(each.key for each in visit.part(ListProjects(limit=MOST)))


PAGES: tuple[Page, ...] = (
    Page(MODELS, models, "governance_models.html"),
    Page(BUNDLES, bundles, "governance_bundles.html"),
)
