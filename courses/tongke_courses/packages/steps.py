"""A package as a list of steps: the same file gives the same list, so that a number says how far."""

from collections.abc import Sequence
from dataclasses import dataclass

from tongke_courses.packages.reading.archives import TOO_LARGE, Archive
from tongke_courses.packages.reading.structure import (
    Material,
    Package,
    PackedFile,
    PackedLesson,
    PackedPage,
    Skipped,
    Unit,
)
from tongke_platform.errors import N_

# What one course shows; see the syllabus.
MOST_LESSONS = 1000
TOO_MANY_LESSONS = N_("A course has room for a thousand lessons; this one comes after them.")
FILE_TOO_LARGE = N_("This file is larger than files may be here.")


@dataclass(frozen=True)
class Step:
    """One item: a lesson (with its unit when it is the first of it), or a material of the lesson
    before. ``unit`` is set on lessons.
    """

    unit: Unit | None
    new_unit: bool
    lesson: PackedLesson
    material: Material | None = None


@dataclass(frozen=True)
class Plan:
    steps: Sequence[Step]
    skipped: Sequence[Skipped]


def plan(package: Package, archive: Archive, most_bytes: int, total_bytes: int) -> Plan:
    """``most_bytes`` of one material, ``total_bytes`` of all of them."""
    steps: list[Step] = []
    skipped = list(package.skipped)
    lessons, left = 0, total_bytes
    for unit in package.units:
        for number, lesson in enumerate(unit.lessons):
            lessons += 1
            if lessons > MOST_LESSONS:
                skipped.append(Skipped(lesson.title, TOO_MANY_LESSONS))
                continue
            steps.append(Step(unit, number == 0 and bool(unit.title), lesson))
            for one in lesson.materials:
                size = size_of(one, archive)
                if size > most_bytes or size > left:
                    why = FILE_TOO_LARGE if size > most_bytes else TOO_LARGE
                    skipped.append(Skipped(one.title, why))
                    continue
                left -= size
                steps.append(Step(None, False, lesson, one))
    return Plan(steps, skipped)


def size_of(one: Material, archive: Archive) -> int:
    """Bytes it takes when it is taken out."""
    if isinstance(one, PackedFile):
        return archive.sizes.get(one.path, 0)
    if isinstance(one, PackedPage):
        files = sum(archive.sizes.get(file.path, 0) for file in one.files)
        return files + archive.sizes.get(one.path, len(one.html))
    return 0
