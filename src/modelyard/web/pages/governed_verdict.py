"""What stands in the way of a version: what came of the policies that are asked somewhere."""

from __future__ import annotations

from modelyard.governance.policies.commands import CheckPolicies, ListEnforced
from modelyard.governance.policies.types import Enforced, Judgement
from modelyard.kernel.paging import ALL
from modelyard.kernel.values import Value
from modelyard.web.pages.formats import plural
from modelyard.web.pages.page import Visit

FEW = 3
"""Infrastructures that are named."""


class Verdict(Value):
    """Whether a version may be deployed where policies are asked, and why not."""

    kind: str
    """ok, warn, err, or empty: no policy is asked anywhere."""
    title: str
    words: str
    judgements: tuple[Judgement, ...]
    """The worst first; of policies that are asked somewhere, or of all."""
    modes: dict[str, str]
    """What each infrastructure does with what its policies say."""


def verdict_of(visit: Visit, item: str, name: str) -> Verdict | None:
    """What policies say of a version; None: there is none.

    Args:
        visit: of whoever asks.
        item: id of the version's item.
        name: what sentences call it.
    """
    enforced = [each for each in visit.run(ListEnforced(**dict(ALL))) if each.mode != "no_check"]
    asked = tuple(dict.fromkeys(name for each in enforced for name in each.policies))
    found = visit.run(CheckPolicies(item=item, policy=asked))
    if not found:
        return None
    worst = ("fail", "pending", "pass")
    judgements = sorted(found, key=lambda each: worst.index(each.outcome))
    modes: dict[str, str] = {each.infrastructure: each.mode for each in enforced}
    return Verdict(**_words(name, judgements, enforced), judgements=tuple(judgements), modes=modes)


def _words(name: str, judgements: list[Judgement], enforced: list[Enforced]) -> dict[str, str]:
    results = [result for each in judgements for result in each.results]
    failing = sum(each.outcome == "fail" for each in results)
    pending = sum(each.outcome == "pending" for each in results)
    bad = {each.policy for each in judgements if each.outcome != "pass"}
    stopped = [each for each in enforced if bad & set(each.policies)]
    count = _count(failing, pending, len(results))
    if not enforced:
        said = f"{name} passes all policies" if not bad else f"{name} does not pass every policy"
        words = "No infrastructure asks a policy so far, so nothing keeps it from being deployed."
        return {"kind": "", "title": f"{said}: {count}", "words": words}
    if not stopped:
        where = _named(enforced)
        title = f"{name} may be deployed to {where}: {count}"
        return {"kind": "ok", "title": title, "words": _policies(judgements, enforced)}
    prevents = [each for each in stopped if each.mode == "prevent"]
    where = _named(prevents or stopped)
    may = "may not be deployed to" if prevents else "is deployed only by who accepts that to"
    kind = "err" if prevents and failing else "warn"
    title = f"{name} {may} {where}{' yet' if prevents else ''}: {count}"
    return {"kind": kind, "title": title, "words": _policies(judgements, prevents or stopped)}


def _count(failing: int, pending: int, every: int) -> str:
    if not failing and not pending:
        return f"all {plural(every, 'clause')} pass" if every > 1 else "its clause passes"
    fails = f"{failing} of {plural(every, 'clause')} {'fails' if failing == 1 else 'fail'}"
    waits = f"{pending} {'is' if pending == 1 else 'are'} pending"
    if not failing:
        return f"{pending} of {plural(every, 'clause')} {'is' if pending == 1 else 'are'} pending"
    return f"{fails}, {waits}" if pending else fails


def _named(places: list[Enforced]) -> str:
    names = [each.infrastructure for each in places]
    more = f" and {len(names) - FEW} more" if len(names) > FEW else ""
    return ", ".join(names[:FEW]) + more


def _policies(judgements: list[Judgement], places: list[Enforced]) -> str:
    asked = {name for each in places for name in each.policies}
    names = [each.policy for each in judgements if each.policy in asked]
    plain = "prevent" if any(each.mode == "prevent" for each in places) else "warn of"
    if len(names) > 1:
        return f"Policies {', '.join(names)} {plain} deployment until every clause passes."
    does = {"prevent": "prevents", "warn of": "warns of"}[plain]
    return f"Policy {', '.join(names)} {does} deployment until every clause passes."
