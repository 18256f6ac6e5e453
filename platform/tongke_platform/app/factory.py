"""The web application: slices, pages and the media plane, and what starts and stops with it."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection, Request

from tongke_courses.lessons import live, tasks
from tongke_courses.lessons import routes as lesson_routes
from tongke_courses.lessons.access import LessonAuthorizer
from tongke_platform.accounts import routes as account_routes
from tongke_platform.app import problems
from tongke_platform.app.clients import FollowingClient
from tongke_platform.app.health import health_routes
from tongke_platform.app.media import Media, hls_base
from tongke_platform.app.requests import LogRequests
from tongke_platform.app.security import SameOrigin, SecurityHeaders
from tongke_platform.database import Database
from tongke_platform.events import Events
from tongke_platform.frame import Frame
from tongke_platform.jobs import Jobs
from tongke_platform.media_tokens import MediaTokens
from tongke_platform.metrics import MeasureRequests, Metrics
from tongke_platform.pages.assets import STATIC_PATH, StaticAssets
from tongke_platform.pages.languages import language_of, translations
from tongke_platform.pages.rendering import Pages
from tongke_platform.settings import Settings, signing_secret

MAX_BODY = 1 << 20

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def make_frame(settings: Settings) -> Frame:
    database = Database(settings.sql_url)
    return Frame(
        settings=settings,
        database=database,
        events=Events(),
        jobs=Jobs(database),
        media_tokens=MediaTokens(signing_secret(settings)),
        translate=translate,
    )


def translate(connection: HTTPConnection, message: str) -> str:
    return translations(language_of(connection)).gettext(message)


def create_app(settings: Settings, frame: Frame | None = None) -> FastAPI:
    """The database must have been migrated; relay and packagers may come and go."""
    frame = frame or make_frame(settings)
    relay = FollowingClient(settings.relay_socket, lambda message: media.on_relay_event(message))
    hls = FollowingClient(settings.hls_socket, lambda message: media.on_hls_event(message))
    media = Media(frame, relay, hls)
    tasks.register(frame.jobs, media)
    metrics = Metrics()
    app = FastAPI(
        title="Tongke",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        max_body_size=MAX_BODY,
        lifespan=_lifespan(frame, relay, hls, media),
        middleware=[
            Middleware(MeasureRequests, metrics=metrics),
            Middleware(LogRequests),
            Middleware(SecurityHeaders),
            Middleware(SameOrigin),
        ],
    )
    app.state.frame = frame
    app.state.live_hub = media.hub
    app.state.authorizer = LessonAuthorizer(frame, media.before_publish)
    app.state.pages = make_pages(settings, frame)
    problems.install(app)
    app.include_router(account_routes.router)
    app.include_router(lesson_routes.router)
    app.include_router(live.router)
    app.router.routes.extend(health_routes(relay, hls, metrics))
    app.mount(STATIC_PATH, StaticAssets())
    return app


def make_pages(settings: Settings, frame: Frame) -> Pages:
    def origins(request: Request) -> Sequence[str]:
        return [hls_base_of(settings, request)]

    return Pages(zone=settings.zone, media_origins=origins, now=lambda: frame.now())


def hls_base_of(settings: Settings, request: Request) -> str:
    """Where the browser of this request reaches the HLS server."""
    port = settings.hls_port or settings.port + 1
    return hls_base(settings.hls_base_url, port, request.url.scheme, request.url.hostname)


def _lifespan(frame: Frame, relay: FollowingClient, hls: FollowingClient, media: Media) -> Lifespan:
    @asynccontextmanager
    async def run(app: FastAPI) -> AsyncIterator[None]:
        relay.start()
        hls.start()
        if "worker" in frame.settings.roles:
            frame.jobs.start()
        try:
            yield
        finally:
            await frame.jobs.stop()
            await media.stop()
            await relay.stop()
            await hls.stop()
            frame.passwords.close()
            await frame.database.close()

    return run
