"""What the addresses of drafts, of reading and of following are asked with."""

from collections.abc import Callable
from typing import Any

from tests.rights.world import World

READING: dict[str, Callable[[World], dict[str, Any]]] = {
    "PUT /api/drafts/{sent_as}": lambda w: {
        "json": {"group_id": w.ids["group_id"], "text": "写完了", "version": 1}
    },
    "PUT /api/topics/{topic_id}/reading": lambda w: {"json": {"follows": True}},
    "PUT /api/groups/{group_id}/follow": lambda w: {"json": {"follow": "all"}},
    "POST /unread": lambda w: {"data": {"act": "read", "group": w.ids["group_id"]}},
}
