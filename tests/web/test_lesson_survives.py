"""What a lesson lives through: a killed server, a full disk, a second page of the same teacher."""

import asyncio
import re
from datetime import UTC, datetime
from pathlib import Path

import httpx2

from tests.hls.processes import small_disk
from tests.web.browsing import Browsing
from tests.web.lesson_pages import NO_WEBRTC, end_lesson, go_live, moves, open_room, teach, watches
from tests.web.live_server import LiveServer, Seed
from tests.web.waiting import until
