"""The forms of endpoints: new ones by kind, enrichments, test queries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from modelyard.data.commands import ListDatasets
from modelyard.models.commands import ListModels, ListVersions, ShowExample
from modelyard.runtime.commands import ListEnvs
from modelyard.services.designing.commands import (
    CreateEndpoint,
    CreateFunction,
    CreateLookup,
    DeleteEndpoint,
    EnrichEndpoint,
    UnenrichEndpoint,
    UpdateEndpoint,
)
from modelyard.services.designing.query_commands import AddQuery, DeleteQueries, GenerateQueries
from modelyard.services.types import Endpoint, EndpointKind
from modelyard.web.pages.endpoints import ONE, crumbs_of, href, named, shown, version_of
from modelyard.web.pages.form import Choices, Draft, Form, Words
from modelyard.web.pages.page import Visit, address
from modelyard.web.pages.services import ONE as SERVICE
from modelyard.web.pages.services import crumbs as service_crumbs
from modelyard.web.pages.services import shown as shown_service

MOST = 500
OUTPUTS = [("restructured", "Prediction and probabilities"), ("direct", "What the model returns")]
REACTIONS = [
    ("error", "Refuse the query"),
    ("ignore", "Answer that it was ignored"),
    ("missing", "Go on without"),
]


def _models(visit: Visit) -> Choices:
    known = visit.part(ListModels(project=visit.path["project"], limit=MOST))
    return [(each.name, each.name) for each in known]


def _datasets(visit: Visit) -> Choices:
    known = visit.part(ListDatasets(project=visit.path["project"], limit=MOST))
    return [(each.name, "") for each in known]


def env_choices(visit: Visit) -> Choices:
    """The code envs that there are."""
    known = visit.part(ListEnvs(limit=MOST))
    named = [(name, f"{name}, Python {each.python}") for each in known for name in each.names]
    return [("local", "The Python that runs Modelyard"), *named]


def _versions(visit: Visit, draft: Draft, given: Mapping[str, str]) -> Mapping[str, Choices]:
    """The versions of the chosen model."""
    model = given.get("model") or draft.values.get("model", "")
    if model not in dict(draft.choices.get("model", ())):
        return {"version": ()}
    found = visit.part(ListVersions(project=visit.path["project"], model=model, limit=MOST))
    return {
        "version": [
            (each.version, f"{each.version}, active now" if each.active else each.version)
            for each in found
        ]
    }


def _choices(visit: Visit) -> dict[str, Choices]:
    return {
        "model": _models(visit),
        "output": OUTPUTS,
        "dataset": _datasets(visit),
        "env": env_choices(visit),
        "missing_key": REACTIONS,
        "no_match": REACTIONS,
        "unavailable": REACTIONS,
        "several_matches": [*REACTIONS, ("first", "Take the first")],
        "method": [("first", "The first rows"), ("random", "Some at random")],
    }


def _new(visit: Visit) -> Draft:
    shown_service(visit)
    key, service = visit.path["project"], visit.path["service"]
    return Draft(crumbs=service_crumbs(key, service), choices=_choices(visit))


def _of_endpoint(visit: Visit) -> Draft:
    seen = shown(visit)
    return Draft(crumbs=crumbs_of(visit), choices=_choices(visit), seen=seen)


def _deleted(visit: Visit) -> Draft:
    return Draft(
        crumbs=crumbs_of(visit), title=f"Delete {visit.path['endpoint']}", seen=shown(visit)
    )


OF_KIND = {
    "prediction": ("model", "version", "output", "return_enriched"),
    "function": ("file", "function", "env", "with_headers", "with_client"),
    "lookup": (),
}
"""Fields that only endpoints of a kind have."""


def _edited(visit: Visit) -> Draft:
    seen = shown(visit)
    mine = OF_KIND[seen.kind]
    values = {name: getattr(seen, name) for name in mine if name != "file"}
    return Draft(
        crumbs=crumbs_of(visit),
        title=f"Edit {seen.name}",
        values={**values, "description": seen.description, "pool": seen.pool.model_dump()},
        choices=_choices(visit),
        left_out=frozenset(
            name for names in OF_KIND.values() for name in names if name not in mine
        ),
        seen=seen,
    )


def _new_query(visit: Visit) -> Draft:
    draft = _of_endpoint(visit)
    example = _example(visit, shown(visit))
    return replace(draft, proposed={"value": example} if example else {})


def _example(visit: Visit, endpoint: Endpoint) -> dict[str, Any]:
    """A row that the version takes: without features that are looked up, with their keys."""
    version = version_of(visit, endpoint)
    if version is None:
        return {}
    named = {"project": version.project, "model": version.model, "version": version.version}
    rows = visit.run(ShowExample(**named, rows=1)).rows
    added = {feature for lookup in endpoint.lookups for feature in lookup.columns}
    keys = dict.fromkeys(key for lookup in endpoint.lookups for key in lookup.keys)
    first = rows[0].root if rows else {}
    return {**{name: value for name, value in first.items() if name not in added}, **keys}


def _queries(visit: Visit) -> Draft:
    seen = shown(visit)
    names = [(each.name, each.name) for each in seen.test_queries]
    asked = visit.asked("names")
    return Draft(
        crumbs=crumbs_of(visit),
        choices={"names": names},
        proposed={"names": (asked,)} if asked else {},
        seen=seen,
    )


DESCRIPTION = Words(later=True)
NAME = Words(label="Name", placeholder="churn", mono=True)
POOL = Words(
    label="Workers",
    help="floor: from the start on; cruise: that stay when it is calm; ceil: at most; queue: calls "
    "that may wait; timeout: milliseconds until an answer; batch: rows that one call may answer",
    kind="pairs",
    later=True,
    mono=True,
)
MODEL_WORDS = {
    "model": Words(label="Saved model", needed=True, renews="version"),
    "version": Words(help="", placeholder="Whichever is active when a package is made"),
    "output": Words(label="Answers with", help="", placeholder="What suits the model"),
    "return_enriched": Words(
        label="Answer with the features, too", help="", kind="tick", later=True
    ),
}
FUNCTION_WORDS = {
    "file": Words(label="Python file"),
    "function": Words(placeholder="price", mono=True),
    "env": Words(label="Code env", help=""),
    "with_headers": Words(label="Give it the headers of the request", help="", kind="tick"),
    "with_client": Words(label="Let it ask other endpoints", help="", kind="tick"),
}
LOOKING = (
    *("dataset", "referenced", "key", "column", "missing_key", "no_match", "several_matches"),
    *("unavailable", "cache_seconds"),
)
LOOKING_WORDS = {
    "dataset": Words(
        help="A dataset, the path of a file, or connection://NAME/TABLE; a package copies its "
        "columns unless it stays in its database",
        kind="text",
        placeholder="customers",
        mono=True,
    ),
    "referenced": Words(
        label="Leave it in its database",
        help="Nodes read the table by a connection of their own",
        kind="tick",
    ),
    "key": Words(
        label="Found by",
        help="Keys that a query holds, one a line: NAME=COLUMN of the dataset",
        placeholder="customer_id=id",
        kind="pairs",
        mono=True,
    ),
    "column": Words(
        label="Takes",
        help="Columns that are taken, one a line: NAME=COLUMN of the dataset",
        placeholder="plan=plan",
        kind="pairs",
        mono=True,
    ),
    "missing_key": Words(label="A query lacks a key", help=""),
    "no_match": Words(label="There is no such row", help=""),
    "several_matches": Words(label="There are several", help=""),
    "unavailable": Words(
        label="The database does not answer", help="Of a table that stays in its database"
    ),
    "cache_seconds": Words(
        label="Remember rows for", help="Seconds, of a table that stays in its database"
    ),
}


@dataclass(frozen=True)
class New:
    """What the form of a new endpoint of one kind says, and asks for."""

    path: str
    command: type[CreateEndpoint | CreateFunction | CreateLookup]
    kind: EndpointKind
    intro: str
    fields: tuple[str, ...]
    words: Mapping[str, Words]
    depending: Callable[[Visit, Draft, Mapping[str, str]], Mapping[str, Choices]] | None = None


NEW = (
    New(
        "new-endpoint",
        CreateEndpoint,
        "prediction",
        "It answers with predictions of a saved model.",
        ("model", "version", "output", "return_enriched"),
        MODEL_WORDS,
        _versions,
    ),
    New(
        "new-function",
        CreateFunction,
        "function",
        "It calls a function in Python with the arguments that a query holds, and answers with "
        "what that returns.",
        ("file", "function", "env", "with_headers", "with_client"),
        FUNCTION_WORDS,
    ),
    New(
        "new-lookup",
        CreateLookup,
        "lookup",
        "It looks up a row of a dataset, and answers with columns of it.",
        LOOKING,
        LOOKING_WORDS,
    ),
)


def _new_form(new: New) -> Form:
    return Form(
        f"{SERVICE}/{new.path}",
        new.command,
        f"New endpoint: {new.kind}",
        "Add endpoint",
        lambda visit, made: href(visit.path["project"], visit.path["service"], made.name),
        intro=new.intro,
        said="The endpoint is there. Give it test queries, to see that it answers as it should.",
        fields=("endpoint", *new.fields, "description"),
        words={"endpoint": NAME, "description": DESCRIPTION, **new.words},
        prepare=_new,
        depending=new.depending,
    )


PAGES: tuple[Form, ...] = (
    *(_new_form(each) for each in NEW),
    Form(
        f"{ONE}/edit",
        UpdateEndpoint,
        "Edit endpoint",
        "Save",
        lambda visit, _made: address(ONE, **named(visit)),
        intro="Packages that there are stay as they are.",
        said="The endpoint is saved.",
        fields=(*OF_KIND["prediction"], *OF_KIND["function"], "description", "pool"),
        words={
            **MODEL_WORDS,
            **FUNCTION_WORDS,
            "file": Words(label="Python file", help="Left blank, the code stays as it is"),
            "pool": POOL,
        },
        prepare=_edited,
        depending=_versions,
    ),
    Form(
        f"{ONE}/delete",
        DeleteEndpoint,
        "Delete endpoint",
        "Delete endpoint",
        lambda visit, _made: address(SERVICE, **visit.path),
        intro="Its test queries go with it; packages that there are keep it.",
        said="The endpoint is deleted.",
        prepare=_deleted,
        dangerous=True,
    ),
    Form(
        f"{ONE}/new-enrichment",
        EnrichEndpoint,
        "New enrichment",
        "Add enrichment",
        lambda visit, _made: address(ONE, **named(visit)),
        intro="A dataset adds features to each query, found by keys that the query holds.",
        said="The enrichment is saved.",
        fields=("name", *LOOKING),
        words={"name": Words(placeholder="customers", mono=True), **LOOKING_WORDS},
        prepare=_of_endpoint,
    ),
    Form(
        f"{ONE}/enrichments/{{name}}/delete",
        UnenrichEndpoint,
        "Delete enrichment",
        "Delete enrichment",
        lambda visit, _made: address(ONE, **named(visit)),
        intro="Queries then have to hold its features themselves.",
        said="The enrichment is deleted.",
        prepare=_of_endpoint,
        dangerous=True,
    ),
    Form(
        f"{ONE}/new-query",
        AddQuery,
        "New test query",
        "Keep test query",
        lambda visit, _made: address(ONE, **named(visit)),
        said="The test query is kept.",
        fields=("name", "value", "expected", "tolerance"),
        words={
            "name": Words(placeholder="young", mono=True),
            "value": Words(
                label="What is sent",
                help="As JSON: features, keys of a lookup or arguments of a function by name",
                kind="json",
            ),
            "expected": Words(
                label="What has to come back",
                help='As JSON, such as {"prediction": "stays"}; what is not named is free',
                kind="json",
            ),
            "tolerance": Words(help="How far numbers may be from what is expected", later=True),
        },
        prepare=_new_query,
    ),
    Form(
        f"{ONE}/generate-queries",
        GenerateQueries,
        "Test queries from a dataset",
        "Make test queries",
        lambda visit, _made: address(ONE, **named(visit)),
        intro="Rows of a dataset become test queries, named row-1 and so on.",
        said="The test queries are kept.",
        fields=("dataset", "rows", "method", "seed", "replace"),
        words={
            "dataset": Words(
                help="A dataset, or the path of a file",
                kind="text",
                placeholder="customers",
                mono=True,
            ),
            "rows": Words(label="How many at most", help=""),
            "method": Words(label="Which", help="", kind="segments"),
            "seed": Words(later=True),
            "replace": Words(label="In place of those that there are", help="", kind="tick"),
        },
        prepare=_of_endpoint,
    ),
    Form(
        f"{ONE}/delete-queries",
        DeleteQueries,
        "Delete test queries",
        "Delete test queries",
        lambda visit, _made: address(ONE, **named(visit)),
        said="The test queries are deleted.",
        fields=("names",),
        words={"names": Words(label="Which", help="", kind="ticks")},
        prepare=_queries,
        dangerous=True,
    ),
)
