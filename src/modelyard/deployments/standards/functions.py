"""Standards that are written in Python, which run in a process of their own."""

from __future__ import annotations

from modelyard import errors
from modelyard.deployments.standards.types import WORST, ProjectSeen, Standard, StandardResult
from modelyard.kernel.context import Context
from modelyard.runtime.functions import call_function, require_code_allowed, require_function

FUNCTION = "standard"
GIVEN = ("project", "models", "services", "stores")
"""What the function may take, by the names of its parameters."""
LOG = "standards.log"


def require_standard(context: Context, standard: Standard) -> None:
    """Refuse code that could not run; nothing of it is run.

    Raises:
        Invalid: it is no Python, has no function `standard`, or that takes something unknown.
        Blocked: the settings let in no code that nobody has looked at.
    """
    require_code_allowed(context, f"the standard {standard.name!r}")
    require_function(standard.code, FUNCTION, GIVEN)


def call_standard(context: Context, standard: Standard, seen: ProjectSeen) -> StandardResult:
    """Ask its function; what goes wrong there is as bad as can be, since it could not say."""
    of_project = seen.model_dump(mode="json")
    lists = {name: of_project[name] for name in GIVEN[1:]}
    try:
        require_code_allowed(context, f"the standard {standard.name!r}")
        told = call_function(
            context,
            FUNCTION,
            {"code": standard.code, "name": standard.name, "severity": standard.severity},
            {"project": of_project, **lists},
            seconds=standard.seconds,
            log=LOG,
        )
    except errors.ModelyardError as exc:
        return StandardResult(
            standard=standard.name,
            description=standard.description,
            outcome="error",
            severity=WORST,
            message=exc.detail,
            advice=f"Mend its code; logs/workers/{LOG} in the workspace has what it printed.",
        )
    severity = told["severity"]
    return StandardResult(
        standard=standard.name,
        description=standard.description,
        outcome="unmet" if severity else "met",
        severity=severity,
        message=told["message"],
    )
