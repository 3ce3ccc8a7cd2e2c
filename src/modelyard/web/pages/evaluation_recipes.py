"""The forms that save recipes of evaluations."""

from __future__ import annotations

from dataclasses import replace

from modelyard.recipes.commands import SaveEvaluation, SaveStandalone
from modelyard.web.pages import recipes
from modelyard.web.pages.evaluation_fields import (
    EVALUATING,
    NAMED,
    STANDALONE,
    STANDALONE_WORDS,
    WORDS,
    drafted,
    versions_of_the_model,
)
from modelyard.web.pages.form import Draft, Form, Words
from modelyard.web.pages.page import Visit

RECIPE_WORDS = {
    "recipe": Words(label="Name of the recipe", help="", placeholder="each-month", mono=True),
    "name": Words(label="Name of each evaluation", help="Left blank, the moment that it is made"),
}


def _new(visit: Visit) -> Draft:
    """With what the address names; any model can be chosen."""
    named = {name: text for name in NAMED if (text := visit.asked(name))}
    return replace(drafted(visit, {}, recipes.crumbs(visit.path["project"])), proposed=named)


PAGES = (
    Form(
        "/projects/{project}/new-evaluation-recipe",
        SaveEvaluation,
        "New recipe of an evaluation",
        "Save recipe",
        lambda _visit, made: recipes.href(made.project, made.name),
        intro="A recipe evaluates a saved model on a dataset, whenever it is run. It is checked "
        "when it is saved.",
        said=lambda made: f"{made.name} is saved. Run it now, or let a scenario do it.",
        fields=("recipe", *EVALUATING),
        words=WORDS | RECIPE_WORDS,
        prepare=_new,
        depending=versions_of_the_model,
        also=recipes.SAVE_AND_RUN,
    ),
    Form(
        "/projects/{project}/new-standalone-recipe",
        SaveStandalone,
        "New recipe of a scored dataset",
        "Save recipe",
        lambda _visit, made: recipes.href(made.project, made.name),
        intro="A recipe evaluates what something else predicted, whenever it is run. It is checked "
        "when it is saved.",
        said=lambda made: f"{made.name} is saved. Run it now, or let a scenario do it.",
        fields=("recipe", *STANDALONE),
        words=STANDALONE_WORDS | RECIPE_WORDS,
        prepare=_new,
        also=recipes.SAVE_AND_RUN,
    ),
)
