"""Runners: how the model of a generation runs, be it in worker processes or in this one."""

from modelyard.serving.runners.runner import Predicted, Refused, Runner, Wish

__all__ = ["Predicted", "Refused", "Runner", "Wish"]
