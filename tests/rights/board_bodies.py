"""What the addresses of boards are asked with."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from tests.rights.world import World


def _said(**more: Any) -> Callable[[World], dict[str, Any]]:
    return lambda world: {"json": {"text": "板书怎么写？", "sent_as": str(uuid4()), **more}}


def _of(version: int = 1, **more: Any) -> Callable[[World], dict[str, Any]]:
    return lambda world: {"json": {"version": version, **more}}


def _reason(_: World) -> dict[str, Any]:
    return {"json": {"reason": "有学生姓名"}}


BOARDS: dict[str, Callable[[World], dict[str, Any]]] = {
    "POST /api/groups/{group_id}/topics": _said(title="《山行》的板书"),
    "GET /api/topics": lambda world: {"query": f"?lesson_id={world.ids['lesson_id']}"},
    "PATCH /api/topics/{topic_id}": _of(title="《山行》"),
    "DELETE /api/topics/{topic_id}": _reason,
    "POST /api/topics/{topic_id}/posts": _said(),
    "POST /api/topics/{topic_id}/state": _of(state="adopted"),
    "POST /api/topics/{topic_id}/move": lambda world: {
        "json": {
            "version": 1, "group_id": world.ids["POST /groups/{group_id}/leave group_id"],
        }
    },
    "POST /api/topics/{topic_id}/merge": lambda world: {
        "json": {"version": 1, "into_id": world.ids["other_topic"]}
    },
    "POST /api/topics/{topic_id}/split": lambda world: {
        "json": {"version": 1, "title": "远山", "post_ids": [world.ids["own_post"]]}
    },
    "PATCH /api/posts/{board_post_id}": _of(text="再画近水。"),
    "DELETE /api/posts/{board_post_id}": _reason,
    "POST /api/posts/{board_post_id}/reports": _reason,
    "POST /groups/{group_id}/topics": lambda world: {"data": {"follow": "all"}},
    "POST /groups/{group_id}/topics/new": lambda world: {
        "data": {"title": "《山行》的板书", "text": "怎么写？", "sent_as": str(uuid4())}
    },
    "POST /topics/{topic_id}": lambda world: {"data": {"act": "pin"}},
    "POST /posts/{board_post_id}/edit": lambda world: {"data": {"text": "画水", "version": "1"}},
    "POST /api/groups/{group_id}/reports/{report_id}": lambda world: {"json": {"upheld": True}},
}  # fmt: skip
