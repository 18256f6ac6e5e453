"""What the demo tells programs (the ready file) and people (the welcome)."""

import os
from typing import Any, TypedDict

import httpx2
from rich.console import Console
from rich.table import Table

from tongke_platform.cli.demo_objects import KINDS
from tongke_platform.cli.demo_seed import Seeded
from tongke_platform.demo import people


class ReadyFile(TypedDict):
    """Stable: other programs read it. ``resources``: private objects of the first school."""

    base_url: str
    lesson_id: str
    whip_url: str
    whip_token: str
    whep_url: str
    whep_token: str
    hls_url: str
    hls_token: str
    replay_url: str
    room_url: str
    api_token: str
    accounts: dict[str, dict[str, str]]
    other_school_token: str
    owner_token: str
    school_codes: list[str]
    resources: dict[str, list[str]]
    pid: int


async def make_ready_file(base: str, seeded: Seeded) -> ReadyFile:
    live = f"{base}/live/{seeded.lesson_id}"
    tokens = seeded.state.tokens
    return ReadyFile(
        base_url=base,
        lesson_id=str(seeded.lesson_id),
        whip_url=f"{live}/whip",
        whip_token=seeded.whip_token,
        whep_url=f"{live}/whep",
        whep_token=seeded.watch_token,
        hls_url=f"{live}/hls/index.m3u8",
        hls_token=seeded.watch_token,
        replay_url=f"{base}/replay/{seeded.lesson_id}/index.m3u8",
        room_url=f"{base}/room/{seeded.room_token}",
        api_token=tokens[people.ADMIN],
        accounts={
            person.key: {"username": person.username, "password": seeded.state.password}
            for person in people.PEOPLE
        },
        other_school_token=tokens[people.OTHER],
        owner_token=tokens[people.OWNER],
        school_codes=[school.code for school in people.SCHOOLS],
        resources=await _resources(base, seeded),
        pid=os.getpid(),
    )


async def _resources(base: str, seeded: Seeded) -> dict[str, list[str]]:
    """Addresses of private objects by kind: those of the candidates that exist for their owner."""
    found: dict[str, list[str]] = {}
    headers = {"authorization": f"Bearer {seeded.state.tokens[people.OWNER]}"}
    async with httpx2.AsyncClient(trust_env=False, timeout=10, headers=headers) as client:
        for kind, templates in KINDS.items():
            for path in (one.format_map(seeded.objects) for one in templates):
                if (await client.get(base + path)).status_code == 200:
                    found.setdefault(kind, []).append(base + path)
    return found


def print_welcome(ready: Any, *, published: bool, after_s: float) -> None:
    console = Console(highlight=False)
    lesson = f"{people.NOW.title}（{people.LEAD.name} → {people.PARTNER.name}）"
    state = "正在上课 · live now" if published else "等待老师上课 · waiting for the teacher"
    console.print(f"\n[bold]同课 Tongke[/bold]  {lesson}  [red]●[/red] {state}\n")
    console.print(f"登录 log in     {ready['base_url']}", soft_wrap=True)
    console.print(f"教室 classroom  {ready['room_url']}\n", soft_wrap=True)
    table = Table(box=None, pad_edge=False)
    for title in ("", "姓名 name", "用户名 user", "密码 password", "学校 school"):
        table.add_column(title, overflow="fold")
    schools = {school.code: school.name for school in people.SCHOOLS}
    for person in people.PEOPLE:
        account = ready["accounts"][person.key]
        school = schools.get(person.school or "", "-")
        table.add_row(
            person.what, person.display_name, account["username"], account["password"], school
        )
    console.print(table)
    console.print(
        f"\n{after_s:.0f} 秒后就绪 · ready after {after_s:.0f} s。Ctrl-C 结束 · to stop.\n"
    )
