"""Courses, textbooks, materials and packages of the world."""

from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import select

from tongke_courses.catalogue import following, links, settling, syllabus
from tongke_courses.catalogue import service as courses
from tongke_courses.catalogue.models import Course, CoursePart, CourseTeacher, PublicApproval
from tongke_courses.catalogue.schemas import ClassLinkIn, CourseIn
from tongke_courses.lessons.schemas import LessonIn
from tongke_courses.lessons.visibility import Visibility
from tongke_courses.materials import service as materials
from tongke_courses.materials import uploading
from tongke_courses.materials.store import FileStore
from tongke_courses.packages.models import PackageImport, PackageState
from tongke_courses.textbooks import points, sample, service
from tongke_courses.textbooks.repository import NodeRepository

if TYPE_CHECKING:
    from tests.rights.world import World

from tests.rights.acting import PHOTO, principal

CAPTIONS = "WEBVTT\n\n00:01.000 --> 00:02.000\n同学们好\n".encode()


async def material(world: "World") -> None:
    """Captions of the lesson, a draft of a course, and two uploads of the owner: one sent."""
    frame, own = world.frame, world.places.schools["own"].id
    by = await principal(world, "owner")
    begun = await uploading.begin(frame, by, "a.txt", 5)
    sent = await uploading.begin(frame, by, "字幕.vtt", len(CAPTIONS))
    uploading.spool_of(frame).path(sent.id).write_bytes(CAPTIONS)
    sent = await uploading.finish(frame, sent)
    assert sent.file is not None
    async with frame.database.write() as session:
        made = await materials.add_file(
            session,
            frame,
            lesson_id=UUID(world.ids["lesson_id"]),
            name=sent.name,
            stored=sent.file,
            by=by.id,
        )
        course = Course(school_id=own, title="圆", subject="数学", grade="六年级")
        course.teachers = [CourseTeacher(person_id=by.id)]
        session.add(course)
        await session.flush()
    world.ids |= {
        "upload_id": str(begun.id),
        "sent_upload": str(sent.id),
        "material_id": str(made.id),
        "version_id": str(made.current_id),
        "/materials/{version_id}/{name}": "a.vtt",
        "/home/{token}/materials/{version_id}/{name}": "a.vtt",
        "course_id": str(course.id),
    }


async def course(world: "World") -> None:
    """Published for partners by the owner, with a unit and a lesson in which the own school's class
    is heard, which is to become public; a class follows it and has a link for home.
    """
    frame, own = world.frame, world.places.schools["own"]
    by = await principal(world, "owner")
    class_id, room_id = UUID(world.ids["class_id"]), UUID(world.ids["room_id"])
    wanted = CourseIn(title="古诗三首", subject="语文", grade="三年级", school_id=own.id)
    async with frame.database.write() as session:
        # Planning a lesson makes the session forget what it has loaded.
        key = (await courses.create(frame, session, by, wanted)).id
        unit = await courses.add_unit(session, by, key, "第一单元")
        unit_id = unit.id
        lesson = await syllabus.plan(
            frame, session, by,
            LessonIn(
                title="山行", subject="语文", grade="三年级", course_id=key, unit_id=unit_id,
                planned_start=frame.now(), planned_minutes=40, visibility=Visibility.PUBLIC,
            ),
        )  # fmt: skip
        lesson_id = lesson.id
        await courses.set_teacher(session, by, key, UUID(world.ids["person_id"]), CoursePart.CO)
        await courses.publish(frame, session, by, key)
        cover = await FileStore(frame).put_bytes(PHOTO, session)
        await courses.set_cover(frame, session, by, key, cover.id)
        await settling.heard(session, lesson_id, room_id)
        await following.follow(frame, session, by, key, class_id)
        link = await links.make(frame, session, by, ClassLinkIn(class_id=class_id))
        asked = select(PublicApproval.id).where(PublicApproval.school_id == own.id)
        approval = (await session.execute(asked)).scalar_one()
    world.ids |= {
        "course_id": str(key),
        "unit_id": str(unit_id),
        "course_lesson": str(lesson_id),
        "DELETE /api/courses/{course_id}/lessons/{lesson_id} lesson_id": str(lesson_id),
        "POST /courses/{course_id}/lessons/{lesson_id}/{act} lesson_id": str(lesson_id),
        "/courses/{course_id}/lessons/{lesson_id}/{act}": "up",
        "/courses/{course_id}/units/{unit_id}/{act}": "up",
        "link_id": str(link.id),
        "/api/home/{token}": link.token,
        "/home/{token}": link.token,
        "approval_id": str(approval),
    }
    world.marks |= {
        "course": str(key),
        "class-link": str(link.id),
        "approval": str(approval),
    }


async def textbooks(world: "World") -> None:
    """A book with units, of which one teaches something, and a book without."""
    by = await principal(world, "researcher.region@own")
    async with world.frame.database.write() as session:
        full = (await sample.fill(session, by))["语文 统编版 上册"]
        unit = (await NodeRepository(session).children(full))[0]
        point = await points.link(session, by, unit.id, "读懂一段话")
        bare = await service.resolve(session, subject="数学", grade="七年级", volume="上册")
    assert bare is not None
    world.ids |= {"node_id": str(unit.id), "point_id": str(point.id), "subject": "数学"}
    world.ids |= {"volume": str(full.id), "empty_volume": str(bare.id)}
    for address in (
        "PUT /api/textbooks/{node_id}/contents",
        "POST /textbooks/{node_id}/contents",
        "POST /textbooks/{node_id}/class",
    ):
        world.ids[f"{address} node_id"] = str(bare.id)


async def package(world: "World") -> None:
    """One the owner has brought in."""
    own = world.places.schools["own"].id
    by = await principal(world, "owner")
    row = PackageImport(
        school_id=own, by_id=by.id, sha256="0" * 64, name="圆.imscc", subject="数学",
        grade="六年级", state=PackageState.DONE,
    )  # fmt: skip
    async with world.frame.database.write() as session:
        session.add(row)
        await session.flush()
    world.ids["package_id"] = str(row.id)
