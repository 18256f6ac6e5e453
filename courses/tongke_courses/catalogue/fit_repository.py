"""All SQL about how courses and lessons suit a class: three statements."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, func, or_, select
from sqlalchemy.orm import aliased

from tongke_courses.lessons.models import Lesson
from tongke_courses.materials.models import Material, MaterialVersion, StoredFile
from tongke_courses.textbooks.models import ClassTextbook, KnowledgeLink, NodeKind, TextbookNode
from tongke_platform.database import ReadSession


@dataclass(frozen=True)
class Used:
    """A class's volume in a subject, and the node it has come to."""

    subject: str
    volume_id: UUID
    volume_path: str
    reached_id: UUID | None


@dataclass
class Node:
    id: UUID
    kind: NodeKind
    name: str
    path: str
    position: int
    points: list[UUID] = field(default_factory=list)


# Put together once: they are asked for every list somebody with a class looks at.
_USED = (
    select(
        ClassTextbook.subject,
        ClassTextbook.volume_id,
        TextbookNode.path,
        ClassTextbook.reached_id,
    )
    .join(TextbookNode, TextbookNode.id == ClassTextbook.volume_id)
    .where(
        ClassTextbook.class_id == bindparam("class"),
        ClassTextbook.subject.in_(bindparam("subjects", expanding=True)),
    )
)


def _sizes() -> Select[UUID | None, UUID, int]:
    keys: Any = bindparam("keys", expanding=True)
    of_lesson = aliased(Lesson)
    owner = func.coalesce(Material.course_id, of_lesson.course_id)
    return (
        select(Material.lesson_id, owner, func.sum(StoredFile.size))
        .join(MaterialVersion, MaterialVersion.id == Material.current_id)
        .join(StoredFile, StoredFile.id == MaterialVersion.file_id)
        .outerjoin(of_lesson, of_lesson.id == Material.lesson_id)
        .where(
            Material.removed_at.is_(None),
            or_(
                Material.lesson_id.in_(keys),
                Material.course_id.in_(keys),
                Material.lesson_id.in_(select(Lesson.id).where(Lesson.course_id.in_(keys))),
            ),
        )
        .group_by(Material.lesson_id, owner)
    )


_SIZES = _sizes()


class FitRepository:
    def __init__(self, session: ReadSession) -> None:
        self.session = session

    async def used(self, class_id: UUID, subjects: Collection[str]) -> list[Used]:
        asked = {"class": class_id, "subjects": list(subjects)}
        return [Used(*row) for row in await self.session.execute(_USED, asked)]

    async def nodes(self, volume_paths: Sequence[str], named: Sequence[UUID]) -> dict[UUID, Node]:
        """The volumes with all above and in them, and the nodes that are named; with the knowledge
        points they teach.
        """
        if not volume_paths and not named:
            return {}
        above = [UUID(one) for path in volume_paths for one in path.split("/") if one]
        inside = [TextbookNode.path.startswith(path, autoescape=True) for path in volume_paths]
        statement = (
            select(TextbookNode, KnowledgeLink.point_id)
            .outerjoin(KnowledgeLink, KnowledgeLink.node_id == TextbookNode.id)
            .where(or_(TextbookNode.id.in_([*above, *named]), *inside))
        )
        found: dict[UUID, Node] = {}
        for node, point in await self.session.execute(statement):
            one = found.setdefault(
                node.id, Node(node.id, node.kind, node.name, node.path, node.position)
            )
            if point is not None:
                one.points.append(point)
        return found

    async def sizes(self, keys: Sequence[UUID]) -> dict[UUID, int]:
        """By lesson or course: bytes of what is shown now; a course counts with its lessons."""
        found: dict[UUID, int] = {}
        for lesson, course, size in await self.session.execute(_SIZES, {"keys": list(keys)}):
            for key in keys:
                if key in (lesson, course):
                    found[key] = found.get(key, 0) + int(size)
        return found
