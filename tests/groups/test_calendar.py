"""The calendar of a group as another program reads it (RFC 5545)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import icalendar
from hypothesis import given
from hypothesis import strategies as st

from tests.groups.stage import GROUPS, Stage
from tongke_courses.groups.calendar import MOST_OCTETS, Event, escape, fold, write
from tongke_platform.logs import redact

FIRST = datetime(2030, 1, 7, 6, 30, tzinfo=UTC)
HOSTILE = (
    "磨课;一,二\\三\r\nEND:VEVENT\r\nBEGIN:VEVENT\nSUMMARY:injected\r"
    + "长" * 90
    + "\x07\x00\u2028x"
)


def event(summary: str = "磨课", location: str = "", description: str = "") -> Event:
    last = FIRST + timedelta(hours=1)
    return Event("1@tongke", FIRST, last, FIRST, 2, summary, location, description)


def parsed(data: bytes) -> list[icalendar.Event]:
    calendar: Any = icalendar.Calendar.from_ical(data.decode())
    return list(calendar.walk("VEVENT"))


def said(found: icalendar.Event, name: str) -> str:
    return str(found[name])


def test_as_written() -> None:
    data = write("语文教研组", [event(location="录播教室", description="一\n二")])
    lines = data.decode().split("\r\n")
    assert lines[0] == "BEGIN:VCALENDAR"
    assert lines[-2:] == ["END:VCALENDAR", ""]
    assert "DTSTART:20300107T063000Z" in lines
    assert "SEQUENCE:2" in lines
    assert "DESCRIPTION:一\\n二" in lines
    assert data.count(b"\n") == data.count(b"\r\n")
    (found,) = parsed(data)
    assert (said(found, "SUMMARY"), said(found, "LOCATION")) == ("磨课", "录播教室")
    assert found.start == FIRST
    assert said(found, "DESCRIPTION") == "一\n二"


def test_hostile_text_stays_text() -> None:
    data = write(HOSTILE, [event(summary=HOSTILE, location=HOSTILE, description=HOSTILE)])
    (found,) = parsed(data)
    for name in ("SUMMARY", "LOCATION", "DESCRIPTION"):
        assert "injected" in said(found, name)
        assert said(found, name).startswith("磨课;一,二\\三\nEND:VEVENT\nBEGIN:VEVENT\n")
    assert b"\x00" not in data
    assert b"\x07" not in data
    assert all(len(line) <= MOST_OCTETS for line in data.split(b"\r\n"))


@given(st.text(max_size=300))
def test_any_text_comes_back(text: str) -> None:
    """But for what no calendar may hold, which becomes spaces."""
    folded = fold("X:" + escape(text))
    parts = folded.split("\r\n")
    assert all(len(one.encode()) <= MOST_OCTETS for one in parts)
    assert all(one.startswith(" ") for one in parts[1:])
    assert "".join([parts[0], *(one[1:] for one in parts[1:])]) == "X:" + escape(text)
    assert "\n" not in escape(text)
    assert "\r" not in escape(text)
    data = write("x", [event(summary=text)])
    assert len(parsed(data)) == 1


async def test_feed(stage: Stage) -> None:
    await stage.bring_in(stage.member)
    planned = await stage.plan(agenda="1. 看片段", place="一号楼")
    off = await stage.plan(title="取消的")
    await stage.of(stage.head, "POST", f"/api/activities/{off['id']}/cancel")
    made = await stage.of(stage.member, "PUT", f"{GROUPS}/{stage.key}/calendar")
    answer = await stage.client.get(made["address"])
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    found = {said(one, "SUMMARY"): one for one in parsed(answer.content)}
    assert said(found["《山行》磨课"], "LOCATION") == "一号楼"
    assert said(found["《山行》磨课"], "URL") == f"http://school.test/activities/{planned['id']}"
    off_now = found["取消的"]
    assert (said(off_now, "STATUS"), said(off_now, "SEQUENCE")) == ("CANCELLED", "1")
    assert stage.head.display_name not in answer.text, "no names: addresses get about"
    assert made["address"].rpartition("/")[2] not in redact(made["address"])


async def test_addresses_that_are_good_no_more(stage: Stage) -> None:
    await stage.bring_in(stage.member)
    path = f"{GROUPS}/{stage.key}/calendar"
    first = await stage.of(stage.member, "PUT", path)
    second = await stage.of(stage.member, "PUT", path)
    other = await stage.of(stage.head, "PUT", path)
    assert (await stage.client.get(first["address"])).status_code == 404
    assert (await stage.client.get(second["address"])).status_code == 200
    for _ in range(2):
        await stage.of(stage.member, "DELETE", path)
    assert (await stage.client.get(second["address"])).status_code == 404
    assert (await stage.client.get(other["address"])).status_code == 200, "each their own"
    await stage.switch_off(stage.head)
    assert (await stage.client.get(other["address"])).status_code == 404
    assert (await stage.client.get("/groups/calendar/x.ics")).status_code == 404
    assert (await stage.ask(stage.stranger, "PUT", path)).status_code == 403
