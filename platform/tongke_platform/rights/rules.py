"""A rule says which roles may do something to what belongs to an organisation.

A role counts within the scope it is held in: on the platform everywhere, in a region for every
organisation of that region and the regions below, in an organisation for it and the teaching points
it manages. Entrusted management lends a rule that is ``entrustable`` to the managing school.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, bindparam, false, or_, true

from tongke_platform.errors import Forbidden
from tongke_platform.organisations.models import Organisation
from tongke_platform.people.roles import Role, Scope
from tongke_platform.rights.principal import Post, Principal


@dataclass(frozen=True)
class Rule:
    """``name`` is ``thing.act``; ``says`` and ``also`` are sentences for the page of rights.

    ``also`` names those a slice lets in by their relation to the object, not by a role.
    """

    name: str
    says: str
    roles: frozenset[Role]
    entrustable: bool = False
    also: str = ""

    def posts(self, principal: Principal) -> Iterable[Post]:
        return (post for post in principal.posts if post.role in self.roles)

    def allows(self, principal: Principal, place: Organisation) -> bool:
        if any(post.covers(place) for post in self.posts(principal)):
            return True
        return place.id in self._entrusted_to(principal)

    def allows_anywhere(self, principal: Principal) -> bool:
        """Whether there may be an organisation at all for which it is allowed."""
        return any(True for _ in self.posts(principal)) or bool(self._entrusted_to(principal))

    def allows_everywhere(self, principal: Principal) -> bool:
        return any(post.scope is Scope.PLATFORM for post in self.posts(principal))

    def check(self, principal: Principal, place: Organisation) -> None:
        """Raises Forbidden."""
        if not self.allows(principal, place):
            raise Forbidden

    def check_everywhere(self, principal: Principal) -> None:
        """Raises Forbidden."""
        if not self.allows_everywhere(principal):
            raise Forbidden

    def clause(self, principal: Principal) -> ColumnElement[bool]:
        """The same as ``allows``, as a condition on Organisation."""
        if self.allows_everywhere(principal):
            return true()
        conditions: list[ColumnElement[bool]] = []
        own = {p.organisation_id for p in self.posts(principal) if p.scope is Scope.ORGANISATION}
        if own:
            conditions += [Organisation.id.in_(own), Organisation.parent_id.in_(own)]
        for path in self._paths(principal):
            conditions.append(Organisation.region_path.startswith(path, autoescape=True))
        if lent := self._entrusted_to(principal):
            conditions.append(Organisation.id.in_(lent))
        return or_(*conditions) if conditions else false()

    def regions(self, principal: Principal) -> int | None:
        """In how many regions it is allowed; None: everywhere. See ``condition``."""
        return None if self.allows_everywhere(principal) else len(self._paths(principal))

    def condition(self, regions: int | None) -> ColumnElement[bool]:
        """``clause`` for everybody who has as many ``regions``. A statement made with it is put together
        once and asked for each of them, with their ``values``; putting it together takes longer than
        most answers.
        """
        if regions is None:
            return true()
        own: BindParameter[Any] = bindparam(self._key("own"), expanding=True)
        lent: BindParameter[Any] = bindparam(self._key("lent"), expanding=True)
        inside: list[Any] = [bindparam(self._key(f"in_{n}")) for n in range(regions)]
        return or_(
            Organisation.id.in_(own),
            Organisation.parent_id.in_(own),
            *(Organisation.region_path.startswith(one, escape="!") for one in inside),
            *([Organisation.id.in_(lent)] if self.entrustable else []),
        )

    def values(self, principal: Principal) -> dict[str, Any]:
        """What ``condition`` asks for when it is executed."""
        own = {p.organisation_id for p in self.posts(principal) if p.scope is Scope.ORGANISATION}
        inside = {
            self._key(f"in_{n}"): re.sub("([!%_])", r"!\1", path)
            for n, path in enumerate(self._paths(principal))
        }
        lent = list(self._entrusted_to(principal))
        return {self._key("own"): list(own), self._key("lent"): lent, **inside}

    def _paths(self, principal: Principal) -> list[str]:
        held = {p.region_path for p in self.posts(principal) if p.scope is Scope.REGION}
        return sorted(one for one in held if one is not None)

    def _key(self, value: str) -> str:
        return f"{self.name.replace('.', '_')}_{value}"

    def _entrusted_to(self, principal: Principal) -> set[UUID]:
        if not self.entrustable or not principal.entrusted:
            return set()
        managers = {p.organisation_id for p in self.posts(principal)}
        return {
            lent.organisation_id
            for lent in principal.entrusted
            if lent.rule == self.name and lent.manager_id in managers
        }
