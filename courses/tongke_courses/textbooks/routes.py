"""JSON API of the textbook tree, knowledge points and the books of classes."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query

from tongke_courses.textbooks import classrooms, points, service
from tongke_courses.textbooks.models import NodeKind
from tongke_courses.textbooks.schemas import (
    AlikeOut,
    ClassTextbookIn,
    ClassTextbookOut,
    ContentsIn,
    NodeChange,
    NodeFull,
    NodeIn,
    NodeOut,
    PointIn,
    PointOut,
)
from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.database import ReadSession
from tongke_platform.errors import NotFound
from tongke_platform.frame import Reading, Writing

router = APIRouter(prefix="/api", tags=["textbooks"])
Words = Annotated[str, Query(max_length=200, pattern=r"^[^\x00]*$")]
Subject = Annotated[str, Path(max_length=40, pattern=r"^[^\x00]*$")]


@router.get("/textbooks")
async def list_nodes(
    session: Reading,
    principal: RequiredPrincipal,
    parent: UUID | None = None,
    kind: NodeKind | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 500,
) -> list[NodeOut]:
    """What stands right below ``parent``, or the roots; with ``kind`` all of that kind below."""
    found = await service.children(session, parent, kind, limit)
    return [NodeOut.model_validate(one) for one in found]


@router.get("/textbooks/resolve")
async def resolve(
    session: Reading,
    principal: RequiredPrincipal,
    stage: Words = "",
    system: Words = "",
    subject: Words = "",
    edition: Words = "",
    grade: Words = "",
    volume: Words = "",
) -> NodeFull:
    """The node these names lead to; other names of editions count."""
    found = await service.resolve(
        session, stage=stage, system=system, subject=subject, edition=edition, grade=grade,
        volume=volume,
    )  # fmt: skip
    if found is None:
        raise NotFound(service.NO_NODE, code="no_textbook")
    return await _full(session, found.id)


async def _full(session: ReadSession, key: UUID) -> NodeFull:
    place = await service.place(session, key)
    return NodeFull(
        **NodeOut.model_validate(place.node).model_dump(),
        ancestors=[NodeOut.model_validate(one) for one in place.ancestors[:-1]],
        children=[NodeOut.model_validate(one) for one in place.children],
    )


@router.post("/textbooks", status_code=201)
async def add(body: NodeIn, session: Writing, principal: RequiredPrincipal) -> NodeOut:
    """A unit or period. Teachers where none stand yet; researchers everywhere."""
    made = await service.add(
        session, principal, body.parent_id, body.kind, body.name, body.position
    )
    return NodeOut.model_validate(made)


@router.get("/textbooks/{node_id}")
async def get(node_id: UUID, session: Reading, principal: RequiredPrincipal) -> NodeFull:
    return await _full(session, node_id)


@router.patch("/textbooks/{node_id}")
async def change(
    node_id: UUID, body: NodeChange, session: Writing, principal: RequiredPrincipal
) -> NodeOut:
    found = await service.change(session, principal, node_id, body.name, body.position)
    return NodeOut.model_validate(found)


@router.delete("/textbooks/{node_id}", status_code=204)
async def remove(node_id: UUID, session: Writing, principal: RequiredPrincipal) -> None:
    await service.remove(session, principal, node_id)


@router.put("/textbooks/{node_id}/contents")
async def replace_contents(
    node_id: UUID, body: ContentsIn, session: Writing, principal: RequiredPrincipal
) -> NodeFull:
    """A volume's units and periods become those of the text."""
    found = await service.replace_contents(session, principal, node_id, body.text)
    return await _full(session, found.id)


@router.get("/textbooks/{node_id}/points")
async def list_points(
    node_id: UUID, session: Reading, principal: RequiredPrincipal
) -> list[PointOut]:
    """What the node and all that stands in it teaches."""
    found = await points.below(session, await service.get(session, node_id))
    unique = {point.id: point for _, point in found}
    return [PointOut.model_validate(one) for one in unique.values()]


@router.post("/textbooks/{node_id}/points", status_code=201)
async def link_point(
    node_id: UUID, body: PointIn, session: Writing, principal: RequiredPrincipal
) -> PointOut:
    made = await points.link(session, principal, node_id, body.name)
    return PointOut.model_validate(made)


@router.delete("/textbooks/{node_id}/points/{point_id}", status_code=204)
async def unlink_point(
    node_id: UUID, point_id: UUID, session: Writing, principal: RequiredPrincipal
) -> None:
    await points.unlink(session, principal, node_id, point_id)


@router.get("/textbooks/{node_id}/alike")
async def alike(node_id: UUID, session: Reading, principal: RequiredPrincipal) -> list[AlikeOut]:
    """Where other books teach the same."""
    found = await points.alike(session, await service.get(session, node_id))
    return [
        AlikeOut(
            point=PointOut.model_validate(one.point),
            node=NodeOut.model_validate(one.node),
            line=[NodeOut.model_validate(node) for node in one.line],
        )
        for one in found
    ]


@router.get("/knowledge-points")
async def find_points(
    session: Reading, principal: RequiredPrincipal, subject: Words = "", q: Words = ""
) -> list[PointOut]:
    """By a piece of the name, at most 50."""
    found = await points.search(session, subject.strip(), q.strip())
    return [PointOut.model_validate(one) for one in found]


@router.get("/classes/{class_id}/textbooks")
async def class_textbooks(
    class_id: UUID, session: Reading, principal: RequiredPrincipal
) -> list[ClassTextbookOut]:
    found = await classrooms.used(session, principal, class_id)
    return [ClassTextbookOut.model_validate(one) for one in found]


@router.put("/classes/{class_id}/textbooks")
async def use_textbook(
    class_id: UUID, body: ClassTextbookIn, session: Writing, principal: RequiredPrincipal
) -> ClassTextbookOut:
    """In the volume's subject the class uses this book from now on."""
    found = await classrooms.use(session, principal, class_id, body.volume_id, body.reached_id)
    return ClassTextbookOut.model_validate(found)


@router.delete("/classes/{class_id}/textbooks/{subject}", status_code=204)
async def stop_textbook(
    class_id: UUID, subject: Subject, session: Writing, principal: RequiredPrincipal
) -> None:
    await classrooms.stop(session, principal, class_id, subject)
