"""The table of contents: every verb, grouped by room.

The Python API, the command line and the reference are all read off this page. A trailing underscore
keeps a verb from being a Python keyword; elsewhere it is left off.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_type_hints

from modelyard.backups import commands as backups
from modelyard.data import commands as data
from modelyard.demo import commands as demo
from modelyard.deployments.rooms import (
    Bundles,
    Canaries,
    Deployments,
    Hooks,
    Infrastructures,
    Nodes,
    Pipelines,
    Standards,
)
from modelyard.deployments.watching import commands as watching_deployments
from modelyard.dossiers import commands as dossiers
from modelyard.dossiers import metric_commands
from modelyard.evaluations import commands as evaluations
from modelyard.evaluations.charting import commands as charting
from modelyard.evaluations.comparing import chart_commands as comparison_charts
from modelyard.evaluations.comparing import commands as comparing
from modelyard.evaluations.drifting import commands as drifting
from modelyard.evaluations.explaining import commands as explaining
from modelyard.evaluations.looking import commands as looking
from modelyard.evaluations.replaying import commands as replaying
from modelyard.evaluations.storing import commands as storing
from modelyard.files import commands as files
from modelyard.governance import rooms as governance
from modelyard.housekeeping import commands as housekeeping
from modelyard.jobs.rooms import Jobs, Scenarios
from modelyard.kernel.catalog import Catalog
from modelyard.kernel.command import Caller, Command, Room, verb, verbs_of
from modelyard.models import commands as models
from modelyard.models import file_commands as model_files
from modelyard.models.browsing import commands as browsing
from modelyard.monitoring import commands as monitoring
from modelyard.monitoring.rooms import Alerts, Scopes
from modelyard.monitoring.watching import commands as watching
from modelyard.projects import commands as projects
from modelyard.recipes import commands as recipes
from modelyard.runtime import commands as runtime
from modelyard.scoring import commands as scoring
from modelyard.search import commands as search
from modelyard.services.rooms import Endpoints, Packages, Queries, Services


class Projects(Room):
    """Projects keep one team's models, datasets and recipes apart from another's."""

    create = verb(projects.CreateProject)
    list = verb(projects.ListProjects)
    show = verb(projects.ShowProject)
    update = verb(projects.UpdateProject)
    delete = verb(housekeeping.DeleteProject)


class Files(Room):
    """Files of a project: what commands over HTTP read from and write to."""

    put = verb(files.PutFile)
    list = verb(files.ListFiles)
    show = verb(files.ShowFile)
    get = verb(files.GetFile)
    delete = verb(files.DeleteFile)


class Connections(Room):
    """Connections: folders and databases that datasets are in, under a name."""

    create = verb(data.CreateConnection)
    list = verb(data.ListConnections)
    show = verb(data.ShowConnection)
    delete = verb(data.DeleteConnection)


class Datasets(Room):
    """Datasets: tables in files and databases, under a name; a path works wherever a name does."""

    create = verb(data.CreateDataset)
    list = verb(data.ListDatasets)
    show = verb(data.ShowDataset)
    preview = verb(data.PreviewDataset)
    statistics = verb(data.DescribeColumns)
    sample = verb(data.SampleDataset)
    join = verb(data.JoinDatasets)
    export = verb(data.ExportDataset)
    delete = verb(data.DeleteDataset)


class Models(Room):
    """Saved models: a name, a prediction type, and versions of which one is active."""

    create = verb(models.CreateModel)
    list = verb(models.ListModels)
    show = verb(models.ShowModel)
    update = verb(models.UpdateModel)
    usages = verb(models.ListUsages)
    delete = verb(models.DeleteModel)


class Versions(Room):
    """Versions of a saved model: each one an imported MLflow model."""

    probe = verb(models.ProbeVersion)
    import_ = verb(models.ImportVersion)
    list = verb(models.ListVersions)
    show = verb(models.ShowVersion)
    example = verb(models.ShowExample)
    update = verb(models.UpdateVersion)
    activate = verb(models.ActivateVersion)
    rollback = verb(models.RollBack)
    activations = verb(models.ListActivations)
    replay = verb(replaying.ReplayVersion)
    replays = verb(replaying.ListReplays)
    verify = verb(models.VerifyVersion)
    importances = verb(models.ReadImportances)
    read = verb(model_files.ReadVersionFile)
    get = verb(model_files.GetVersionFile)
    download = verb(model_files.DownloadVersion)
    export = verb(models.ExportVersion)
    delete = verb(models.DeleteVersions)


class Replays(Room):
    """Replays: what a version answers otherwise than another one, on the same rows."""

    show = verb(replaying.ShowReplay)
    chart = verb(replaying.ShowReplayChart)
    table = verb(replaying.ShowReplayTable)
    export = verb(replaying.ExportReplay)
    delete = verb(replaying.DeleteReplay)


class Mlflow(Room):
    """MLflow servers: what there is on them to import."""

    experiments = verb(browsing.ListExperiments)
    runs = verb(browsing.ListTrackedRuns)
    models = verb(browsing.ListRegisteredModels)
    versions = verb(browsing.ListRegisteredVersions)


class Envs(Room):
    """Code envs: a Python with packages, shared by all versions that need the same."""

    list = verb(runtime.ListEnvs)
    show = verb(runtime.ShowEnv)
    log = verb(runtime.ReadEnvLog)
    build = verb(runtime.BuildEnv)
    delete = verb(runtime.DeleteEnv)


class Scoring(Room):
    """Scoring: a dataset through a version of a saved model, and the runs that did it."""

    run = verb(scoring.RunScoring)
    predict = verb(scoring.PredictRows)
    list = verb(scoring.ListRuns)
    show = verb(scoring.ShowRun)


class Recipes(Room):
    """Recipes: scorings and evaluations saved under a name, to be run again."""

    create = verb(recipes.CreateRecipe)
    evaluation = verb(recipes.SaveEvaluation)
    standalone = verb(recipes.SaveStandalone)
    update = verb(recipes.UpdateRecipe)
    list = verb(recipes.ListRecipes)
    show = verb(recipes.ShowRecipe)
    run = verb(recipes.RunRecipe)
    delete = verb(recipes.DeleteRecipe)


class Evaluations(Room):
    """Evaluations: what a version is worth on data whose truth is known."""

    run = verb(evaluations.RunEvaluation)
    standalone = verb(evaluations.EvaluateStandalone)
    list = verb(evaluations.ListEvaluations)
    show = verb(evaluations.ShowEvaluation)
    screen = verb(evaluations.ShowScreen)
    chart = verb(charting.ShowChart)
    table = verb(charting.ShowTable)
    export = verb(charting.ExportScreen)
    report = verb(charting.ReportEvaluation)
    slices = verb(evaluations.ShowSlices)
    fairness = verb(looking.ShowFairness)
    worst = verb(looking.FindWorst)
    rows = verb(looking.ShowRows)
    residuals = verb(looking.ShowResiduals)
    importance = verb(explaining.MeasureImportance)
    dependence = verb(explaining.MeasureDependence)
    explanations = verb(explaining.ListExplanations)
    add = verb(storing.AddEvaluation)
    label = verb(storing.LabelEvaluation)
    sample = verb(storing.ExportSample)
    delete = verb(evaluations.DeleteEvaluation)


class Stores(Room):
    """Evaluation stores: evaluations side by side, such as those of a model over time."""

    create = verb(storing.CreateStore)
    list = verb(storing.ListStores)
    show = verb(storing.ShowStore)
    history = verb(storing.ShowHistory)
    chart = verb(storing.DrawHistory)
    export = verb(storing.ExportHistory)
    report = verb(monitoring.ReportStore)
    update = verb(storing.UpdateStore)
    delete = verb(storing.DeleteStore)


class Comparisons(Room):
    """Comparisons: versions and evaluations side by side, and whether one is really better."""

    create = verb(comparing.CreateComparison)
    list = verb(comparing.ListComparisons)
    show = verb(comparing.ShowComparison)
    update = verb(comparing.UpdateComparison)
    add = verb(comparing.AddItems)
    remove = verb(comparing.RemoveItems)
    slices = verb(comparing.CompareSlices)
    information = verb(comparing.CompareInformation)
    chart = verb(comparison_charts.DrawComparison)
    table = verb(comparison_charts.TabulateComparison)
    export = verb(comparison_charts.ExportComparison)
    report = verb(comparison_charts.ReportComparison)
    delete = verb(comparing.DeleteComparison)


class Drift(Room):
    """Drift: whether data, predictions and performance moved between two sides."""

    compute = verb(drifting.ComputeDrift)
    list = verb(drifting.ListDrift)
    show = verb(drifting.ShowDrift)
    chart = verb(drifting.ShowDriftChart)
    table = verb(drifting.ShowDriftTable)
    export = verb(drifting.ExportDrift)
    delete = verb(drifting.DeleteDrift)
    tests = verb(drifting.ListDriftTests)


class Checks(Room):
    """Checks: what has to hold of the evaluations of a store, and whether it does."""

    create = verb(monitoring.CreateCheck)
    update = verb(monitoring.UpdateCheck)
    list = verb(monitoring.ListChecks)
    show = verb(monitoring.ShowCheck)
    run = verb(monitoring.RunChecks)
    history = verb(monitoring.ListResults)
    delete = verb(monitoring.DeleteCheck)


class Monitoring(Room):
    """Monitoring: how models, stores, scenarios, and what is deployed are, and why."""

    show = verb(watching.ShowMonitoring)
    overview = verb(watching_deployments.ShowOverview)
    projects = verb(watching_deployments.ListDeployedProjects)
    endpoints = verb(watching_deployments.ListWatchedEndpoints)
    activity = verb(watching_deployments.ShowKeptActivity)
    chart = verb(watching_deployments.DrawKeptActivity)
    refresh = verb(watching_deployments.RefreshDeployment)
    follow = verb(watching.FollowModel)
    track = verb(watching.TrackEndpoint)


class Search(Room):
    """Search: things of every room, in all projects that one may see."""

    find = verb(search.FindThings)


class Backups(Room):
    """Backups: the whole workspace in one file."""

    create = verb(backups.CreateBackup)


class Demo(Room):
    """The demo: a project in which everything is alive, to look around in."""

    load = verb(demo.LoadDemo)


class Settings(Room):
    """Settings: what is set for the whole workspace."""

    show = verb(housekeeping.ShowSettings)


class Govern(governance.Govern):
    """Governance: items that appear by themselves, what is told of them, what becomes of them."""

    describe = verb(dossiers.DescribeItem)
    card = verb(dossiers.WriteCard)
    export = verb(dossiers.ExportItem)
    verify = verb(dossiers.VerifyPackage)
    metrics = verb(metric_commands.ShowMetrics)
    chart = verb(metric_commands.DrawMetrics)
    save_metrics = verb(metric_commands.ExportMetrics)


class Verbs:
    """Everything a caller can be asked: rooms, by their names."""

    projects: Projects
    files: Files
    connections: Connections
    datasets: Datasets
    models: Models
    versions: Versions
    replays: Replays
    mlflow: Mlflow
    envs: Envs
    scoring: Scoring
    recipes: Recipes
    evaluations: Evaluations
    stores: Stores
    comparisons: Comparisons
    drift: Drift
    checks: Checks
    alerts: Alerts
    monitoring: Monitoring
    scopes: Scopes
    services: Services
    endpoints: Endpoints
    queries: Queries
    packages: Packages
    bundles: Bundles
    nodes: Nodes
    infrastructures: Infrastructures
    hooks: Hooks
    deployments: Deployments
    standards: Standards
    pipelines: Pipelines
    canaries: Canaries
    jobs: Jobs
    scenarios: Scenarios
    search: Search
    govern: Govern
    views: governance.Views
    rules: governance.Rules
    roles: governance.Roles
    templates: governance.Templates
    workspaces: governance.Workspaces
    policies: governance.Policies
    members: governance.Members
    users: governance.Users
    groups: governance.Groups
    keys: governance.Keys
    sessions: governance.Sessions
    account: governance.Account
    audit: governance.Audit
    backups: Backups
    demo: Demo
    settings: Settings

    def __init__(self, caller: Caller) -> None:
        for name, room in ROOMS.items():
            setattr(self, name, room(caller))

    @classmethod
    def commands(cls) -> Iterator[tuple[str, str, type[Command[Any]]]]:
        """Each verb as its room, its name and its command."""
        for room in ROOMS.values():
            for name, entry in verbs_of(room):
                yield room.__name__.lower(), name.rstrip("_"), entry.command


ROOMS: dict[str, type[Room]] = get_type_hints(Verbs)
"""Every room by its name."""

CATALOG = Catalog(Verbs.commands())
"""Every command by its stable name."""
