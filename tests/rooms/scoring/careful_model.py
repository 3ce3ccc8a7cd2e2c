"""A model that multiplies, refuses negative numbers, and takes as long as it is told."""

import time

import mlflow


class Careful(mlflow.pyfunc.PythonModel):
    """Returns x times a factor."""

    def predict(self, context, model_input, params=None):
        params = {"delay": 0.0, "factor": 2, **(params or {})}
        time.sleep(params["delay"])
        if (model_input["x"] < 0).any():
            raise ValueError("x must not be negative")
        return model_input["x"] * params["factor"]


mlflow.models.set_model(Careful())
