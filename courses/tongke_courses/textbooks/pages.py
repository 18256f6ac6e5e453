"""Pages of the textbook tree: from the stages down to a book and what is taught in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from tongke_courses.boards import page_parts as boards
from tongke_courses.textbooks import classrooms, contents, points, rights, service, standing
from tongke_courses.textbooks.models import ClassTextbook, NodeKind, TextbookNode
from tongke_courses.textbooks.repository import NodeRepository
from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.classes.repository import ClassRow
from tongke_platform.database import ReadSession
from tongke_platform.errors import N_, Invalid, TongkeError
from tongke_platform.frame import Reading, TheFrame
from tongke_platform.pages.desk import desk, done, parse_uuid, trouble_of, typed
from tongke_platform.pages.rendering import Pages, ThePages
from tongke_platform.rights import Principal

router = APIRouter(include_in_schema=False)
KINDS = {
    NodeKind.STAGE: N_("Stage"),
    NodeKind.SYSTEM: N_("School system"),
    NodeKind.SUBJECT: N_("Subject"),
    NodeKind.EDITION: N_("Edition"),
    NodeKind.GRADE: N_("Grade"),
    NodeKind.VOLUME: N_("Volume"),
    NodeKind.UNIT: N_("Unit"),
    NodeKind.PERIOD: N_("Period"),
}
BOOKS = (NodeKind.VOLUME, *service.BELOW_VOLUME)
NO_CLASS = N_("Please choose a class.")


@dataclass(frozen=True)
class Row:
    """A node in a list; ``inside`` is how many stand right below it."""

    node: TextbookNode
    inside: int


@dataclass(frozen=True)
class Used:
    """A class that uses a book, as it is called this year, and where it has come to."""

    row: ClassRow
    use: ClassTextbook

    @property
    def name(self) -> str:
        return class_name(self.row)


def class_name(row: ClassRow) -> str:
    return row.year.name if row.year else row.school_class.name


async def _rows(session: ReadSession, nodes: Sequence[TextbookNode]) -> list[Row]:
    counts = await NodeRepository(session).counts([one.id for one in nodes])
    return [Row(one, counts.get(one.id, 0)) for one in nodes]


@router.get("/textbooks")
async def roots(
    request: Request, pages: ThePages, session: Reading, principal: RequiredPrincipal
) -> Response:
    rows = await _rows(session, await service.children(session, None, None, 100))
    return desk(
        request, pages, principal, "textbooks/tree.html", section="", place=None, rows=rows,
        kinds=KINDS,
    )  # fmt: skip


@router.get("/textbooks/{node_id}")
async def one(
    request: Request,
    pages: ThePages,
    session: Reading,
    principal: RequiredPrincipal,
    node_id: UUID,
) -> Response:
    return await _node(request, pages, session, principal, node_id)


async def _node(
    request: Request,
    pages: Pages,
    session: ReadSession,
    principal: Principal,
    key: UUID,
    *,
    trouble: str = "",
    text: str | None = None,
    status: int = 200,
) -> Response:
    place = await service.place(session, key)
    if place.node.kind not in BOOKS:
        return desk(
            request, pages, principal, "textbooks/tree.html", section="", place=place,
            rows=await _rows(session, place.children), kinds=KINDS,
            topics=await boards.at_node(session, principal, place.node),
        )  # fmt: skip
    volume = place.above(NodeKind.VOLUME) or place.node
    units = await service.units_of(session, volume)
    rows = await classrooms.classes_of(session, principal)
    return desk(
        request, pages, principal, "textbooks/book.html", section="", status=status,
        place=place, volume=volume, trouble=trouble,
        tree=await _tree(session, place.node), text=contents.write(units) if text is None else text,
        fills=place.node is volume and await service.may_fill(session, principal, volume),
        taught=await points.below(session, place.node),
        alike=await points.alike(session, place.node),
        names_points=rights.ADD.allows_anywhere(principal)
        and place.node.kind in service.BELOW_VOLUME,
        lessons=await standing.lessons(session, principal, place.node),
        courses=await standing.courses(session, principal, place.node),
        classes=[(row.school_class.id, class_name(row)) for row in rows],
        used=await _used(session, rows, volume),
        inside=await _tree(session, volume),
        topics=await boards.about(session, principal, node_id=place.node.id),
    )  # fmt: skip


async def _tree(
    session: ReadSession, node: TextbookNode
) -> list[tuple[TextbookNode, list[TextbookNode]]]:
    """What stands right below, each with what stands below that."""
    below = await NodeRepository(session).subtree(node)
    found = {one.id: (one, list[TextbookNode]()) for one in below if one.parent_id == node.id}
    for one in below:
        if one.parent_id is not None and one.parent_id in found:
            found[one.parent_id][1].append(one)
    return [*found.values()]


async def _used(session: ReadSession, rows: Sequence[ClassRow], volume: TextbookNode) -> list[Used]:
    uses = await service.class_uses(session, [row.school_class.id for row in rows])
    return [
        Used(row, use)
        for row in rows
        for use in uses[row.school_class.id]
        if use.volume_id == volume.id
    ]


@router.post("/textbooks/{node_id}/contents")
async def fill(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    principal: RequiredPrincipal,
    node_id: UUID,
) -> Response:
    """What was pasted is shown again when it cannot be taken."""
    text = (await typed(request)).get("text", "")
    try:
        async with frame.database.write() as session:
            await service.replace_contents(session, principal, node_id, text)
    except Invalid as error:
        return await _again(request, pages, frame, principal, node_id, error, text)
    return done(f"/textbooks/{node_id}", N_("The contents of this book are saved."))


async def _again(
    request: Request,
    pages: Pages,
    frame: TheFrame,
    principal: Principal,
    key: UUID,
    error: TongkeError,
    text: str | None = None,
) -> Response:
    trouble = trouble_of(request, pages, error)
    async with frame.database.read() as session:
        return await _node(
            request, pages, session, principal, key, trouble=trouble, text=text,
            status=error.status,
        )  # fmt: skip


@router.post("/textbooks/{node_id}/points")
async def name_point(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    principal: RequiredPrincipal,
    node_id: UUID,
) -> Response:
    name = " ".join((await typed(request)).get("name", "").replace("\0", "").split())[:120]
    try:
        async with frame.database.write() as session:
            if not name:
                raise Invalid(N_("Please enter what is taught here."), code="no_name")
            await points.link(session, principal, node_id, name)
    except Invalid as error:
        return await _again(request, pages, frame, principal, node_id, error)
    return done(f"/textbooks/{node_id}", N_("%(name)s is noted here."), name=name)


@router.post("/textbooks/{node_id}/class")
async def use(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    principal: RequiredPrincipal,
    node_id: UUID,
) -> Response:
    """``node_id`` is the volume; a class of the school uses it from now on."""
    values = await typed(request)
    class_id, reached = parse_uuid(values.get("class", "")), parse_uuid(values.get("reached", ""))
    try:
        async with frame.database.write() as session:
            if class_id is None:
                raise Invalid(NO_CLASS, code="no_class")
            await classrooms.use(session, principal, class_id, node_id, reached)
    except Invalid as error:
        return await _again(request, pages, frame, principal, node_id, error)
    return done(f"/textbooks/{node_id}", N_("The class uses this book now."))
