"""The fields that forms of evaluations ask for: their words, and what they may hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelyard.data.commands import ListDatasets
from modelyard.evaluations.asked_types import Evaluating
from modelyard.evaluations.storing.commands import ListStores
from modelyard.models.commands import ListModels, ListVersions
from modelyard.models.types import SavedModel
from modelyard.runtime.types import PredictionType
from modelyard.web.pages.form import Choices, Draft, Words
from modelyard.web.pages.page import Crumb, Visit

MOST = 500
NAMED = ("model", "version", "dataset", "target", "store")
"""What the address of a form may name."""
EVALUATING = (
    "model", "version", "dataset", "target", "store", "name", "label", "threshold", "optimise",
    "positive", "averaging", "weights", "on_error", "where", "method", "rows", "ratio", "column",
    "descending", "seed", "gains", "lift_share", "assertions", "custom_metrics",
    "plugged_metrics", "confidence", "params", "skip_performance", "skip_scoring", "prediction",
    "probabilities", "drift", "drift_rows", "handling", "training", "time", "output",
    "output_probabilities", "metrics_output", "metrics", "explain",
)  # fmt: skip
STANDALONE = (
    "dataset", "prediction_type", "prediction", "probabilities", "target", "store", "name", "label",
    "reference", "threshold", "optimise", "positive", "classes", "averaging", "weights", "where",
    "method", "rows", "ratio", "column", "descending", "seed", "gains", "lift_share", "assertions",
    "custom_metrics", "plugged_metrics", "env", "confidence", "skip_performance", "drift",
    "drift_rows", "handling", "training", "time",
)  # fmt: skip
BINARY = frozenset({"positive", "threshold", "optimise", "gains", "lift_share"})
FITTING: Mapping[PredictionType, frozenset[str]] = {
    "binary_classification": BINARY,
    "multiclass": frozenset({"averaging"}),
    "regression": frozenset(),
    "other": frozenset(),
}
"""The fields that are about some prediction types only."""
SAMPLINGS = {
    "none": "All rows",
    "first": "The first rows",
    "random_ratio": "A share of the rows, at random",
    "random_count": "So many rows, at random",
    "column_values": "All rows of some values of a column, at random",
    "rebalance_ratio": "As many of each value of a column: a share of the rows",
    "rebalance_count": "As many of each value of a column: so many rows",
    "first_sorted": "The first rows in the order of a column",
}
OPTIMISED = {
    "f1": "F1",
    "accuracy": "Accuracy",
    "precision": "Precision",
    "recall": "Recall",
    "mcc": "Matthews correlation",
    "hammingLoss": "Hamming loss",
    "costMatrixGain": "Cost-matrix gain",
}
GAINS = {
    "true_positive": "Worth of a true positive",
    "false_positive": "Worth of a false positive",
    "true_negative": "Worth of a true negative",
    "false_negative": "Worth of a false negative",
}
WORDS = {
    "model": Words(label="Saved model", renews="version"),
    "version": Words(help="", placeholder="The active version"),
    "dataset": Words(
        label="Rows with the truth",
        help="A dataset, or the path of a file, folder or table",
        kind="text",
        placeholder="flights-june",
        mono=True,
    ),
    "target": Words(
        label="Target",
        help="The column that holds the truth; left blank, the version's own target",
        mono=True,
    ),
    "threshold": Words(
        help="Binary: from this probability up it is the class to be found; left blank, "
        "the version's own threshold is kept"
    ),
    "optimise": Words(
        label="Or the best threshold for",
        help="Binary: the threshold at which this metric is best on these rows",
        placeholder="Keep the threshold",
    ),
    "positive": Words(
        label="Class to be found",
        help="Binary: left blank, the second class of the version",
        kind="text",
        later=True,
        mono=True,
    ),
    "averaging": Words(label="Classes count", help="", kind="segments"),
    "weights": Words(label="Weights of rows", help="A column of numbers", mono=True, later=True),
    "training": Words(
        label="Training data",
        help="What the model learned from, to see whether rows overlap with it in time",
        later=True,
    ),
    "time": Words(
        label="Column of time",
        help="Of both: moments or numbers that say when a row is of",
        mono=True,
        later=True,
    ),
    "on_error": Words(label="Rows that the model refuses", help="", kind="segments", later=True),
    "where": Words(
        label="Only rows where",
        help="An expression over columns",
        placeholder="day >= '2026-11-16' AND day < '2026-11-23'",
        mono=True,
        later=True,
    ),
    "method": Words(label="Which of these rows", help="", later=True),
    "rows": Words(label="How many rows", help="Where the choice above takes a number", later=True),
    "ratio": Words(
        label="Share of the rows", help="From 0 to 1, where it takes a share", later=True
    ),
    "column": Words(
        label="Column that decides", help="Where it takes a column", mono=True, later=True
    ),
    "descending": Words(label="The largest first", help="", later=True),
    "seed": Words(help="Another one takes other rows", later=True),
    "gains": Words(
        label="What a row of each kind is worth",
        help="The gain of an evaluation is the mean of its rows",
        kind="named",
        later=True,
    ),
    **{f"gains.{name}": Words(label=label) for name, label in GAINS.items()},
    "lift_share": Words(
        label="Share of the rows at which lift is told",
        help="Of the likeliest ones, from 0 to 1",
        later=True,
    ),
    "custom_metrics": Words(label="File of further metrics", later=True),
    "plugged_metrics": Words(
        label="Further metrics of packages",
        help="That the code env brings, by name, one a line",
        later=True,
        mono=True,
    ),
    "assertions": Words(
        help="What has to be predicted for some rows, as a JSON list",
        placeholder='[{"name": "young", "where": "age < 30", "expect": ["no"], "ratio": 0.9}]',
        kind="json",
        later=True,
    ),
    "confidence": Words(label="Level of the intervals", help="", later=True),
    "params": Words(label="Parameters of the model", help="", later=True),
    "explain": Words(
        label="Also what takes long: worst slices and feature importance",
        help="Both can be asked for afterwards, too",
        later=True,
    ),
    "store": Words(
        label="Evaluation store",
        help="Where it stands beside others, and drift is told",
        placeholder="None",
    ),
    "name": Words(help="Left blank, the moment that it is made"),
    "label": Words(
        label="Labels",
        help="One a line; ${NAME} stands for a variable of the project",
        kind="pairs",
        placeholder="month=2026-10",
        mono=True,
    ),
    "skip_performance": Words(
        label="Compare nothing with a truth; keep rows for drift alone", help="", later=True
    ),
    "skip_scoring": Words(
        label="Score nothing: the rows hold what was predicted",
        help="As prediction and proba_<class>, or in the columns below",
        later=True,
    ),
    "prediction": Words(
        label="Column of predictions", help="Where nothing is scored", mono=True, later=True
    ),
    "probabilities": Words(
        label="Columns of probabilities",
        help="Where nothing is scored: those of all classes, one a line as class=column",
        kind="pairs",
        mono=True,
        later=True,
    ),
    "drift": Words(
        label="Drift that cannot be computed",
        help="Of what goes into a store",
        kind="segments",
        later=True,
    ),
    "drift_rows": Words(
        label="Rows that drift is computed from", help="Drawn at random; 0: all", later=True
    ),
    "handling": Words(
        label="How to look at columns",
        help="For drift, by column: numeric, categorical, text or excluded, as JSON",
        placeholder='{"month": "categorical"}',
        kind="json",
        later=True,
    ),
    "output": Words(
        label="Where to write the scored rows",
        help="A dataset to overwrite, or a path; each with whether its prediction is right",
        kind="text",
        placeholder="files://scored.parquet",
        mono=True,
        later=True,
    ),
    "output_probabilities": Words(
        label="Write one probability per class into them", help="", later=True
    ),
    "metrics_output": Words(
        label="Where to write the metrics",
        help="A dataset or a path that gets one more row",
        kind="text",
        placeholder="files://metrics.csv",
        mono=True,
        later=True,
    ),
    "metrics": Words(
        label="Metrics that this row holds",
        help="Their codes, one a line; left blank, all",
        later=True,
        mono=True,
    ),
}
STANDALONE_WORDS = WORDS | {
    "dataset": Words(
        label="Scored rows",
        help="A dataset, or the path of a file, folder or table",
        kind="text",
        placeholder="flights-scored",
        mono=True,
    ),
    "prediction_type": Words(label="What was predicted", help="", placeholder="Nothing"),
    "prediction": Words(
        label="Column of predictions",
        help="Left blank, with that of probabilities, rows are kept for drift alone",
        mono=True,
    ),
    "probabilities": Words(
        label="Columns of probabilities",
        help="Those of all classes, one a line as class=column",
        kind="pairs",
        placeholder="yes=proba_yes",
        mono=True,
    ),
    "target": Words(
        label="Target", help="The column that holds the truth, where it is known", mono=True
    ),
    "reference": Words(
        label="Reference",
        help="A dataset or a path that drift is told from; left blank, that of the store",
        kind="text",
        mono=True,
    ),
    "threshold": Words(help="Binary: from this probability up it is the class to be found"),
    "positive": Words(
        label="Class to be found",
        help="Binary: left blank, the second class",
        kind="text",
        later=True,
        mono=True,
    ),
    "env": Words(
        label="Code env of further metrics",
        help="inherit: the default of the settings; local: the Python that runs Modelyard; or "
        "the name of an env",
        later=True,
        mono=True,
    ),
    "classes": Words(
        help="In their order, as a JSON list; left blank, as probabilities name them, else sorted",
        placeholder='["no", "yes"]',
        kind="json",
        later=True,
    ),
}


def drafted(visit: Visit, given: Mapping[str, Any], crumbs: tuple[Crumb, ...]) -> Draft:
    """For a saved model that is given only what fits it is asked for."""
    key = visit.path["project"]
    known = visit.part(ListModels(project=key, limit=MOST))
    model = next((each for each in known if each.name == given.get("model")), None)
    gains = Evaluating.model_fields["gains"].default.model_dump() | dict(given.get("gains", {}))
    return Draft(
        crumbs=crumbs,
        title=f"Evaluate {model.name}" if model else "",
        proposed={name: value for name, value in given.items() if value and name != "gains"},
        values={"gains": gains},
        choices={"model": [(each.name, each.name) for each in known], **choices(visit)},
        fixed={"model": model.name} if model else {},
        left_out=_unfit(model),
    )


def choices(visit: Visit) -> dict[str, Choices]:
    """What the fields may hold in a project, but for the models."""
    key = visit.path["project"]
    tables = [(each.name, "") for each in visit.part(ListDatasets(project=key, limit=MOST))]
    stores = visit.part(ListStores(project=key, limit=MOST))
    return {
        "dataset": tables,
        "reference": tables,
        "training": tables,
        "output": tables,
        "metrics_output": tables,
        "store": [(each.name, each.name) for each in stores],
        "optimise": list(OPTIMISED.items()),
        "averaging": [("weighted", "By their rows"), ("macro", "All alike")],
        "method": list(SAMPLINGS.items()),
        "on_error": [("fail", "Fail the evaluation"), ("skip", "Leave them out")],
        "drift": [("note", "Note it"), ("fail", "Fail the evaluation"), ("skip", "Compute none")],
    }


def _unfit(model: SavedModel | None) -> frozenset[str]:
    """The fields that make no sense for a model, and which model, where that is known."""
    if model is None:
        return frozenset()
    every = frozenset[str]().union(*FITTING.values())
    return every - FITTING[model.prediction_type] | {"model"}


def versions_of_the_model(
    visit: Visit, draft: Draft, given: Mapping[str, str]
) -> Mapping[str, Choices]:
    """The versions of the chosen model."""
    model = draft.fixed.get("model") or given["model"] or draft.values.get("model")
    known = dict(draft.choices["model"])
    if model not in known:
        return {"version": ()}
    found = visit.part(ListVersions(project=visit.path["project"], model=model, limit=MOST))
    return {
        "version": [
            (each.version, f"{each.version}, active now" if each.active else each.version)
            for each in found
        ]
    }
