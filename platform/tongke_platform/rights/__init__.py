"""Who may do what: rules over the posts people hold.

A slice states its rules in its own ``rights.py``; this package only knows how they are asked.
"""

from tongke_platform.people.roles import STAFF, Role, Scope
from tongke_platform.rights.principal import UNKNOWN_WAY, Entrusted, Post, Principal, Way
from tongke_platform.rights.rules import Rule

__all__ = [
    "STAFF", "UNKNOWN_WAY", "Entrusted", "Post", "Principal", "Role", "Rule", "Scope", "Way",
]  # fmt: skip
