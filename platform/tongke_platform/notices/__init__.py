"""What people are told: an inbox each, mail where there is one, and the chat groups of schools.

``notices.send(session, to=[…], kind=…, params={…}, link="/…", key="…")`` belongs into the
transaction it tells of.
"""

from tongke_platform.notices.kinds import NoticeKind, Urgency, kinds, register
from tongke_platform.notices.service import Letter, forget, send, send_each, tell_school, unread

__all__ = [
    "Letter", "NoticeKind", "Urgency", "forget", "kinds", "register", "send", "send_each",
    "tell_school", "unread",
]  # fmt: skip
