"""What the steps of the import wizard share: where they are, what they are about."""

from __future__ import annotations

from urllib.parse import urlencode

from modelyard import errors
from modelyard.jobs.commands import ShowJob
from modelyard.jobs.types import Job
from modelyard.kernel import values
from modelyard.models.commands import ShowModel
from modelyard.models.types import SavedModel
from modelyard.web.pages import models
from modelyard.web.pages.page import Crumb, Visit
from modelyard.web.pages.plain_words import known

START = "/projects/{project}/import"
NEW = f"{START}/new"
SOURCE = "/projects/{project}/models/{model}/import"
ENV = f"{SOURCE}/env"
UPLOAD = f"{SOURCE}/upload"
PROBE = f"{SOURCE}/{{job}}"
METADATA = f"{PROBE}/metadata"
SAID = ("version", "name", "description", "target", "classes", "threshold", "activate")
"""What the last step asks for, and its address may say."""
CHOSEN = ("from", "server")
"""What the first steps hand on."""
OF_PROBE = "probe"
"""The word of an import's address that names the job which probed the model."""
MOST = 200
"""Files, models, envs and versions that are looked at to offer them, or to number the next one."""
TRANSIT = f"{values.FILES}{values.TRANSIT}/"
"""Where uploads wait for their import."""
PROBED, IMPORTED = "versions.probe", "versions.import"


def onwards(visit: Visit, href: str) -> str:
    """A step with what was chosen before it: the kind of source, and which MLflow server."""
    words = {name: visit.asked(name) for name in CHOSEN if visit.asked(name)}
    return f"{href}?{urlencode(words)}" if words else href


def model_of(visit: Visit) -> SavedModel:
    """The saved model that a version is imported into."""
    return visit.run(ShowModel(project=visit.path["project"], name=visit.path["model"]))


def job_of(visit: Visit) -> Job:
    """The job of a probe or import of this model; NotFound for any other."""
    job = visit.run(ShowJob(id=visit.path["job"]))
    here = (job.project, job.arguments.get("model"))
    if job.command not in (PROBED, IMPORTED) or here != (
        visit.path["project"],
        visit.path["model"],
    ):
        raise errors.NotFound(f"job {job.id} is no import into {visit.path['model']}")
    return job


def told(source: str) -> str:
    """A source as people know it: of an upload, the name that the file had."""
    return known(source)


def above(visit: Visit) -> tuple[Crumb, ...]:
    """What stands above each step."""
    return models.crumbs(visit.path["project"], visit.path["model"])
