"""For whom an import runs: a person with their rights, or the server's operator."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, true

from tongke_platform.imports.duties import may_give
from tongke_platform.imports.rights import PEOPLE
from tongke_platform.organisations.models import Organisation
from tongke_platform.people.roles import Role
from tongke_platform.rights import Principal


@dataclass(frozen=True)
class Asker:
    """``principal`` None is the operator at the command line, who may write everywhere."""

    principal: Principal | None

    @property
    def id(self) -> UUID | None:
        return self.principal.id if self.principal else None

    def covers(self, place: Organisation) -> bool:
        return self.principal is None or PEOPLE.allows(self.principal, place)

    def covers_post(self, place: Organisation | None) -> bool:
        """Whether what somebody may do by a post at ``place`` is within what this one may give;
        None is a post over a region or the platform.
        """
        if place is not None:
            return self.covers(place)
        return self.principal is None or self.principal.is_admin

    def clause(self) -> ColumnElement[bool]:
        return true() if self.principal is None else PEOPLE.clause(self.principal)

    def may_give(self, role: Role) -> bool:
        return may_give(self.principal, role)


OPERATOR = Asker(None)
