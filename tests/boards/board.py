"""A group with a person of every part, and who is outside it; what they write."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from tests.groups.stage import GROUPS, Stage
from tests.makers import Someone
from tongke_courses.boards.models import GroupFile
from tongke_courses.materials.models import StoredFile
from tongke_platform.accounts.limiter import LocalLimiter
from tongke_platform.people import service as people
from tongke_platform.people.roles import Role


class Board(Stage):
    """``head`` and ``member`` are the stage's; ``planner``, ``researcher`` and ``guest`` are in the
    group as well, ``left`` was, ``stranger`` and ``admin`` (of the school) never were.
    """

    async def fill(self) -> "Board":
        """Put there, not invited: how one comes in is tried by the tests of groups."""
        self.planner = await self.make.person(self.school, Role.LEAD_TEACHER)
        self.researcher = await self.make.person(self.far, Role.LEAD_TEACHER)
        self.guest = await self.make.person(self.far, Role.LOCAL_TEACHER)
        self.left = await self.make.person(self.far, Role.LOCAL_TEACHER)
        today, group = self.frame.today(), UUID(self.key)
        async with self.frame.database.write() as session:
            for who, part in (
                (self.member, Role.GROUP_MEMBER),
                (self.planner, Role.LEAD_PLANNER),
                (self.researcher, Role.GROUP_RESEARCHER),
                (self.guest, Role.OBSERVER),
            ):
                await people.appoint(session, who.person, part, scope_id=group, starts_on=today)
            left, member = self.left.person, Role.GROUP_MEMBER
            first, last = today - timedelta(days=30), today - timedelta(days=1)
            await people.appoint(
                session, left, member, scope_id=group, starts_on=first, ends_on=last
            )
        return self

    async def take_out(self, who: Someone) -> None:
        await self.of(self.head, "DELETE", f"{GROUPS}/{self.key}/members/{who.id}")

    @property
    def topics(self) -> str:
        return f"{GROUPS}/{self.key}/topics"

    async def topic(
        self, who: Someone | None = None, text: str = "板书怎么写？", **fields: Any
    ) -> dict[str, Any]:
        body = {"title": "《山行》的板书", "text": text, "sent_as": str(uuid4()), **fields}
        path = f"{GROUPS}/{fields.pop('group', self.key)}/topics"
        body.pop("group", None)
        found: dict[str, Any] = await self.of(who or self.member, "POST", path, json=body)
        return found

    async def reply(
        self, topic: dict[str, Any], who: Someone | None = None, text: str = "先画山。", **more: Any
    ) -> dict[str, Any]:
        body = {"text": text, "sent_as": str(uuid4()), **more}
        path = f"/api/topics/{topic['id']}/posts"
        found: dict[str, Any] = await self.of(who or self.head, "POST", path, json=body)
        return found

    async def read(self, topic: dict[str, Any], who: Someone | None = None) -> dict[str, Any]:
        path = f"/api/topics/{topic['id']}"
        found: dict[str, Any] = await self.of(who or self.head, "GET", path)
        return found

    async def step(
        self, topic: dict[str, Any], state: str, who: Someone | None = None, **more: Any
    ) -> Any:
        """The answer; of the version there is now."""
        now = await self.read(topic)
        body = {"version": now["version"], "state": state, **more}
        path = f"/api/topics/{topic['id']}/state"
        return await self.ask(who or self.head, "POST", path, json=body)

    async def find(self, who: Someone | None, words: str, **more: Any) -> list[str]:
        """Kinds and ids of what is found, once what waits is done."""
        await self.frame.jobs.run_due()
        found = await self.of(who, "GET", "/api/search", params={"q": words, **more})
        assert found["total"] == len(found["results"])
        return [f"{one['kind']} {one['id']}" for one in found["results"]]

    async def file(self, group: str) -> UUID:
        """A picture of the group, brought by the head."""
        async with self.frame.database.write() as session:
            stored = StoredFile(key=uuid4().hex, sha256="0" * 64, size=1, media_type="image/png")
            session.add(stored)
            await session.flush()
            made = GroupFile(
                group_id=UUID(group), file_id=stored.id, name="板书.png", by_id=self.head.id
            )
            session.add(made)
        return made.id

    def unhurried(self) -> "Board":
        """For who sends a great deal."""
        self.frame.limiter = LocalLimiter()
        return self


def words(topic: dict[str, Any]) -> list[str]:
    return [one["text"] for one in topic["items"]]
