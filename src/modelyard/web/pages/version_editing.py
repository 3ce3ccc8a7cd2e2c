"""The forms that change what is said of a version: its metadata, how its output is read."""

from __future__ import annotations

from modelyard.models.commands import UpdateVersion
from modelyard.models.metadata import CLASSIFICATIONS
from modelyard.models.types import ModelVersion
from modelyard.runtime.types import Interpretation, PredictionType
from modelyard.web.pages.form import Choices, Draft, Form, Words
from modelyard.web.pages.page import Visit
from modelyard.web.pages.versions import ONE, above, found, here

NAMED, PREDICTS, TAKES = "For people", "What it predicts", "What it takes"
COMPARED = "What it is compared with"
MOST = 60
"""Columns that are offered to be ticked; of more, names are typed."""
LABELS = ("labels", "One label per row")
COLUMNS = ("probabilities", "One column of probabilities per class")
BOTH = ("label_and_probabilities", "A label and probabilities, in columns with names")
MAPS = ("class_maps", "A map from class to probability per row")
RULES: dict[PredictionType, Choices] = {
    "binary_classification": (
        LABELS,
        ("positive_probability", "One probability per row, of the second class"),
        COLUMNS,
        BOTH,
        MAPS,
    ),
    "multiclass": (LABELS, COLUMNS, BOTH, MAPS),
    "regression": (("number", "One number per row"),),
    "other": (("values", "Columns as they come"),),
}
"""How output can be read, by what is predicted."""
OF_CLASSES = ("call", "activation", "probabilities", "classes")
"""Parts of an interpretation that only classifications have."""


def _edited(visit: Visit) -> Draft:
    version = found(visit)
    kind, core = version.prediction_type, version.core
    required = [each.name for each in version.signature.inputs.columns if each.required]
    left_out = {
        *(() if kind == "binary_classification" else ("threshold",)),
        *(() if kind in CLASSIFICATIONS and _may_name_classes(version) else ("classes",)),
        *(() if required else ("optional",)),
    }
    values = {
        "name": version.name,
        "description": version.description,
        "target": core.target,
        "classes": core.classes,
        "threshold": core.threshold,
        "reference_evaluation": None if version.reference_deleted else version.reference_evaluation,
    }
    told = ", ".join(map(str, core.classes[:20])) + ("…" if len(core.classes) > 20 else "")
    own = f"Its classes are the model's own, in its own order: {told}."
    return Draft(
        crumbs=above(visit),
        values={name: value for name, value in values.items() if name not in left_out},
        choices={"optional": [(each, each) for each in required]} if len(required) <= MOST else {},
        left_out=frozenset(left_out),
        seen=version,
        title=f"Edit {version.version}",
        intro=own if kind in CLASSIFICATIONS and "classes" in left_out else "",
    )


def _may_name_classes(version: ModelVersion) -> bool:
    """Whether the model does not tell its classes, or only their numbers."""
    own = version.probe.loaded.classes
    return own is None or list(own) == list(range(len(own)))


def _interpreted(visit: Visit) -> Draft:
    version = found(visit)
    kind, probe = version.prediction_type, version.probe
    loaded, read = probe.loaded, probe.interpretation
    known = probe.recognised if read is None or read.overridden else read
    left_out = {
        *("reason", "overridden"),
        *(() if kind in CLASSIFICATIONS else OF_CLASSES),
        *(() if loaded.native_probabilities else ("call",)),
    }
    return Draft(
        crumbs=above(visit),
        values={"interpretation": read},
        help={"interpretation.rule": _recognised(kind, known)} if known is not None else {},
        choices={
            "interpretation.rule": RULES[kind],
            "interpretation.call": (
                ("predict", "What python_function predicts"),
                ("native", "The native model's own probabilities"),
            ),
            "interpretation.activation": (
                ("none", "None: they are probabilities"),
                ("sigmoid", "Sigmoid"),
                ("softmax", "Softmax"),
            ),
        },
        left_out=frozenset(f"interpretation.{part}" for part in left_out),
        seen=version,
    )


def _recognised(kind: PredictionType, known: Interpretation) -> str:
    """What the import recognised, in words."""
    said = dict(RULES[kind]).get(known.rule, known.rule) if kind in RULES else known.rule
    why = f" ({known.reason})" if known.reason else ""
    return f"Recognised was: {said[:1].lower()}{said[1:]}{why}."


PAGES = (
    Form(
        f"{ONE}/edit",
        UpdateVersion,
        "Edit version",
        "Save",
        here,
        said="The version is saved.",
        fields=(
            *("name", "description", "target", "classes", "threshold", "optional"),
            "reference_evaluation",
        ),
        words={
            "name": Words(group=NAMED),
            "description": Words(group=NAMED),
            "target": Words(group=PREDICTS, mono=True, help="The column that the model predicts."),
            "classes": Words(
                group=PREDICTS,
                kind="lines",
                mono=True,
                help="In the model's own order, one a line; of two the negative one first. Other "
                "names take effect from now on, once the golden predictions can be read with them.",
            ),
            "threshold": Words(
                group=PREDICTS, needed=True, help="From this probability up it is the second class."
            ),
            "optional": Words(
                group=TAKES,
                label="Columns that may be missing",
                help="The signature requires them. What is let be missing here stays so.",
                mono=True,
            ),
            "reference_evaluation": Words(
                group=COMPARED,
                label="Reference",
                help="Id of its evaluation that others are compared with; left blank, the first "
                "one that is in no store",
                mono=True,
            ),
        },
        prepare=_edited,
    ),
    Form(
        f"{ONE}/interpretation",
        UpdateVersion,
        "Override how the output is read",
        "Try and save",
        here,
        intro="It has to read the golden predictions; they are asked for anew, which takes a few "
        "seconds.",
        said=lambda made: (
            "The output is read as you said."
            if made.probe.interpretation.overridden
            else "The output is read as it is recognised."
        ),
        fields=("interpretation",),
        words={
            "interpretation": Words(label="The raw output", help=""),
            "interpretation.rule": Words(
                label="What it holds", help="", placeholder="As recognised"
            ),
            "interpretation.call": Words(label="What is asked", help=""),
            "interpretation.activation": Words(
                label="Activation", help="What turns raw scores into probabilities."
            ),
            "interpretation.label": Words(
                label="Column of the prediction",
                mono=True,
                help="Where the output has several columns.",
            ),
            "interpretation.probabilities": Words(
                label="Columns of probabilities",
                mono=True,
                help="In the order of the classes, one a line, where the output has more.",
            ),
            "interpretation.classes": Words(
                label="Classes as the model names them",
                kind="lines",
                mono=True,
                help="In its own order, one a line; blank: as the version names them.",
            ),
        },
        prepare=_interpreted,
    ),
)
