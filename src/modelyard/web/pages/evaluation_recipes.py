"""The forms that save recipes of evaluations, and change them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from modelyard import errors
from modelyard.evaluations.asked_types import Evaluating, Standalone
from modelyard.recipes.commands import SaveEvaluation, SaveStandalone, UpdateRecipe
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
from modelyard.web.pages.form import Asked, Draft, Form, Words
from modelyard.web.pages.page import Visit

RECIPE_WORDS = {
    "recipe": Words(label="Name of the recipe", help="", placeholder="each-month", mono=True),
    "name": Words(label="Name of each evaluation", help="Left blank, the moment that it is made"),
}


def _new(visit: Visit) -> Draft:
    """With what the address names; any model can be chosen."""
    named = {name: text for name in NAMED if (text := visit.asked(name))}
    return replace(drafted(visit, {}, recipes.crumbs(visit.path["project"])), proposed=named)


def _edited(kind: type[Evaluating | Standalone]) -> Callable[[Visit], Draft]:
    """Begins with what the recipe does."""

    def prepared(visit: Visit) -> Draft:
        found = recipes.shown(visit)
        if not isinstance(found.command, kind):
            raise errors.Unsupported("Edit on the page of this recipe leads to its own form")
        held = found.command.model_dump(mode="json")
        if (model := visit.asked("model")) not in ("", held.get("model")):
            held |= {"model": model, "version": None}
        draft = drafted(visit, held, recipes.crumbs(found.project, found.name))
        return replace(
            draft,
            title=f"Edit {found.name}",
            values=held,
            proposed={},
            fixed={},
            left_out=draft.left_out - {"model"},
            seen=found,
        )

    return prepared


def _asked(kind: type[Evaluating | Standalone], fields: tuple[str, ...]) -> Asked:
    """What is left blank is as if it was not given."""

    def become(values: Mapping[str, Any]) -> tuple[dict[str, Any], list[dict[str, str]]]:
        return {"setting": {name: values.get(name) for name in fields}}, []

    return Asked(kind, become)


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
    Form(
        f"{recipes.ONE}/edit-evaluation",
        UpdateRecipe,
        "Edit recipe",
        "Save",
        lambda _visit, made: recipes.href(made.project, made.name),
        intro=recipes.EDITING,
        said="The recipe is saved.",
        fields=EVALUATING,
        words=WORDS | RECIPE_WORDS,
        taken={"name": "recipe"},
        prepare=_edited(Evaluating),
        depending=versions_of_the_model,
        also=recipes.SAVE_AND_RUN,
        asked=_asked(Evaluating, EVALUATING),
    ),
    Form(
        f"{recipes.ONE}/edit-standalone",
        UpdateRecipe,
        "Edit recipe",
        "Save",
        lambda _visit, made: recipes.href(made.project, made.name),
        intro=recipes.EDITING,
        said="The recipe is saved.",
        fields=STANDALONE,
        words=STANDALONE_WORDS | RECIPE_WORDS,
        taken={"name": "recipe"},
        prepare=_edited(Standalone),
        also=recipes.SAVE_AND_RUN,
        asked=_asked(Standalone, STANDALONE),
    ),
)
