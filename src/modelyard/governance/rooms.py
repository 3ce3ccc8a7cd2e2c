"""The rooms of verbs about people: who they are, what they may do, what they did."""

from __future__ import annotations

from modelyard.governance import commands
from modelyard.governance.connection import commands as connection
from modelyard.governance.items import commands as governed
from modelyard.governance.listing import commands as listing
from modelyard.governance.notifying import commands as notices
from modelyard.governance.policies import commands as policies
from modelyard.governance.policies import writing_commands as written
from modelyard.governance.roles import commands as roles
from modelyard.governance.signoffs import commands as signoffs
from modelyard.governance.templates import commands as templates
from modelyard.governance.workspaces import commands as workspaces
from modelyard.kernel.command import Room, verb


class Members(Room):
    """Members: who has which role in a project."""

    add = verb(commands.AddMember)
    list = verb(commands.ListMembers)
    remove = verb(commands.RemoveMember)


class Users(Room):
    """Users: who can sign in, and whom API keys act for."""

    create = verb(commands.CreateUser)
    list = verb(commands.ListUsers)
    show = verb(commands.ShowUser)
    update = verb(commands.UpdateUser)
    revoke = verb(commands.RevokeUser)
    delete = verb(commands.DeleteUser)


class Groups(Room):
    """Groups: users who are given roles and rights together."""

    create = verb(commands.CreateGroup)
    list = verb(commands.ListGroups)
    show = verb(commands.ShowGroup)
    update = verb(commands.UpdateGroup)
    revoke = verb(commands.RevokeGroup)
    delete = verb(commands.DeleteGroup)


class Keys(Room):
    """API keys: how scripts get in."""

    create = verb(commands.CreateKey)
    list = verb(commands.ListKeys)
    revoke = verb(commands.RevokeKey)


class Sessions(Room):
    """Sessions: who is signed in with a browser."""

    list = verb(commands.ListSessions)
    revoke = verb(commands.RevokeSession)


class Account(Room):
    """Account: who one is here, and one's password."""

    show = verb(commands.ShowAccount)
    password = verb(commands.ChangePassword)


class Audit(Room):
    """Audit: who did what, in a log that shows if it was tampered with."""

    list = verb(commands.ListAudit)
    show = verb(commands.ShowAudit)
    verify = verb(commands.VerifyAudit)
    export = verb(commands.ExportAudit)


class Govern(Room):
    """Governance: items that appear by themselves, what is told of them, what becomes of them."""

    items = verb(listing.ListItems)
    models = verb(listing.ListGovernedModels)
    bundles = verb(listing.ListGovernedBundles)
    business = verb(listing.ListBusiness)
    show = verb(governed.ShowItem)
    timeline = verb(governed.ListEvents)
    intact = verb(governed.CheckEvents)
    govern = verb(governed.GovernItem)
    hide = verb(governed.HideItem)
    unhide = verb(governed.UnhideItem)
    create = verb(governed.CreateItem)
    place = verb(governed.PlaceItem)
    delete = verb(governed.DeleteItem)
    sync = verb(governed.SyncItems)
    connect = verb(connection.ConnectGovernNode)
    disconnect = verb(connection.DisconnectGovernNode)
    status = verb(connection.ShowGovernStatus)
    workflow = verb(signoffs.ShowWorkflow)
    standing = verb(signoffs.ShowStanding)
    set = verb(signoffs.SetFields)
    attach = verb(signoffs.AttachFile)
    download = verb(signoffs.DownloadFile)
    advance = verb(signoffs.AdvanceItem)
    request = verb(signoffs.RequestSignoff)
    feedback = verb(signoffs.GiveFeedback)
    withdraw = verb(signoffs.WithdrawFeedback)
    approve = verb(signoffs.Approve)
    reject = verb(signoffs.Reject)
    abandon = verb(signoffs.Abandon)
    delegate = verb(signoffs.Delegate)
    reset = verb(signoffs.Reset)
    tasks = verb(signoffs.ListTasks)
    may = verb(signoffs.MayOnItem)
    subscribe = verb(notices.Subscribe)
    unsubscribe = verb(notices.Unsubscribe)
    mute = verb(notices.Mute)
    subscribed = verb(notices.ShowSubscribed)
    subscriptions = verb(notices.ListSubscriptions)
    notifications = verb(notices.ListNotifications)
    news = verb(notices.ShowNews)
    read = verb(notices.ReadNotifications)
    notifying = verb(notices.ShowNotifying)
    notify = verb(notices.ChangeNotifying)


class Views(Room):
    """Views: which governed items are looked at and how, under a name."""

    save = verb(listing.SaveView)
    list = verb(listing.ListViews)
    show = verb(listing.ShowView)
    share = verb(listing.ShareView)
    withdraw = verb(listing.WithdrawView)
    delete = verb(listing.DeleteView)


class Workspaces(Room):
    """Workspaces: others whose things are governed from here, on a govern node."""

    add = verb(workspaces.AddWorkspace)
    list = verb(workspaces.ListWorkspaces)
    show = verb(workspaces.ShowWorkspace)
    rekey = verb(workspaces.RekeyWorkspace)
    remove = verb(workspaces.RemoveWorkspace)
    compare = verb(workspaces.CompareItems)
    receive = verb(workspaces.ReceiveItems)
    judge = verb(workspaces.JudgeVersions)


class Rules(Room):
    """Rules: what becomes of items that appear, as long as nobody decides."""

    list = verb(governed.ListRules)
    set = verb(governed.SetRule)
    unset = verb(governed.UnsetRule)


class Roles(Room):
    """Roles: what people may do with governed items, and which fields of them they may know."""

    list = verb(roles.ListRoles)
    given = verb(roles.ListGivenRoles)
    give = verb(roles.GiveRole)
    take = verb(roles.TakeRole)


class Templates(Room):
    """Templates: what is asked of a governed item, in which steps, and who signs off."""

    list = verb(templates.ListTemplates)
    show = verb(templates.ShowTemplate)
    validate = verb(templates.ValidateTemplate)
    write = verb(templates.WriteTemplate)
    publish = verb(templates.PublishTemplate)
    migrate = verb(signoffs.MigrateTemplate)
    archive = verb(templates.ArchiveTemplate)
    export = verb(templates.ExportTemplate)
    delete = verb(templates.DeleteTemplate)


class Policies(Room):
    """Policies: what has to hold of a version before it is deployed, as clauses over evidence."""

    create = verb(policies.CreatePolicy)
    list = verb(policies.ListPolicies)
    show = verb(policies.ShowPolicy)
    update = verb(policies.UpdatePolicy)
    delete = verb(policies.DeletePolicy)
    check = verb(policies.CheckPolicies)
    simulate = verb(policies.SimulatePolicy)
    enforce = verb(policies.EnforcePolicies)
    enforced = verb(policies.ListEnforced)
    except_ = verb(policies.ExceptItem)
    exceptions = verb(policies.ListExceptions)
    withdraw = verb(policies.WithdrawException)
    outcomes = verb(policies.ListOutcomes)
    standing = verb(policies.ShowStanding)
    evaluate = verb(policies.EvaluatePolicies)
    write = verb(written.WritePolicy)
    try_ = verb(written.TryPolicy)
    clause = verb(written.SetClause)
    unclause = verb(written.RemoveClause)
