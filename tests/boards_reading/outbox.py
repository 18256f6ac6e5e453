"""The outbox of a browser (``templates/client/lib/sending.ts`` and ``kept.ts``) over HTTP: what it has is
on its computer until the server's answer has been read to its end.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx2

Json = dict[str, Any]
# A request as it meets the road and the server: None when no answer arrives.
Road = Callable[[Callable[[], httpx2.Response]], httpx2.Response | None]


@dataclass
class Words:
    """``version``: of the draft on the server that these go on from. ``waiting``: to be sent."""

    text: str
    version: int | None = None
    waiting: bool = False


@dataclass
class Device:
    """``words`` by their key. ``confirmed``: what it believes sent, with the post's id; ``new``: those
    that the server took at that moment, in their order.
    """

    client: httpx2.Client
    group: str
    topic: str
    words: dict[str, Words] = field(default_factory=dict)
    confirmed: dict[str, str] = field(default_factory=dict)
    new: list[str] = field(default_factory=list)

    def write(self, text: str) -> None:
        self.words[str(uuid4())] = Words(text)

    def drafts(self) -> list[str]:
        return [key for key, one in self.words.items() if not one.waiting]

    def waiting(self) -> list[str]:
        return [key for key, one in self.words.items() if one.waiting]

    def keep(self, key: str, road: Road) -> None:
        """The draft, on the server as well."""
        mine = self.words[key]
        body = {
            "group_id": self.group, "topic_id": self.topic, "text": mine.text,
            "version": mine.version,
        }  # fmt: skip
        answer = road(lambda: self.client.put(f"/api/drafts/{key}", json=body))
        if answer is None:
            return
        found = answer.json()
        if answer.status_code == 200:
            mine.version = found["version"]
        elif found["code"] == "changed":
            # Hers goes on; the other device has its own.
            mine.version = found["now"]["version"]
        else:
            assert found["code"] == "sent", answer.text
            if found["same"]:
                self._is_sent(key, found["post_id"])
            else:
                self._anew(key)

    def adopt(self, road: Road) -> None:
        """What was begun on another device is here as well."""
        answer = road(lambda: self.client.get("/api/drafts", params={"topic_id": self.topic}))
        if answer is None:
            return
        for one in answer.json()["drafts"]:
            self.words.setdefault(one["sent_as"], Words(one["text"], one["version"]))

    def send(self, key: str, road: Road) -> None:
        mine = self.words[key]
        body = {"text": mine.text, "sent_as": key}
        answer = road(lambda: self.client.post(f"/api/topics/{self.topic}/posts", json=body))
        if answer is None:
            return
        found = answer.json()
        if answer.status_code == 409:
            assert found["code"] == "sent", answer.text
            # Other words of the same draft; hers are sent as words of their own when she says so again.
            self._anew(key)
            return
        assert answer.status_code in (200, 201), answer.text
        assert found["text"] == mine.text
        self._is_sent(key, found["id"])
        if answer.status_code == 201:
            self.new.append(found["id"])

    def _is_sent(self, key: str, post: str) -> None:
        text = self.words.pop(key).text
        assert self.confirmed.setdefault(text, post) == post, "sent before"

    def _anew(self, key: str) -> None:
        was = self.words.pop(key)
        self.words[str(uuid4())] = Words(was.text, waiting=was.waiting)
