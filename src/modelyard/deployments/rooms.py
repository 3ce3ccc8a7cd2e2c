"""The rooms of verbs about deployments: what is taken where, where to, and what runs there."""

from __future__ import annotations

from modelyard.deployments.activating import commands as activating
from modelyard.deployments.administering import commands as administering
from modelyard.deployments.asking import commands as asking
from modelyard.deployments.bundling import commands as bundling
from modelyard.deployments.canaries import commands as canaries
from modelyard.deployments.deploying import commands as deploying
from modelyard.deployments.hooking import commands as hooking
from modelyard.deployments.infrastructures import commands as infrastructures
from modelyard.deployments.nodes import commands as nodes
from modelyard.deployments.promoting import commands as promoting
from modelyard.deployments.standards import commands as standards
from modelyard.kernel.command import Room, verb


class Bundles(Room):
    """Bundles: a project as it was at a moment, in one file that never changes."""

    create = verb(bundling.CreateBundle)
    list = verb(bundling.ListBundles)
    show = verb(bundling.ShowBundle)
    download = verb(bundling.DownloadBundle)
    verify = verb(bundling.VerifyBundle)
    diff = verb(bundling.DiffBundles)
    import_ = verb(activating.ImportBundle)
    preload = verb(activating.PreloadBundle)
    activate = verb(activating.ActivateBundle)
    rollback = verb(activating.RollBackBundle)
    activations = verb(activating.ListBundleActivations)
    activation = verb(activating.ShowBundleActivation)
    locals = verb(activating.ShowProjectLocals)
    revert = verb(activating.RevertBundle)
    delete = verb(bundling.DeleteBundle)


class Nodes(Room):
    """Nodes: API nodes and automation nodes that are administered from here."""

    add = verb(nodes.AddNode)
    list = verb(nodes.ListNodes)
    show = verb(nodes.ShowNode)
    check = verb(nodes.CheckNode)
    update = verb(nodes.UpdateNode)
    remove = verb(nodes.RemoveNode)
    identity = verb(nodes.ShowIdentity)
    services = verb(administering.ListNodeServices)
    generations = verb(administering.ListNodeGenerations)
    import_ = verb(administering.ImportPackage)
    preload = verb(administering.PreloadGeneration)
    activate = verb(administering.ActivateGeneration)
    mapping = verb(administering.ShowNodeMapping)
    map = verb(administering.MapGenerations)
    enable = verb(administering.EnableNodeService)
    disable = verb(administering.DisableNodeService)
    access = verb(administering.SetNodeAccess)
    try_ = verb(administering.TryNode)
    activity = verb(administering.ShowNodeActivity)
    queries = verb(administering.ListNodeQueries)
    metrics = verb(administering.ShowNodeMetrics)
    processes = verb(administering.ListNodeProcesses)
    chart = verb(administering.DrawActivity)
    generation = verb(administering.ShowNodeGeneration)
    test = verb(administering.TryGeneration)
    drop = verb(administering.DropGeneration)
    clean = verb(administering.CleanUpNode)


class Infrastructures(Room):
    """Infrastructures: nodes in a stage that packages and bundles are deployed to."""

    create = verb(infrastructures.CreateInfrastructure)
    list = verb(infrastructures.ListInfrastructures)
    show = verb(infrastructures.ShowInfrastructure)
    update = verb(infrastructures.UpdateInfrastructure)
    allow = verb(infrastructures.AllowGroup)
    identities = verb(infrastructures.SetIdentities)
    delete = verb(infrastructures.DeleteInfrastructure)


class Hooks(Room):
    """Hooks: functions and webhooks that are called before and after updates of deployments."""

    add = verb(hooking.AddHook)
    list = verb(hooking.ListHooks)
    show = verb(hooking.ShowHook)
    change = verb(hooking.ChangeHook)
    delete = verb(hooking.DeleteHook)


class Deployments(Room):
    """Deployments: what is to run on an infrastructure, brought there and watched."""

    create = verb(deploying.CreateDeployment)
    list = verb(deploying.ListDeployments)
    show = verb(deploying.ShowDeployment)
    check = verb(deploying.CheckDeployment)
    update = verb(deploying.UpdateDeployment)
    apply = verb(deploying.ApplyFile)
    rollback = verb(deploying.RollBackDeployment)
    disable = verb(deploying.DisableDeployment)
    enable = verb(deploying.EnableDeployment)
    endpoints = verb(asking.ListDeployedEndpoints)
    ask = verb(asking.AskDeployment)
    test = verb(asking.TestDeployment)
    runs = verb(asking.ListDeployedRuns)
    testing = verb(asking.ShowTesting)
    history = verb(deploying.ListUpdates)
    log = verb(deploying.ShowUpdate)
    render = verb(deploying.RenderDeployment)
    delete = verb(deploying.DeleteDeployment)


class Standards(Room):
    """Standards: what has to hold of projects that are deployed, and how bad it is if not."""

    create = verb(standards.CreateStandard)
    list = verb(standards.ListStandards)
    show = verb(standards.ShowStandard)
    update = verb(standards.UpdateStandard)
    run = verb(standards.RunStandards)
    report = verb(standards.ShowStandardReport)
    delete = verb(standards.DeleteStandard)


class Pipelines(Room):
    """Pipelines: the steps that packages or bundles go through, and what holds in between."""

    create = verb(promoting.CreatePipeline)
    list = verb(promoting.ListPipelines)
    show = verb(promoting.ShowPipeline)
    status = verb(promoting.ShowPipelineStatus)
    update = verb(promoting.UpdatePipeline)
    promote = verb(promoting.PromoteRelease)
    approve = verb(promoting.ApprovePromotion)
    reject = verb(promoting.RejectPromotion)
    history = verb(promoting.ListPromotions)
    delete = verb(promoting.DeletePipeline)


class Canaries(Room):
    """Canaries: new packages that get more queries step by step, as long as they do no worse."""

    start = verb(canaries.StartCanary)
    show = verb(canaries.ShowCanary)
    list = verb(canaries.ListCanaries)
    look = verb(canaries.LookAtCanary)
    finish = verb(canaries.FinishCanary)
    stop = verb(canaries.StopCanary)
