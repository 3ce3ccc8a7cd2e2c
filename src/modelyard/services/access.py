"""How other rooms ask about services."""

from __future__ import annotations

from sqlalchemy import Connection

from modelyard.services import repository
from modelyard.services.packaging import repository as packages
from modelyard.services.packaging.types import Package
from modelyard.services.repository import remove as forget_project

__all__ = ["find_package", "forget_project"]


def find_package(db: Connection, project: str, service: str, name: str) -> Package:
    """Look a package up; NotFound if there is none, or no such service."""
    repository.get(db, project, service)
    return packages.get(db, project, service, name)
