"""The rooms of verbs about whom to tell of statuses, and about endpoints elsewhere."""

from __future__ import annotations

from modelyard.kernel.command import Room, verb
from modelyard.monitoring.alerting import commands as alerting
from modelyard.monitoring.scopes import commands as scopes


class Alerts(Room):
    """Alerts: who is told by mail or webhook when a status changes."""

    create = verb(alerting.CreateAlert)
    list = verb(alerting.ListAlerts)
    show = verb(alerting.ShowAlert)
    update = verb(alerting.UpdateAlert)
    test = verb(alerting.TryAlert)
    messages = verb(alerting.ListMessages)
    delete = verb(alerting.DeleteAlert)


class Scopes(Room):
    """Monitoring scopes: endpoints elsewhere that are asked from time to time."""

    create = verb(scopes.CreateScope)
    list = verb(scopes.ListScopes)
    show = verb(scopes.ShowScope)
    update = verb(scopes.UpdateScope)
    test = verb(scopes.TryScope)
    refresh = verb(scopes.RefreshScope)
    forget = verb(scopes.ForgetEndpoint)
    delete = verb(scopes.DeleteScope)
