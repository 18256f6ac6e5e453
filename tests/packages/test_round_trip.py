"""What goes out as a cartridge comes back as it was, whatever it is called and whatever is in it."""

import io
import tempfile
import zipfile
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tongke_courses.catalogue.models import CourseUnit, Licence
from tongke_courses.lessons.models import Lesson
from tongke_courses.materials import names
from tongke_courses.materials.models import Material, MaterialKind, MaterialVersion, StoredFile
from tongke_courses.packages.exporting import cartridge
from tongke_courses.packages.reading.reader import opened_package
from tongke_courses.packages.reading.structure import (
    Kind,
    PackedFile,
    PackedLesson,
    PackedLink,
    PackedPage,
)
from tongke_courses.takehome.contents import Contents, LessonPart, Taken

SPACE = UUID(int=7)
titles = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn", "Zl", "Zp", "Zs"]),
    min_size=1, max_size=20,
)  # fmt: skip
file_names = st.builds(lambda stem, end: names.clean(stem) + end, titles, st.sampled_from(
    [".pdf", ".docx", ".html", "", ".mp4"]
))  # fmt: skip
links = st.builds(
    lambda path: f"https://a.example/{path}",
    st.text("abc?&=#'\"<>/%", max_size=10),
)
materials = st.tuples(titles, st.one_of(links, st.tuples(file_names, st.binary(max_size=50))))
lessons = st.tuples(titles, titles | st.just(""), st.lists(materials, max_size=3))
courses = st.tuples(titles, st.lists(lessons, max_size=2), st.lists(
    st.tuples(titles, st.lists(lessons, min_size=1, max_size=3)), max_size=3
))  # fmt: skip


class Filled:
    """A course as the database would give it, and the bytes of its files by key."""

    def __init__(self, course: Any) -> None:
        self.number = 0
        self.data: dict[str, bytes] = {}
        title, loose, units = course
        rows = [CourseUnit(id=self.key(), title=name) for name, _ in units]
        parts = [self.part(one, None) for one in loose]
        for row, (_, inside) in zip(rows, units, strict=True):
            parts += [self.part(one, row) for one in inside]
        self.contents = Contents(
            "course", self.key(), title, "", "一小", Licence.CC_BY, "", units=rows, lessons=parts
        )

    def key(self) -> UUID:
        self.number += 1
        return uuid5(SPACE, str(self.number))

    def part(self, one: Any, unit: CourseUnit | None) -> LessonPart:
        title, description, inside = one
        lesson = Lesson(id=self.key(), title=title, description=description)
        return LessonPart(lesson, unit, [self.taken(*pair) for pair in inside])

    def taken(self, title: str, what: Any) -> Taken:
        if isinstance(what, str):
            material = Material(title=title, url=what, kind=MaterialKind.LINK)
            return Taken(material, Licence.CC_BY)
        name, data = what
        stored = StoredFile(key=str(self.key()), sha256="", size=len(data))
        self.data[stored.key] = data
        version = MaterialVersion(name=name)
        version.file = stored
        return Taken(Material(title=title, url="", kind=MaterialKind.OTHER), Licence.CC_BY, version)

    def zipped(self) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            for one in cartridge.members(self.contents, str):
                archive.writestr(one.path, self.data[one.stored.key] if one.stored else one.data)
        return out.getvalue()


def expected(one: LessonPart, data: dict[str, bytes]) -> tuple[str, str, list[object]]:
    inside: list[object] = [
        (taken.material.title, data[taken.file.key]) if taken.file else
        (taken.material.title, taken.material.url)
        for taken in one.taken
    ]  # fmt: skip
    return one.lesson.title, one.lesson.description, inside


@given(course=courses)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_round_trip(course: object) -> None:
    filled = Filled(course)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "course.imscc"
        path.write_bytes(filled.zipped())
        with opened_package(path) as (archive, package):

            def seen(lesson: PackedLesson) -> tuple[str, str, list[object]]:
                found: list[object] = []
                for one in lesson.materials:
                    if isinstance(one, PackedLink):
                        found.append((one.title, one.url))
                    else:
                        assert isinstance(one, PackedFile | PackedPage)
                        found.append((one.title, archive.read(one.path, 1 << 20)))
                return lesson.title, lesson.description, found

            assert (package.kind, package.version) == (Kind.CARTRIDGE, "1.3")
            assert package.title == filled.contents.title
            assert package.skipped == []
            assert [seen(one) for one in package.lessons] == [
                expected(one, filled.data) for one in filled.contents.lessons
            ]
            units = [(unit.title, len(unit.lessons)) for unit in package.units]
            loose, others = course[1], course[2]  # type: ignore[index]
            assert units == [("", len(loose))] * bool(loose) + [
                (title, len(inside)) for title, inside in others
            ]
