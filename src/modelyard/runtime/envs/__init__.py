"""Code envs: the Python and the packages that a model runs with.

A request says what a model's files ask for, a plan what the rules make of it, a resolution which
packages go together, an env is the venv that holds them. All differences on the way are kept as
relaxations.
"""

from modelyard.runtime.envs.codeenvs import INHERIT, RESERVED, ensure_env, env_python
from modelyard.runtime.envs.request import request_of

__all__ = ["INHERIT", "RESERVED", "ensure_env", "env_python", "request_of"]
