"""Who may have a person's data given out or erased."""

from tongke_platform.errors import N_
from tongke_platform.people.rights import MANAGE as MANAGE_PEOPLE
from tongke_platform.rights import Rule

MANAGE = Rule(
    "privacy.manage",
    N_("Take out or erase the personal data of somebody whose every post they manage"),
    MANAGE_PEOPLE.roles,
    entrustable=True,
    also=N_("Everybody, for their own data"),
)
RULES = (MANAGE,)
