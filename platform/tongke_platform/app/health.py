"""Whether this process lives, and whether everything it needs answers."""

import asyncio
from collections.abc import Awaitable

from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from tongke_platform.frame import Frame, get_frame
from tongke_platform.metrics import CONTENT_TYPE, Metrics
from tongke_streaming.frames import LinkLost, Refused
from tongke_streaming.hls.client import HlsClient
from tongke_streaming.rtc.client import RelayClient

PROBE_TIMEOUT_S = 1.0


async def answers(question: Awaitable[object]) -> bool:
    """Whether the process is there; a refusal of the question is an answer, too."""
    try:
        async with asyncio.timeout(PROBE_TIMEOUT_S):
            await question
    except Refused:
        return True
    except (LinkLost, TimeoutError):
        return False
    return True


class Probes:
    """Questions to the media processes that cost them nothing."""

    def __init__(self, relay: RelayClient, hls: HlsClient) -> None:
        self._relay = relay
        self._hls = hls

    async def all(self) -> dict[str, bool]:
        relay, hls = await asyncio.gather(
            answers(self._relay.request("ping", timeout=PROBE_TIMEOUT_S)),
            answers(self._hls.status("")),
        )
        return {"relay": relay, "hls": hls}


async def database_answers(frame: Frame) -> bool:
    try:
        async with frame.database.read() as session:
            await session.execute(text("SELECT 1"))
    except Exception:  # noqa: BLE001 (whatever a driver raises: it does not answer)
        return False
    return True


def health_routes(probes: Probes, metrics: Metrics) -> list[Route]:
    async def live(request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def ready(request: Request) -> Response:
        parts = {"database": await database_answers(get_frame(request)), **await probes.all()}
        whole = all(parts.values())
        return JSONResponse({"ready": whole, **parts}, 200 if whole else 503)

    async def numbers(request: Request) -> Response:
        metrics.live_pages.set(request.app.state.live_hub.open_pages)
        for name, answered in (await probes.all()).items():
            metrics.process_up.labels(name).set(answered)
        return Response(metrics.render(), media_type=CONTENT_TYPE)

    return [
        Route("/healthz", live),
        Route("/readyz", ready),
        Route("/metrics", numbers),
    ]
