"""What people are told of courses."""

from tongke_courses.catalogue.models import ApprovalState, PublicApproval
from tongke_platform import notices
from tongke_platform.database import WriteSession, utc_now
from tongke_platform.errors import N_
from tongke_platform.notices.kinds import NoticeKind, register
from tongke_platform.notices.models import Choice
from tongke_platform.people.roles import Role

ANSWERING = frozenset({Role.ACADEMIC_OFFICE, Role.SCHOOL_ADMIN})
APPROVALS = "/approvals"

APPROVAL_ASKED = register(
    NoticeKind(
        "lesson.approval_asked",
        N_("A lesson in which a class of the school is heard or seen is to become public"),
        N_("%(title)s of %(school)s is to become public"),
        N_(
            "A class of your school is heard or seen in %(title)s (%(subject)s, %(grade)s). "
            "Only with your school's consent can everybody watch it."
        ),
        mail=Choice.NOW,
        chat=Choice.NOW,
    )
)
APPROVED = register(
    NoticeKind(
        "lesson.approved",
        N_("A school agrees that a lesson becomes public"),
        N_("%(school)s agrees that %(title)s becomes public"),
        N_("Everybody can watch it once every school that is heard or seen in it has agreed."),
    )
)
NOT_APPROVED = register(
    NoticeKind(
        "lesson.not_approved",
        N_("A school does not agree that a lesson is public"),
        N_("%(school)s does not agree that %(title)s is public"),
        N_("Whoever has an account can still watch it. The reason: %(reason)s"),
        mail=Choice.NOW,
    )
)


async def approval_asked(session: WriteSession, found: PublicApproval) -> None:
    """To the school whose class it is; asked again after a consent was withdrawn as well."""
    lesson, now = found.lesson, utc_now()
    await notices.tell_school(
        session,
        school_id=found.school_id,
        roles=ANSWERING,
        day=now.date(),
        kind=APPROVAL_ASKED,
        params={
            "title": lesson.title,
            "subject": lesson.subject,
            "grade": lesson.grade,
            "school": lesson.school.name,
        },
        link=APPROVALS,
        key=f"lesson.approval_asked:{found.id}:{found.answered_at or ''}",
    )


async def approval_answered(session: WriteSession, found: PublicApproval) -> None:
    """To the lesson's teacher."""
    yes = found.state is ApprovalState.APPROVED
    await notices.send(
        session,
        to=[found.lesson.teacher_id],
        kind=APPROVED if yes else NOT_APPROVED,
        params={
            "title": found.lesson.title,
            "school": found.school.name,
            "reason": found.reason,
        },
        link=f"/lessons/{found.lesson_id}",
        key=f"lesson.approval:{found.id}:{found.answered_at}",
    )
