"""Starts a worker that loads `model.py` of a model's folder as it is, with no MLflow around it.

Takes the arguments of a Python interpreter that is told to run the worker's own `__main__.py`. The
worker also knows the task `rehearsal`.
"""

import importlib.util
import runpy
import sys
import types
from pathlib import Path


def load(options):
    return module_of("plain_model", Path(options["folder"]) / "model.py").Model(options)


def module_of(name, path):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rehearse(arguments, progress):
    return module_of("rehearsal", Path(__file__).with_name("rehearsal.py")).run(arguments, progress)


def register(name, **functions):
    module = types.ModuleType("modelyard_worker." + name)
    vars(module).update(functions)
    sys.modules[module.__name__] = module


def main():
    register("model", load=load)
    register("tasks.rehearsal", run=rehearse)
    script = next(at for at, word in enumerate(sys.argv) if word.endswith("__main__.py"))
    sys.argv = sys.argv[script:]
    runpy.run_path(sys.argv[0], run_name="__main__")


main()
