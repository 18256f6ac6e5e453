"""Two schools, a group of the first one's with a member of each, and everybody who wants in."""

from datetime import datetime, timedelta
from typing import Any

import httpx2
from sqlalchemy import select

from tests.makers import Makers, Someone
from tongke_platform.frame import Frame
from tongke_platform.notices.models import Notice
from tongke_platform.people.models import Person
from tongke_platform.people.roles import Role

GROUPS = "/api/groups"


class Stage:
    """Acts over the API as one person or another."""

    def __init__(self, client: httpx2.AsyncClient, make: Makers, frame: Frame) -> None:
        self.client, self.make, self.frame = client, make, frame
        self._headers: dict[str, dict[str, str]] = {}

    async def open(self) -> "Stage":
        make = self.make
        self.region = await make.region()
        self.school = await make.school(self.region)
        self.far = await make.school(await make.region())
        self.head = await make.person(self.school, Role.LEAD_TEACHER)
        self.member = await make.person(self.far, Role.LOCAL_TEACHER)
        self.stranger = await make.person(self.far, Role.LEAD_TEACHER)
        self.admin = await make.person(self.school, Role.SCHOOL_ADMIN)
        self.key = await self.group()
        return self

    async def ask(
        self, who: Someone | None, method: str, path: str, **parts: Any
    ) -> httpx2.Response:
        headers: dict[str, str] = {}
        if who is not None:
            if who.username not in self._headers:
                self._headers[who.username] = await self.make.bearer(who)
            headers = self._headers[who.username]
        return await self.client.request(method, path, headers=headers, **parts)

    async def of(self, who: Someone | None, method: str, path: str, **parts: Any) -> Any:
        """What is answered to somebody who may."""
        answer = await self.ask(who, method, path, **parts)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    async def group(self, visibility: str = "listed", **fields: Any) -> str:
        """Of the head, who is its only member."""
        body = {"kind": "research_group", "name": "语文教研组", "visibility": visibility, **fields}
        made = await self.of(self.head, "POST", GROUPS, json=body)
        return str(made["id"])

    async def bring_in(
        self, who: Someone, role: str = "group_member", key: str | None = None
    ) -> None:
        """Invited by the head and accepted."""
        base = f"{GROUPS}/{key or self.key}"
        wanted = {"display_name": who.display_name, "sign_in_name": who.username, "role": role}
        await self.of(self.head, "POST", f"{base}/invitations", json=wanted)
        found = await self.of(self.head, "GET", base)
        joining = next(one for one in found["joinings"] if one["person_id"] == str(who.id))
        path = f"{base}/joinings/{joining['id']}"
        await self.of(who, "POST", path, json={"accept": True})

    async def parts(self, key: str | None = None) -> dict[str, str]:
        """What everybody is in the group, by name."""
        found = await self.of(self.head, "GET", f"{GROUPS}/{key or self.key}")
        return {one["name"]: one["part"] for one in found["people"]}

    async def plan(
        self, who: Someone | None = None, first: datetime | None = None, **fields: Any
    ) -> dict[str, Any]:
        """An activity in three days (or at ``first``), of an hour and a half."""
        first = first or self.frame.now() + timedelta(days=3)
        body = {"kind": "lesson_refining", "title": "《山行》磨课", **times(first), **fields}
        path = f"{GROUPS}/{self.key}/activities"
        found: dict[str, Any] = await self.of(who or self.head, "POST", path, json=body)
        return found

    async def told(self, who: Someone) -> list[str]:
        """The kinds of notices somebody has got, the first first."""
        async with self.frame.database.read() as session:
            mine = select(Notice.kind).where(Notice.person_id == who.id).order_by(Notice.id)
            return list((await session.execute(mine)).scalars())

    async def switch_off(self, who: Someone) -> None:
        async with self.frame.database.write() as session:
            person = await session.get_one(Person, who.id)
            person.deactivated_at = self.frame.now()


def times(first: datetime) -> dict[str, str]:
    return {
        "starts_at": first.isoformat(),
        "ends_at": (first + timedelta(minutes=90)).isoformat(),
    }


def code(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "")
