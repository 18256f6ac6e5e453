"""What the forms on a topic's page do. Each answers where to look next and what to say there."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from tongke_courses.boards import moderating, posting, reading, service, states
from tongke_courses.boards.page_forms import key_of, line_in, number_in
from tongke_courses.boards.reading_schemas import ReadingIn
from tongke_courses.boards.schemas import (
    MergeIn,
    MoveIn,
    PostIn,
    ReportIn,
    SplitIn,
    StepIn,
    TopicChange,
    TryIn,
)
from tongke_platform.database import WriteSession
from tongke_platform.errors import N_, NotFound
from tongke_platform.frame import Frame
from tongke_platform.pages.desk import parse_uuid
from tongke_platform.rights import Principal

Values = Mapping[str, str]


@dataclass(frozen=True)
class Acting:
    """``chosen``: posts marked to be split off."""

    session: WriteSession
    frame: Frame
    by: Principal
    topic: UUID
    values: Values
    chosen: tuple[UUID, ...] = ()

    @property
    def here(self) -> str:
        return f"/topics/{self.topic}"

    def key(self, name: str) -> UUID:
        """Raises NotFound."""
        found = parse_uuid(self.values.get(name, ""))
        if found is None:
            raise NotFound
        return found

    def at(self, post: UUID) -> str:
        return f"{self.here}?to={post}#post-{post}"


Answer = tuple[str, str]
Act = Callable[[Acting], Awaitable[Answer]]


async def _reply(a: Acting) -> Answer:
    answered = parse_uuid(a.values.get("reply_to", ""))
    wanted = PostIn.model_validate(
        {
            "text": a.values.get("text", ""),
            "sent_as": key_of(a.values),
            "reply_to_id": answered,
        }
    )
    sent = await posting.reply(a.session, a.frame, a.by, a.topic, wanted)
    post, topic = sent.post.id, sent.topic.id
    return f"/topics/{topic}?to={post}#post-{post}", N_("Your reply is there.")


async def _vote(a: Acting) -> Answer:
    post = a.key("post")
    await posting.vote(a.session, a.by, post, wanted=a.values["act"] == "vote")
    return a.at(post), ""


async def _take_out(a: Acting) -> Answer:
    post = a.key("post")
    await posting.remove(a.session, a.frame, a.by, post, line_in(a.values, "reason"))
    return a.at(post), N_("Taken out. Its place stays.")


async def _report(a: Acting) -> Answer:
    post = a.key("post")
    wanted = ReportIn.model_validate({"reason": line_in(a.values, "reason")})
    await moderating.report(a.session, a.by, post, wanted)
    return a.at(post), N_("Thank you. Those who look after the group are told.")


async def _answer_report(a: Acting) -> Answer:
    group, report = a.key("group"), a.key("report")
    await moderating.answer(a.session, a.frame, a.by, group, report, upheld=False)
    return a.at(a.key("post")), N_("Noted: nothing is wrong with it.")


async def _uphold(a: Acting) -> Answer:
    group, report, post = a.key("group"), a.key("report"), a.key("post")
    reason = line_in(a.values, "reason")
    await posting.remove(a.session, a.frame, a.by, post, reason)
    await moderating.answer(a.session, a.frame, a.by, group, report, upheld=True)
    return a.at(post), N_("Taken out. Its place stays.")


async def _title(a: Acting) -> Answer:
    body = {"title": a.values.get("title"), "version": number_in(a.values)}
    await service.change(a.session, a.by, a.topic, TopicChange.model_validate(body))
    return a.here, N_("Saved.")


async def _step(a: Acting) -> Answer:
    body = {
        "version": number_in(a.values),
        "state": a.values.get("state"),
        "note": a.values.get("note", ""),
        "class_id": parse_uuid(a.values.get("class_id", "")),
    }
    await states.step(a.session, a.by, a.topic, StepIn.model_validate(body))
    return a.here, N_("Written down.")


async def _try(a: Acting) -> Answer:
    body = {
        "due_on": a.values.get("due_on") or None,
        "class_id": parse_uuid(a.values.get("class_id", "")),
    }
    person = parse_uuid(a.values.get("person_id", "")) or a.by.id
    await states.ask_to_try(a.session, a.by, a.topic, person, TryIn.model_validate(body))
    return f"{a.here}#tries", N_("Written down.")


async def _untry(a: Acting) -> Answer:
    await states.call_off(a.session, a.by, a.topic, a.key("person_id"))
    return f"{a.here}#tries", N_("Taken back.")


async def _pin(a: Acting) -> Answer:
    on = a.values["act"] == "pin"
    await moderating.pin(a.session, a.frame, a.by, a.topic, on=on)
    return a.here, N_("It stands above the others now.") if on else N_(
        "It stands in its turn again."
    )


async def _close(a: Acting) -> Answer:
    on = a.values["act"] == "close"
    await moderating.close(a.session, a.frame, a.by, a.topic, on=on)
    return a.here, N_("Closed. It can still be read.") if on else N_("Open for replies again.")


async def _move(a: Acting) -> Answer:
    wanted = MoveIn(version=number_in(a.values), group_id=a.key("group_id"))
    await moderating.move(a.session, a.by, a.topic, wanted)
    return a.here, N_("It is in the other group now.")


async def _merge(a: Acting) -> Answer:
    wanted = MergeIn(version=number_in(a.values), into_id=a.key("into_id"))
    into = await moderating.merge(a.session, a.frame, a.by, a.topic, wanted)
    return f"/topics/{into.id}", N_("Joined. Its old address leads here.")


async def _split(a: Acting) -> Answer:
    body = {
        "version": number_in(a.values),
        "title": a.values.get("title"),
        "post_ids": list(a.chosen),
    }
    made = await moderating.split(a.session, a.by, a.topic, SplitIn.model_validate(body))
    return f"/topics/{made.id}", N_("This is a topic of its own now.")


async def _remove(a: Acting) -> Answer:
    topic, _ = await service.seen(a.session, a.by, a.topic)
    await service.remove(a.session, a.frame, a.by, a.topic, line_in(a.values, "reason"))
    return f"/groups/{topic.group_id}/topics", N_("The topic is taken out.")


async def _follow(a: Acting) -> Answer:
    wanted = ReadingIn(follows=a.values["act"] == "follow")
    await reading.note(a.session, a.by, a.topic, wanted, a.frame.now())
    return a.here, N_("Saved.")


ACTS: dict[str, Act] = {
    "reply": _reply, "vote": _vote, "unvote": _vote, "take_out": _take_out, "report": _report,
    "answer": _answer_report, "uphold": _uphold, "title": _title, "step": _step, "try": _try,
    "untry": _untry, "pin": _pin, "unpin": _pin, "close": _close, "reopen": _close, "move": _move,
    "merge": _merge, "split": _split, "remove": _remove, "follow": _follow, "unfollow": _follow,
}  # fmt: skip
