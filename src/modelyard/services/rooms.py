"""The rooms of verbs about services: what they answer, with what it is tried, how it is packed."""

from __future__ import annotations

from modelyard.kernel.command import Room, verb
from modelyard.services import commands
from modelyard.services.designing import commands as designing
from modelyard.services.designing import query_commands as queries
from modelyard.services.packaging import commands as packaging


class Services(Room):
    """Services: endpoints that API nodes answer in real time."""

    create = verb(commands.CreateService)
    list = verb(commands.ListServices)
    show = verb(commands.ShowService)
    update = verb(commands.UpdateService)
    test = verb(commands.TryService)
    delete = verb(commands.DeleteService)


class Endpoints(Room):
    """Endpoints of services: predictions, functions in Python, rows of datasets."""

    create = verb(designing.CreateEndpoint)
    function = verb(designing.CreateFunction)
    lookup = verb(designing.CreateLookup)
    enrich = verb(designing.EnrichEndpoint)
    unenrich = verb(designing.UnenrichEndpoint)
    list = verb(designing.ListEndpoints)
    show = verb(designing.ShowEndpoint)
    update = verb(designing.UpdateEndpoint)
    delete = verb(designing.DeleteEndpoint)


class Queries(Room):
    """Test queries of endpoints: to try them, and to warm them up on API nodes."""

    add = verb(queries.AddQuery)
    generate = verb(queries.GenerateQueries)
    list = verb(queries.ListQueries)
    delete = verb(queries.DeleteQueries)


class Packages(Room):
    """Packages of services: what API nodes import, which never changes."""

    create = verb(packaging.CreatePackage)
    list = verb(packaging.ListPackages)
    show = verb(packaging.ShowPackage)
    download = verb(packaging.DownloadPackage)
    verify = verb(packaging.VerifyPackage)
    diff = verb(packaging.DiffPackages)
    delete = verb(packaging.DeletePackage)
