"""Who is asking: dependencies of routes and pages; and the rules of accounts."""

from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from tongke_platform.accounts import service
from tongke_platform.accounts.scopes import check_scopes
from tongke_platform.errors import N_, Forbidden, Unauthorized
from tongke_platform.frame import Frame, get_frame
from tongke_platform.organisations.models import Organisation
from tongke_platform.people.roles import SCOPES, STAFF, Role, Scope
from tongke_platform.rights import Post, Principal, Rule

COOKIE = "tongke_session"
# Of a request that is only meant to be that person's.
PERSON = "tongke-person"
OTHER_PERSON = N_("Somebody else is logged in here now. Please log in as yourself.")

RESET = Rule(
    "accounts.reset",
    N_("Give somebody who forgot their password a code for a new one."),
    frozenset({Role.ADMIN, Role.BUREAU_ADMIN, Role.SCHOOL_ADMIN}),
    entrustable=True,
    also=N_("Never for somebody with more rights than oneself."),
)
INVITE = Rule(
    "accounts.invite",
    N_("Invite people by link into a post."),
    frozenset({Role.ADMIN, Role.BUREAU_ADMIN, Role.SCHOOL_ADMIN}),
    entrustable=True,
    also=N_("Never into a post with more rights than one's own."),
)
RULES = (RESET, INVITE)

# Posts that open no more than lessons and groups: whoever helps at one school may help them.
_TEACHING = frozenset(
    {
        Role.LEAD_TEACHER, Role.LOCAL_TEACHER, Role.VOLUNTEER, Role.GUARDIAN, Role.DONOR,
        Role.GROUP_HEAD, Role.LEAD_PLANNER, Role.GROUP_MEMBER, Role.GROUP_RESEARCHER,
        Role.OBSERVER,
    }
)  # fmt: skip


def may_reset(asker: Principal, target: Principal) -> bool:
    """Whether one of the target's organisations is the asker's to help, and none of their other
    posts reaches further than the asker's own.
    """
    if asker.is_admin:
        return True
    places = [one for one in target.places.values() if RESET.allows(asker, one)]
    return bool(places) and all(
        post.role in _TEACHING or _covers(asker, target, post) for post in target.posts
    )


def _covers(asker: Principal, target: Principal, post: Post) -> bool:
    if post.scope is Scope.PLATFORM:
        return asker.is_admin
    if post.scope is Scope.REGION:
        return _rules_region(asker, post.region_path)
    place = target.places.get(post.organisation_id)
    if place is None:
        return False
    own = any(one.covers(place) for one in RESET.posts(asker))
    # A managing school helps the teachers of another, not those who run it.
    return own or (post.role in STAFF - {Role.SCHOOL_ADMIN} and RESET.allows(asker, place))


def _rules_region(asker: Principal, path: str | None) -> bool:
    return asker.is_admin or any(
        one.role is Role.BUREAU_ADMIN
        and one.region_path
        and (path or "").startswith(one.region_path)
        for one in asker.posts
    )


def may_invite(
    asker: Principal, role: Role, place: Organisation | None, region_path: str | None
) -> bool:
    """Whether ``asker`` may give ``role`` at ``place``, in a region, or (neither) everywhere."""
    if place is not None:
        if Scope.ORGANISATION not in SCOPES[role] or not INVITE.allows(asker, place):
            return False
        own = any(post.covers(place) for post in INVITE.posts(asker))
        return own or role in STAFF - {Role.SCHOOL_ADMIN}
    if region_path is not None:
        return Scope.REGION in SCOPES[role] and _rules_region(asker, region_path)
    return asker.is_admin and Scope.PLATFORM in SCOPES[role]


def bearer(connection: HTTPConnection) -> str | None:
    """The token of the Authorization header (RFC 6750 section 2.1), if there is one."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


async def principal_of(frame: Frame, connection: HTTPConnection) -> Principal | None:
    """Who the API token or the cookie is. Raises Unauthorized for a wrong token, Forbidden for what
    lies outside a token's scopes.
    """
    if token := bearer(connection):
        return await _of_token(frame, connection, token)
    cookie = connection.cookies.get(COOKIE)
    if not cookie:
        return None
    now = frame.now()
    async with frame.database.read() as session:
        found = await service.login_of_cookie(session, cookie, now, frame.today())
    if found is None:
        return None
    principal, login = found
    address = connection.client.host if connection.client else ""
    await service.note_login(frame.database, login, address, now)
    return principal


async def _of_token(frame: Frame, connection: HTTPConnection, token: str) -> Principal:
    now = frame.now()
    async with frame.database.read() as session:
        found = await service.owner_of_api_token(session, token, now, frame.today())
    if found is None:
        raise Unauthorized(N_("This token is not valid."), code="bad_token")
    principal, record = found
    check_scopes(principal, connection)
    await service.note_token(frame.database, record, now)
    return principal


async def current_principal(connection: HTTPConnection) -> Principal | None:
    """Kept with the request, for the header of a page that says what went wrong."""
    found = await principal_of(get_frame(connection), connection)
    connection.state.principal = found
    return found


CurrentPrincipal = Annotated[Principal | None, Depends(current_principal)]


async def require_principal(connection: HTTPConnection, principal: CurrentPrincipal) -> Principal:
    """Raises Unauthorized, also for a page of somebody else than who is logged in by now: what one
    teacher wrote on a shared computer is not sent as another.
    """
    if principal is None:
        raise Unauthorized
    meant = connection.headers.get(PERSON)
    if meant is not None and meant != str(principal.id):
        raise Unauthorized(OTHER_PERSON, code="other_person")
    return principal


RequiredPrincipal = Annotated[Principal, Depends(require_principal)]


async def require_owner(principal: RequiredPrincipal) -> Principal:
    """For what concerns the account itself. Raises Forbidden for a token with scopes."""
    if principal.scopes is not None:
        raise Forbidden(N_("This token may not change an account."), code="scope")
    return principal


RequiredOwner = Annotated[Principal, Depends(require_owner)]
