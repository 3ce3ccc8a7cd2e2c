"""Work other than predicting that needs the packages of a code env, one module per task.

Each module has `run(arguments: dict, progress) -> dict`: JSON values in and out, and
`progress(message, fraction=None, rows=None)` may be called on the way.
"""
