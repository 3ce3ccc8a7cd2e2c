"""What a model itself says of its features."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Self

from pydantic import Field

from modelyard.kernel.values import Name, Value
from modelyard.models.types import VersionId
from modelyard.runtime.types import Label


class FeatureEffects(Value):
    """What the features weigh for one class or output."""

    outcome: Label | None = Field(
        default=None, description="the class, or the number of the output where there are several"
    )
    intercept: float | None = Field(default=None, description="of coefficients, where known")
    values: tuple[float | None, ...] = Field(description="one for each of the features")


class OwnImportances(Value):
    """What a model itself says of its features, those first that weigh most."""

    model: Name
    version: VersionId
    kind: Literal["importance", "coefficient"] = Field(
        description="importances of trees are shares that sum to 1 over all features; coefficients "
        "have a sign, and the unit of the prediction by that of the feature"
    )
    measure: Literal[
        "impurity",
        "mean_gain",
        "total_gain",
        "prediction_values_change",
        "unnamed",
        "coefficient",
    ] = Field(
        description="what is shared out: the fall of impurity (Gini importance), the mean or the "
        "whole gain of a feature's splits, how far predictions move, or what the library calls "
        "feature_importances_"
    )
    features: tuple[str, ...] = Field(description="as the estimator takes them, after encoding")
    effects: tuple[FeatureEffects, ...] = Field(
        description="one, or of coefficients one for each class or output"
    )
    total: int = Field(description="features that the estimator takes")
    notes: tuple[str, ...] = ()
    read: datetime | None = Field(default=None, description="when the model was asked")

    def first(self, most: int) -> Self:
        """The features that weigh most."""
        effects = (each.model_copy(update={"values": each.values[:most]}) for each in self.effects)
        told = {"features": self.features[:most], "effects": tuple(effects)}
        return self.model_copy(update=told)
