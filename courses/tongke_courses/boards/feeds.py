"""What is new on a group's board for the programs of its members: each has an address of their own."""

import unicodedata
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID
from xml.etree import ElementTree as xml

from tongke_courses.boards import holding, rights
from tongke_courses.boards.feed_repository import FeedRepository
from tongke_courses.boards.models import GroupFeed, Topic
from tongke_courses.groups.members import when_left
from tongke_courses.groups.models import Group
from tongke_platform.database import ReadSession, WriteSession
from tongke_platform.errors import N_, NotFound
from tongke_platform.frame import Frame
from tongke_platform.rights import Principal

NO_FEED = N_("This feed address is not good any more.")
MOST = 50
ATOM = "http://www.w3.org/2005/Atom"
MEDIA_TYPE = "application/atom+xml; charset=utf-8"


def install() -> None:
    """Called by the assembly, any number of times."""
    when_left(left)


async def left(session: WriteSession, group_id: UUID, person_id: UUID) -> None:
    await FeedRepository(session).remove(group_id, person_id)


async def make(session: WriteSession, by: Principal, group_id: UUID) -> GroupFeed:
    """A new address; the one they had is good no more. Raises NotFound."""
    await revoke(session, by, group_id)
    return await FeedRepository(session).add(GroupFeed(group_id=group_id, person_id=by.id))


async def revoke(session: WriteSession, by: Principal, group_id: UUID) -> None:
    """Having none is no error. Raises NotFound."""
    await holding.group(session, by, group_id, rights.READ)
    await FeedRepository(session).remove(group_id, by.id)


def path_of(found: GroupFeed) -> str:
    return f"/groups/feed/{found.token}.atom"


async def read(session: ReadSession, frame: Frame, token: str, base: str) -> bytes:
    """What an address opens, as long as its owner belongs to the group: titles, and no names or
    words of anybody, nor what topics are about, because addresses get about. ``base`` is ``https://host``.

    Raises NotFound ``no_feed``.
    """
    feeds = FeedRepository(session)
    group = await feeds.group_of(token, frame.today())
    if group is None:
        raise NotFound(NO_FEED, code="no_feed")
    return write(group, await feeds.topics(group.id, MOST), base)


def write(group: Group, topics: Sequence[Topic], base: str) -> bytes:
    """An Atom document (RFC 4287), UTF-8; the topics in their order."""
    xml.register_namespace("", ATOM)
    feed = xml.Element(f"{{{ATOM}}}feed")
    newest = max((one.last_post_at for one in topics), default=group.created_at)
    _add(feed, "id", f"urn:uuid:{group.id}")
    _add(feed, "title", group.name)
    _add(feed, "updated", _time(newest))
    xml.SubElement(_add(feed, "author"), f"{{{ATOM}}}name").text = _clean(group.name)
    _add(feed, "link", rel="alternate", href=f"{base}/groups/{group.id}/topics")
    for one in topics:
        entry = _add(feed, "entry")
        _add(entry, "id", f"urn:uuid:{one.id}")
        _add(entry, "title", one.title)
        _add(entry, "published", _time(one.created_at))
        _add(entry, "updated", _time(one.last_post_at))
        _add(entry, "link", rel="alternate", href=f"{base}/topics/{one.id}")
        _add(entry, "category", term=one.state.value)
    data: bytes = xml.tostring(feed, encoding="utf-8", xml_declaration=True)
    return data


def _add(parent: xml.Element, name: str, text: str = "", **attributes: str) -> xml.Element:
    made = xml.SubElement(parent, f"{{{ATOM}}}{name}", attributes)
    if text:
        made.text = _clean(text)
    return made


def _clean(text: str) -> str:
    """Characters that cannot be in XML (section 2.2) become spaces."""
    return "".join(
        " " if unicodedata.category(one) in {"Cc", "Cs"} or one in "\ufffe\uffff" else one
        for one in text
    )


def _time(instant: datetime) -> str:
    return instant.isoformat(timespec="seconds").replace("+00:00", "Z")
