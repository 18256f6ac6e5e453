"""Makes what a test needs, through the services; each with a name of its own."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import count

from tongke_courses.lessons import service as lessons
from tongke_courses.lessons.models import Lesson, Room
from tongke_platform.accounts import service as accounts
from tongke_platform.accounts.models import Account, Role, School
from tongke_platform.frame import Frame

PASSWORD = "春风化雨 2026"


class Makers:
    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self._number = count(1)

    async def school(self) -> School:
        number = next(self._number)
        async with self.frame.database.write() as session:
            return await accounts.create_school(
                session, code=f"S{number}", name=f"第{number}小学", region="云县"
            )

    async def account(
        self, school: School | None = None, role: Role = Role.LEAD_TEACHER
    ) -> Account:
        number = next(self._number)
        password_hash = await self.frame.passwords.hash(PASSWORD)
        async with self.frame.database.write() as session:
            return await accounts.create_account(
                session,
                username=f"1380000{number:04}",
                display_name=f"老师{number}",
                password_hash=password_hash,
                role=role,
                school=await session.merge(school, load=False) if school else None,
            )

    async def token(self, account: Account, expires_at: datetime | None = None) -> str:
        async with self.frame.database.write() as session:
            return await accounts.create_api_token(session, account, expires_at=expires_at)

    async def bearer(self, account: Account) -> dict[str, str]:
        """Headers of a program that acts for ``account``."""
        return {"Authorization": f"Bearer {await self.token(account)}"}

    async def room(self, school: School) -> Room:
        async with self.frame.database.write() as session:
            return await lessons.create_room(
                session,
                name=f"三年级{next(self._number)}班",
                school=await session.merge(school, load=False),
                class_size=41,
            )

    async def lesson(
        self,
        teacher: Account | None = None,
        rooms: Sequence[Room] = (),
        planned_start: datetime | None = None,
    ) -> Lesson:
        teacher = teacher or await self.account(await self.school())
        async with self.frame.database.write() as session:
            return await lessons.create(
                session,
                title="圆的面积",
                subject="数学",
                grade="六年级",
                teacher=teacher,
                planned_start=planned_start or self.frame.now(),
                rooms=rooms,
            )

    def media_token(self, lesson: Lesson, act: str = "watch", hours: float = 1) -> str:
        return self.frame.media_tokens.issue(
            lesson=str(lesson.id),
            act="publish" if act == "publish" else "watch",
            holder="test",
            now=self.frame.now(),
            lifetime=timedelta(hours=hours),
        )
