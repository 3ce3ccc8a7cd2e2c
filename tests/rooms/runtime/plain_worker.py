"""Starts a worker that loads `model.py` of a model's folder as it is, with no MLflow around it.

Takes the arguments of a Python interpreter that is told to run the worker's own `__main__.py`.
"""

import importlib.util
import runpy
import sys
import types


def load(options):
    spec = importlib.util.spec_from_file_location("plain_model", options["folder"] + "/model.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Model(options)


def main():
    script = next(at for at, word in enumerate(sys.argv) if word.endswith("__main__.py"))
    loader = types.ModuleType("modelyard_worker.model")
    loader.load = load
    sys.modules[loader.__name__] = loader
    sys.argv = sys.argv[script:]
    runpy.run_path(sys.argv[0], run_name="__main__")


main()
