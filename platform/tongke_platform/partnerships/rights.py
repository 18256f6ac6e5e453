"""Who may do what with a partnership.

It is seen by its sides, their bureaus and the platform; for all others it does not exist. Who may do
something for a side may do it wherever one of the sides is that school.
"""

from collections.abc import Iterable

from tongke_platform.errors import N_
from tongke_platform.organisations.models import Organisation
from tongke_platform.partnerships.models import Partnership
from tongke_platform.rights import STAFF, Principal, Role, Rule, Scope

HEADS = frozenset({Role.SCHOOL_ADMIN, Role.PRINCIPAL, Role.BUREAU_ADMIN, Role.ADMIN})

SEE = Rule(
    "partnerships.see",
    N_("See the school's partnerships"),
    STAFF | HEADS | {Role.SUPERVISOR, Role.RESEARCHER, Role.PROGRAMME_OFFICER},
)
PROPOSE = Rule("partnerships.propose", N_("Propose a partnership"), HEADS)
ANSWER = Rule("partnerships.answer", N_("Accept or decline a partnership for the school"), HEADS)
MANAGE = Rule("partnerships.manage", N_("Pause, resume and end a partnership"), HEADS)
RULES = (SEE, PROPOSE, ANSWER, MANAGE)

_entrustable: dict[str, Rule] = {}


def offer(rules: Iterable[Rule]) -> None:
    """Called by the assembly with the rules of all slices: which of them can be entrusted."""
    _entrustable.update((rule.name, rule) for rule in rules if rule.entrustable)


def entrustable() -> dict[str, Rule]:
    """What entrusted management may lend, by name."""
    return dict(_entrustable)


def may_see(principal: Principal, partnership: Partnership) -> bool:
    return any(SEE.allows(principal, side.organisation) for side in partnership.sides)


def acts_for(
    principal: Principal, rule: Rule, places: Iterable[Organisation]
) -> list[Organisation]:
    """The ones of ``places`` they may use ``rule`` for; those they work at come first."""
    allowed = [one for one in places if rule.allows(principal, one)]
    return sorted(allowed, key=lambda one: not works_at(principal, rule, one))


def works_at(principal: Principal, rule: Rule, place: Organisation) -> bool:
    """Not merely a bureau or the platform above it."""
    return any(
        post.scope is Scope.ORGANISATION and post.covers(place) for post in rule.posts(principal)
    )
