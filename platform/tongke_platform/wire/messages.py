"""The text of the wire: what a page may say, checked, and what the server says, packed.

Every message is one JSON object in one text frame with its kind in ``type`` (docs/wire.md).
"""

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints, TypeAdapter

VERSION = 1
MAX_ID = 2**53 - 1  # what a number of JavaScript holds exactly

BAD_MESSAGE = (1008, "bad_message")
BINARY = (1003, "text_only")
TOO_LARGE = (1009, "too_large")
RESTARTING = (1012, "restarting")
BROKEN = (1011, "internal")
NO_CREDENTIAL = (4401, "unauthorized")
NO_TOPICS = (4408, "no_topics")
SILENT = (4408, "silent")
SLOW = (4408, "too_slow")
TOO_FAST = (4429, "too_many")
TOO_MANY_SOCKETS = (4429, "too_many_sockets")
GONE = (1006, "gone")  # never sent: there is nobody to hear it

Json = dict[str, Any]
TopicName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z-]{0,31}:[A-Za-z0-9_.:-]{1,160}$")]
Ref = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Epoch = Annotated[str, StringConstraints(max_length=80)]


class Sub(BaseModel):
    """Open a topic; with ``epoch`` and ``after`` go on where an earlier socket stopped."""

    type: Literal["sub"]
    topic: TopicName
    epoch: Epoch | None = None
    after: int | None = Field(default=None, ge=0, le=MAX_ID)


class Unsub(BaseModel):
    type: Literal["unsub"]
    topic: TopicName


class Say(BaseModel):
    """``ref`` unset: nobody waits for an answer, and nothing is remembered."""

    type: Literal["say"]
    topic: TopicName
    ref: Ref | None = None
    data: Json


class Pong(BaseModel):
    type: Literal["pong"]


ClientMessage = Sub | Unsub | Say | Pong
_CLIENT: TypeAdapter[ClientMessage] = TypeAdapter(
    Annotated[ClientMessage, Field(discriminator="type")]
)


def parse(text: str) -> ClientMessage:
    """Raises pydantic.ValidationError for whatever is no message of a page."""
    return _CLIENT.validate_json(text)


def dumps(data: Any) -> str:
    """Compact JSON. Raises ValueError for numbers that JSON does not have."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def loads(text: str) -> Json:
    """What ``dumps`` packed."""
    found: Json = json.loads(text)
    return found


def hello(now: str, session: str) -> str:
    return dumps({"type": "hello", "version": VERSION, "session": session, "now": now})


def ping(now: str) -> str:
    return dumps({"type": "ping", "now": now})


def snapshot(topic: str, epoch: str, number: int, data: Json) -> str:
    return dumps({"type": "snapshot", "topic": topic, "epoch": epoch, "id": number, "data": data})


def resumed(topic: str, epoch: str, number: int) -> str:
    return dumps({"type": "resumed", "topic": topic, "epoch": epoch, "id": number})


def event(topic: str, number: int, data: str) -> str:
    """``data`` is JSON already: it is packed once and sent to many."""
    return f'{{"type":"event","topic":{json.dumps(topic)},"id":{number},"data":{data}}}'


def with_more(data: str, more: str) -> str:
    """One JSON object of two, neither of them empty, that have no member in common."""
    return f"{data[:-1]},{more[1:]}"


def ack(topic: str, ref: str, data: Json | None) -> str:
    answer: Json = {"type": "ack", "topic": topic, "ref": ref}
    return dumps(answer if data is None else {**answer, "data": data})


def refusal(
    kind: Literal["error", "gone"],
    topic: str,
    status: int,
    code: str,
    detail: str,
    ref: str | None = None,
) -> str:
    """``gone``: a topic that was open is closed; ``error``: what was asked is refused."""
    answer: Json = {
        "type": kind, "topic": topic, "status": status, "code": code, "detail": detail,
    }  # fmt: skip
    return dumps(answer if ref is None else {**answer, "ref": ref})
