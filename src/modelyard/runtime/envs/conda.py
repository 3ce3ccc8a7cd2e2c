"""What conda packages are called in Python's package index."""

from __future__ import annotations

import re

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

_NAMES = {
    "matplotlib-base": "matplotlib",
    "msgpack-python": "msgpack",
    "opencv": "opencv-python-headless",
    "py-catboost": "catboost",
    "py-opencv": "opencv-python-headless",
    "py-xgboost": "xgboost",
    "py-xgboost-cpu": "xgboost",
    "pytables": "tables",
    "python-graphviz": "graphviz",
    "pytorch": "torch",
    "pytorch-cpu": "torch",
    "tensorflow-base": "tensorflow",
}

_NO_PYTHON_PACKAGE = re.compile(
    r"-.*|lib(?!rosa|svm|sass).*|r-.*|vs20.*|vc\d*|mkl.*|cuda.*|ld-impl.*|"
    r"(gcc|gxx|gfortran|binutils).*|"
    r"blas|brotli-bin|bzip2|ca-certificates|cudnn|freetype|graphite2|harfbuzz|icc-rt|icu|intel-openmp|"
    r"jpeg|krb5|lame|lcms2|lerc|lz4-c|nccl|ncurses|nettle|nodejs|openblas|openh264|openjdk|openjpeg|"
    r"openssl|pcre2?|python-abi|pytorch-mutex|qt.*|re2|readline|snappy|sqlite|tk|ucrt|xz|yaml|zlib|zstd"
)

_SPEC = re.compile(r"([A-Za-z0-9_.-]+)\s*([<>=!~\s\d].*)?")


def as_pip(spec: str) -> str | None:
    """Say a conda spec, such as `pytorch=1.9.0=cpu_py38`, as pip does: `torch==1.9.0`.

    None where no Python package belongs to it.
    """
    match = _SPEC.fullmatch(spec)
    name = canonicalize_name(match[1]) if match else ""
    if match is None or _NO_PYTHON_PACKAGE.fullmatch(name):
        return None
    requirement = f"{_NAMES.get(name, name)}{_versions(match[2] or '')}"
    try:
        return str(Requirement(requirement))
    except InvalidRequirement:
        return _NAMES.get(name, name)


def _versions(spec: str) -> str:
    spec = spec.strip()
    if spec.startswith(("==", "<", ">", "!", "~")):
        return spec
    version = re.split(r"[=\s]", spec.lstrip("= "))[0]  # what follows names a build
    if not version:
        return ""
    whole = version.endswith("*") or version.count(".") >= 2
    return f"=={version}" if whole else f"=={version}.*"
