"""The kinds of notices there are, and what each does unless its reader chooses otherwise."""

from dataclasses import dataclass
from enum import StrEnum

from tongke_platform.errors import N_
from tongke_platform.notices.models import Channel, Choice


class Urgency(StrEnum):
    """``URGENT`` passes quiet hours."""

    PLAIN = "plain"
    URGENT = "urgent"


@dataclass(frozen=True)
class NoticeKind:
    """``label``, ``title`` and ``body`` are messages; the last two with %(name)s places.

    A param whose name ends in ``_at`` is an instant (ISO 8601) and shown in the schools' zone; one that
    ends in ``_said`` is a message as well, shown in the reader's language.
    """

    name: str
    label: str
    title: str
    body: str
    mail: Choice = Choice.DIGEST
    chat: Choice = Choice.OFF
    urgency: Urgency = Urgency.PLAIN

    @property
    def urgent(self) -> bool:
        return self.urgency is Urgency.URGENT

    def default(self, channel: Channel) -> Choice:
        return self.mail if channel is Channel.MAIL else self.chat


_kinds: dict[str, NoticeKind] = {}


def register(kind: NoticeKind) -> NoticeKind:
    """Raises ValueError when the name is another kind's."""
    if _kinds.setdefault(kind.name, kind) != kind:
        raise ValueError(f"there is a kind {kind.name} already")
    return kind


def kinds() -> tuple[NoticeKind, ...]:
    return tuple(_kinds.values())


def named(name: str) -> NoticeKind:
    """Raises KeyError."""
    return _kinds[name]


def known(name: str) -> bool:
    return name in _kinds


LESSON_PLANNED = register(
    NoticeKind(
        "lesson.planned",
        N_("A lesson is planned for a classroom of the school"),
        N_("%(title)s for %(room)s, %(start_at)s"),
        N_("%(teacher)s of %(school)s teaches %(title)s (%(subject)s, %(grade)s) to %(room)s."),
        chat=Choice.NOW,
    )
)
PARTNERSHIP_PROPOSED = register(
    NoticeKind(
        "partnership.proposed",
        N_("A partnership is proposed"),
        N_("%(school)s proposes a partnership"),
        N_("%(by)s of %(school)s proposes %(partnership)s. Your school's answer is awaited."),
        mail=Choice.NOW,
    )
)
PARTNERSHIP_ACCEPTED = register(
    NoticeKind(
        "partnership.accepted",
        N_("A partnership is accepted"),
        N_("%(school)s accepts %(partnership)s"),
        N_("%(by)s of %(school)s has accepted %(partnership)s."),
        chat=Choice.NOW,
    )
)
PARTNERSHIP_PAUSED = register(
    NoticeKind(
        "partnership.paused",
        N_("A partnership is paused"),
        N_("%(partnership)s is paused"),
        N_(
            "%(by)s has paused %(partnership)s: %(reason)s. Lessons held so far can be watched again."
        ),
        mail=Choice.NOW,
        chat=Choice.NOW,
        urgency=Urgency.URGENT,
    )
)
PARTNERSHIP_RESUMED = register(
    NoticeKind(
        "partnership.resumed",
        N_("A partnership goes on"),
        N_("%(partnership)s goes on"),
        N_("%(by)s of %(school)s lets %(partnership)s go on."),
        mail=Choice.NOW,
        chat=Choice.NOW,
    )
)
PARTNERSHIP_ENDED = register(
    NoticeKind(
        "partnership.ended",
        N_("A partnership ends"),
        N_("%(partnership)s has ended"),
        N_(
            "%(by)s of %(school)s has ended %(partnership)s. Lessons held so far can be watched again."
        ),
        mail=Choice.NOW,
        chat=Choice.NOW,
    )
)
PARTNERSHIP_DECLINED = register(
    NoticeKind(
        "partnership.declined",
        N_("A proposed partnership does not come about"),
        N_("%(partnership)s does not come about"),
        N_("%(by)s of %(school)s has declined or withdrawn it."),
        mail=Choice.NOW,
    )
)
