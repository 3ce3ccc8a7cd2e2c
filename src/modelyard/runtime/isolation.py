"""What a worker sees of its surroundings: a few variables and a private home, no secrets."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

PASSED_ON = frozenset(
    {
        "PATH",
        "LANG",
        "LANGUAGE",
        "TZ",
        "LD_LIBRARY_PATH",
        "JAVA_HOME",
        "CUDA_HOME",
        "CUDA_VISIBLE_DEVICES",
        "NVIDIA_VISIBLE_DEVICES",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
    }
)
THREAD_COUNTS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)

KEEPING_MEMORY = {
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(128 << 20),
    "MALLOC_TOP_PAD_": str(16 << 20),
}
"""Let the C library keep what is freed: to get it back from the system is slow."""


def worker_environment(
    scratch: str, *, threads: int, named: Sequence[str] = (), extra: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Make the environment of a worker.

    Args:
        scratch: the folder that is its home and holds its temporary files.
        threads: how many threads numeric libraries may use.
        named: further variables of this process to pass on.
        extra: variables to add or replace.
    """
    passed = {
        name: value
        for name, value in os.environ.items()
        if name in PASSED_ON or name in named or name.startswith("LC_")
    }
    return {
        **passed,
        **dict.fromkeys(THREAD_COUNTS, str(threads)),
        **KEEPING_MEMORY,
        "OMP_WAIT_POLICY": "PASSIVE",  # spinning threads of several workers slow each other down
        "HOME": scratch,
        "TMPDIR": scratch,
        "ARROW_DEFAULT_MEMORY_POOL": "system",  # others reserve memory that counts as used
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "1",
        **(extra or {}),
    }


def threads_per_worker(workers: int) -> int:
    """Share the cores of this machine among workers, at least one thread each."""
    return max(1, usable_cores() // workers)


def usable_cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
