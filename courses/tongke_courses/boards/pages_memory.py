"""The page of what a group remembers."""

from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from tongke_courses.boards import memory, rights, words
from tongke_courses.boards.memory_schemas import MOST_OFFSET, MOST_WORDS, MemoryQuery
from tongke_courses.boards.models import AnchorKind, TopicState
from tongke_courses.boards.page_forms import one_of
from tongke_courses.groups.page_forms import said_days
from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.frame import Reading
from tongke_platform.pages.desk import desk, parse_uuid, query
from tongke_platform.pages.rendering import ThePages

router = APIRouter(include_in_schema=False)
SHOWN = 20


@router.get("/groups/{group_id}/memory")
async def remember(
    request: Request, pages: ThePages, session: Reading, principal: RequiredPrincipal,
    group_id: UUID, state: str = "", about: str = "", by: str = "", node: str = "", q: str = "",
    offset: str = "",
) -> Response:  # fmt: skip
    asked = MemoryQuery(
        state=one_of(TopicState, state), anchor=one_of(AnchorKind, about), by=parse_uuid(by),
        node_id=parse_uuid(node), q=q.replace("\0", "").strip()[:MOST_WORDS],
        offset=_number(offset), limit=SHOWN,
    )  # fmt: skip
    found = await memory.of_group(session, principal, group_id, asked)
    chosen = {"about": asked.anchor, "by": asked.by, "node": asked.node_id, "q": asked.q}
    here, whole = f"/groups/{group_id}/memory", {"state": asked.state, **chosen}
    return desk(
        request, pages, principal, "boards/memory.html", section="", found=found, here=here,
        group={"id": group_id, "name": found.group}, asked=asked, words=words, query=query,
        states=TopicState, kinds=AnchorKind, others=chosen, all=sum(found.counts.values()),
        narrowed=any(whole.values()), may_export=rights.may_export(principal, group_id),
        next=f"{here}{query(**whole, offset=found.next)}" if found.next is not None else "",
        first=f"{here}{query(**whole)}" if asked.offset else "",
        said_day=said_days(pages, request, principal.today),
    )  # fmt: skip


def _number(text: str) -> int:
    plain = text.isascii() and text.isdigit() and len(text) <= len(str(MOST_OFFSET))
    return min(int(text), MOST_OFFSET) if plain else 0
