"""Whether this process lives, and whether everything it needs answers."""

from typing import Any

from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from tongke_platform.app.media import Client
from tongke_platform.frame import Frame, get_frame
from tongke_platform.metrics import CONTENT_TYPE, Metrics
from tongke_streaming.frames import LinkLost, Refused

PROBE_TIMEOUT_S = 1.0


async def answers(client: Client) -> bool:
    """Whether the process is there; a refusal of the question is an answer, too."""
    try:
        await client.request("status", timeout=PROBE_TIMEOUT_S, lesson="")
    except Refused:
        return True
    except (LinkLost, TimeoutError):
        return False
    return True


async def database_answers(frame: Frame) -> bool:
    try:
        async with frame.database.read() as session:
            await session.execute(text("SELECT 1"))
    except Exception:  # noqa: BLE001 (whatever a driver raises: it does not answer)
        return False
    return True


def health_routes(relay: Client, hls: Client, metrics: Metrics) -> list[Route]:
    async def live(request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def ready(request: Request) -> Response:
        parts: dict[str, Any] = {
            "database": await database_answers(get_frame(request)),
            "relay": await answers(relay),
            "hls": await answers(hls),
        }
        return JSONResponse(
            {"ready": all(parts.values()), **parts}, 200 if all(parts.values()) else 503
        )

    async def numbers(request: Request) -> Response:
        metrics.live_pages.set(request.app.state.live_hub.open_pages)
        for name, client in (("relay", relay), ("hls", hls)):
            metrics.process_up.labels(name).set(await answers(client))
        return Response(metrics.render(), media_type=CONTENT_TYPE)

    return [
        Route("/healthz", live),
        Route("/readyz", ready),
        Route("/metrics", numbers),
    ]
