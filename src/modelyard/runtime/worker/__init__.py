"""What runs inside the model's own env: plain Python 3.8 with pyarrow and the model's libraries.

Nothing of modelyard is imported here. A worker process loads this folder as the package
`modelyard_worker`; tests import it as `modelyard.runtime.worker`.
"""
