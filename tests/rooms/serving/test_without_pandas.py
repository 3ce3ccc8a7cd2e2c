"""A process of a node makes arrays without pandas, where it is installed."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
from modelyard.serving.without_pandas import do_without_pandas
do_without_pandas()
import pyarrow as pa
assert pa.array(["a", None], pa.string()).to_pylist() == ["a", None]
assert "pandas" not in sys.modules
"""


def test_the_first_array_imports_no_pandas():
    subprocess.run([sys.executable, "-c", PROGRAM], check=True)
