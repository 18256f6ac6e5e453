"""Somebody who leads a lesson, somebody it is delivered to, and a stranger, each with a client."""

from dataclasses import dataclass

import pytest
from fastapi import FastAPI

from tests.makers import Makers, Someone
from tests.materials.tus_client import Tus
from tongke_courses.lessons.models import Lesson
from tongke_platform.organisations.models import Room
from tongke_platform.people.roles import Role


@dataclass
class Cast:
    lesson: Lesson
    room: Room
    teacher: Someone
    lead: Tus
    partner: Tus
    stranger: Tus

    @property
    def path(self) -> str:
        return f"/api/lessons/{self.lesson.id}/materials"


@pytest.fixture
async def cast(app: FastAPI, make: Makers) -> Cast:
    teacher = await make.person(await make.school(), Role.LEAD_TEACHER)
    school = await make.school()
    room = await make.room(school)
    lesson = await make.lesson(teacher, [room])
    local = await make.person(school, Role.LOCAL_TEACHER)
    other = await make.person(await make.school(), Role.LEAD_TEACHER)
    clients = [Tus(app, await make.bearer(one)) for one in (teacher, local, other)]
    return Cast(lesson, room, teacher, *clients)
