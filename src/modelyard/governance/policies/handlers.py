"""How policies answer."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from modelyard import errors
from modelyard.governance.items.collecting import collect, fresh_ones, notice
from modelyard.governance.items.elsewhere import enforced_elsewhere
from modelyard.governance.items.ids import EXAMPLES, parsed
from modelyard.governance.items.seeing import require_visible, visible
from modelyard.governance.policies import excepting, outcomes, repository, writing
from modelyard.governance.policies.calling import asking
from modelyard.governance.policies.commands import (
    CheckPolicies,
    CreatePolicy,
    DeletePolicy,
    EnforcePolicies,
    EvaluatePolicies,
    ExceptItem,
    ListEnforced,
    ListExceptions,
    ListOutcomes,
    ListPolicies,
    ShowPolicy,
    ShowStanding,
    SimulatePolicy,
    UpdatePolicy,
    WithdrawException,
)
from modelyard.governance.policies.gathering import known, past_deployments
from modelyard.governance.policies.judging import judge
from modelyard.governance.policies.simulating import simulate
from modelyard.governance.policies.types import (
    Enforced,
    Judgement,
    Policy,
    PolicyException,
    PolicyOutcome,
    PolicySettings,
    Simulation,
    Standing,
)
from modelyard.governance.policies.watching import evaluate
from modelyard.governance.policies.writing_commands import (
    RemoveClause,
    SetClause,
    TryPolicy,
    WritePolicy,
)
from modelyard.kernel.bus import handles
from modelyard.kernel.context import Context
from modelyard.kernel.paging import ALL, Page
from modelyard.kernel.values import now


@handles(CreatePolicy)
def create_policy(command: CreatePolicy, context: Context) -> Policy:
    """Keep what the file says."""
    return writing.created(context, command.name, writing.from_file(context, command.file))


@handles(UpdatePolicy)
def update_policy(command: UpdatePolicy, context: Context) -> Policy:
    """The same clauses are no change."""
    return writing.changed(context, command.name, writing.from_file(context, command.file))


@handles(WritePolicy)
def write_policy(command: WritePolicy, context: Context) -> Policy:
    """Keep what the text says."""
    settings = writing.from_text(context, command.text)
    if not command.new:
        with suppress(errors.NotFound):
            return writing.changed(context, command.name, settings)
    return writing.created(context, command.name, settings)


@handles(SetClause)
def set_clause(command: SetClause, context: Context) -> Policy:
    """As a change of the whole."""
    return writing.with_clause(context, command)


@handles(RemoveClause)
def remove_clause(command: RemoveClause, context: Context) -> Policy:
    """As a change of the whole."""
    return writing.without_clause(context, command)


@handles(ListPolicies)
def list_policies(command: ListPolicies, context: Context) -> list[Policy]:
    """List by name."""
    with context.read() as db:
        return repository.every(db, command)


@handles(ShowPolicy)
def show_policy(command: ShowPolicy, context: Context) -> Policy:
    """Look it up."""
    with context.read() as db:
        return repository.get(db, command.name)


@handles(DeletePolicy)
def delete_policy(command: DeletePolicy, context: Context) -> None:
    """Refuse while it is asked somewhere."""
    with context.begin() as db:
        found = repository.get(db, command.name, lock=True)
        context.unchanged(found)
        if found.places:
            raise errors.Conflict(
                f"{found.name} is asked on {', '.join(found.places)}; have that infrastructure ask "
                f"others first: policies enforce {found.places[0]}"
            )
        repository.remove(db, found.name)


@handles(EnforcePolicies)
def enforce_policies(command: EnforcePolicies, context: Context) -> Enforced:
    """One answer for each infrastructure, in place of the one before."""
    if command.mode != "no_check" and not command.policy:
        raise errors.Invalid("say which policies are asked: give policy", field="policy")
    enforced = Enforced(
        infrastructure=command.infrastructure,
        mode=command.mode,
        policies=tuple(dict.fromkeys(command.policy)),
        changed=now(),
        changed_by=context.identity.name,
    )
    with context.begin() as db:
        for name in enforced.policies:
            repository.get(db, name, lock=True)
        repository.enforce(db, enforced)
    return enforced


@handles(ListEnforced)
def list_enforced(command: ListEnforced, context: Context) -> list[Enforced]:
    """List by infrastructure; where another node governs, as it last said."""
    with context.read() as db:
        told = enforced_elsewhere(db)
        return repository.every_enforced(db, command) if told is None else told


@handles(CheckPolicies)
def check_policies(command: CheckPolicies, context: Context) -> list[Judgement]:
    """As a deployment would ask."""
    _require_version(command.item)
    notice(context, command.item)
    seen = visible(context)
    with context.read() as db:
        require_visible(db, command.item, seen)
        named = [repository.get(db, name) for name in command.policy]
        asked = named or list(repository.every(db, ALL))
    evidence, call = known(context, command.item, asked), asking(context)
    return [judge(policy, evidence, call) for policy in asked]


@handles(ExceptItem)
def except_item(command: ExceptItem, context: Context) -> PolicyException:
    """Of a version that whoever asks may see."""
    _require_version(command.item)
    notice(context, command.item)
    seen = visible(context)
    with context.begin() as db:
        require_visible(db, command.item, seen)
        return excepting.made(context, db, command)


@handles(ListExceptions)
def list_exceptions(command: ListExceptions, context: Context) -> list[PolicyException]:
    """Each with whether it still holds."""
    seen, at = visible(context), now()
    with context.read() as db:
        narrowed = {"item": command.item, "policy": command.policy}
        found = repository.every_exception(db, command, seen, **narrowed)
        policies = {each.name: each for each in repository.every(db, ALL)}
        items = fresh_ones(context, db, {each.item for each in found})
    digests = {name: None if each.gone else each.digest for name, each in items.items()}
    shown = [
        excepting.as_it_is(each, policies[each.policy], digests.get(each.item), at)
        for each in found
    ]
    return Page(shown, following=found.next)


@handles(WithdrawException)
def withdraw_exception(command: WithdrawException, context: Context) -> PolicyException:
    """Of a version that whoever asks may see."""
    seen = visible(context)
    with context.begin() as db:
        require_visible(db, repository.exception_of(db, command.id).item, seen)
        return excepting.withdrawn(context, db, command)


@handles(ListOutcomes)
def list_outcomes(command: ListOutcomes, context: Context) -> list[PolicyOutcome]:
    """As they were last judged."""
    seen = visible(context)
    wanted = command.model_dump(include={"policy", "item", "project", "outcome"})
    with context.read() as db:
        return outcomes.every(db, command, seen, wanted)


@handles(ShowStanding)
def show_standing(_command: ShowStanding, context: Context) -> Standing:
    """Of the versions that whoever asks may see."""
    seen = visible(context)
    with context.read() as db:
        return outcomes.standing(db, seen)


@handles(EvaluatePolicies)
def evaluate_policies(_command: EvaluatePolicies, context: Context) -> Standing:
    """To the end, whoever else is looking."""
    collect(context)
    evaluate(context, lambda: False, context.progress)
    seen = visible(context)
    with context.begin() as db:
        outcomes.release(db, now(), whole=True)
        return outcomes.standing(db, seen)


@handles(SimulatePolicy)
def simulate_policy(command: SimulatePolicy, context: Context) -> Simulation:
    """By what the file says, or the policy that is kept."""
    return _simulated(context, writing.from_either(context, command.file, command.policy), command)


@handles(TryPolicy)
def try_policy(command: TryPolicy, context: Context) -> Simulation:
    """By what the text says."""
    return _simulated(context, writing.from_text(context, command.text), command)


def _simulated(
    context: Context, settings: PolicySettings, command: SimulatePolicy | TryPolicy
) -> Simulation:
    """Each version that was deployed, by what was known of it when it was."""
    since = now() - timedelta(days=command.days)
    with context.read() as db:
        past = list(past_deployments(context, db, since, command.infrastructure))
    return simulate(settings, past, lambda item: known(context, item, (settings,)), asking(context))


def _require_version(item: str) -> None:
    if parsed(item)[0] != "version":
        raise errors.Invalid(
            f"policies are asked of versions, as in {EXAMPLES['version']}", field="item"
        )
