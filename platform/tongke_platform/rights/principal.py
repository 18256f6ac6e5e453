"""The one who asks: a person with the posts they hold today."""

from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from tongke_platform.organisations.models import Organisation
from tongke_platform.people.models import Person
from tongke_platform.people.roles import Role, Scope


@dataclass(frozen=True)
class Post:
    """A membership in force. ``region_path`` is set for one held in a region."""

    role: Role
    scope: Scope
    organisation_id: UUID | None = None
    region_path: str | None = None
    scope_id: UUID | None = None

    def covers(self, place: Organisation) -> bool:
        if self.scope is Scope.PLATFORM:
            return True
        if self.scope is Scope.REGION:
            return self.region_path is not None and place.region_path.startswith(self.region_path)
        if self.scope is Scope.ORGANISATION:
            return self.organisation_id in (place.id, place.parent_id)
        return False


@dataclass(frozen=True)
class Entrusted:
    """Under entrusted management ``organisation_id`` is run by ``manager_id`` as far as ``rule``."""

    manager_id: UUID
    organisation_id: UUID
    rule: str


@dataclass(frozen=True)
class Way:
    """What somebody came by: the id of a login, of an API token, or of neither."""

    login: UUID | None = None
    api_token: UUID | None = None


UNKNOWN_WAY = Way()


@dataclass(frozen=True)
class Principal:
    """``posts`` are those in force on ``today``; ``scopes`` limits an API token, None is no limit."""

    person: Person
    posts: tuple[Post, ...]
    today: date
    entrusted: tuple[Entrusted, ...] = ()
    scopes: frozenset[str] | None = None
    acting_for: UUID | None = field(default=None)
    way: Way = UNKNOWN_WAY

    @property
    def id(self) -> UUID:
        return self.person.id

    @property
    def name(self) -> str:
        return self.person.display_name

    def holds(self, role: Role) -> bool:
        """Anywhere at all."""
        return any(post.role is role for post in self.posts)

    @property
    def is_admin(self) -> bool:
        return any(p.role is Role.ADMIN and p.scope is Scope.PLATFORM for p in self.posts)

    @property
    def places(self) -> dict[UUID | None, Organisation]:
        """The organisations they hold posts at, by id."""
        found = (one.organisation for one in self.person.memberships)
        return {one.id: one for one in found if one is not None}

    @property
    def organisation_ids(self) -> tuple[UUID, ...]:
        """Where they hold a post, the one they act for first."""
        found = dict.fromkeys(p.organisation_id for p in self.posts)
        known = [one for one in found if one is not None]
        return tuple(sorted(known, key=lambda one: one != self.acting_for))

    @property
    def school_id(self) -> UUID | None:
        """The organisation they act for now; None for those who have none."""
        return next(iter(self.organisation_ids), None)

    @property
    def school(self) -> Organisation | None:
        return self.places.get(self.school_id)

    def in_group(self, group: UUID, *roles: Role) -> bool:
        """Whether they hold one of ``roles`` (any, when none is named) in a group or lesson."""
        return any(p.scope_id == group and (not roles or p.role in roles) for p in self.posts)
