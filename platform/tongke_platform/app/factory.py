"""The web application: slices, pages and the media plane, and what starts and stops with it."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI
from pydantic import SecretStr
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection, Request
from starlette.routing import Route

from tongke_courses.boards import digest as board_digest
from tongke_courses.boards import feeds as board_feeds
from tongke_courses.boards import file_telling, reading
from tongke_courses.boards import files as group_files
from tongke_courses.boards.live import BoardTopic
from tongke_courses.catalogue import arriving, coming
from tongke_courses.catalogue import closing as course_closing
from tongke_courses.groups import closing as group_closing
from tongke_courses.groups import tasks as group_tasks
from tongke_courses.lessons import tasks, unled
from tongke_courses.lessons.access import LessonAuthorizer
from tongke_courses.materials import tasks as material_tasks
from tongke_courses.packages import tasks as package_tasks
from tongke_courses.search import rebuild
from tongke_courses.takehome import tasks as takehome_tasks
from tongke_platform.accounts.keys import Keys
from tongke_platform.accounts.limiter import make_limiter
from tongke_platform.accounts.oidc import read_providers
from tongke_platform.accounts.sms import make_sms
from tongke_platform.app import audited, problems, rechecks, rules, searching, slices
from tongke_platform.app.bodies import LimitBodies
from tongke_platform.app.health import Probes, health_routes
from tongke_platform.app.media import Media, hls_base
from tongke_platform.app.rates import LimitRequests
from tongke_platform.app.requests import LogRequests
from tongke_platform.app.security import KnowOrigin, SameOrigin, SecurityHeaders
from tongke_platform.database import Database
from tongke_platform.events import Events
from tongke_platform.facts import tasks as fact_tasks
from tongke_platform.frame import Frame
from tongke_platform.imports import tasks as import_tasks
from tongke_platform.jobs import Jobs
from tongke_platform.media_tokens import MediaTokens
from tongke_platform.metrics import MeasureRequests, Metrics
from tongke_platform.notices import delivering
from tongke_platform.notices.live import Inbox
from tongke_platform.pages.languages import translations
from tongke_platform.pages.rendering import Pages, add_pages
from tongke_platform.partnerships import rights as partnership_rights
from tongke_platform.privacy import exports, retention
from tongke_platform.settings import Settings, signing_secret
from tongke_platform.wire.carrier import Carrier, LocalCarrier
from tongke_platform.wire.hub import Wire
from tongke_platform.wire.redis_carrier import RedisCarrier
from tongke_streaming.hls.client import HlsClient
from tongke_streaming.hls.routes import hls_routes
from tongke_streaming.rtc.client import RelayClient
from tongke_streaming.rtc.routes import rtc_routes

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def make_frame(settings: Settings) -> Frame:
    audited.install()
    rechecks.install()
    searching.install()
    coming.install()
    course_closing.install()
    group_closing.install()
    board_feeds.install()
    events = Events()
    database = Database(settings.sql_url, events.publish)
    secret = signing_secret(settings)
    return Frame(
        settings=settings,
        database=database,
        events=events,
        jobs=Jobs(database),
        media_tokens=MediaTokens(secret),
        keys=Keys(secret),
        limiter=make_limiter(_plain(settings.redis_url)),
        providers=read_providers(settings.oidc_file),
        sms=make_sms(_plain(settings.sms_url), settings.data_dir),
        wire=Wire(_carrier(settings)),
    )


def _carrier(settings: Settings) -> Carrier:
    if settings.redis_url is None:
        return LocalCarrier()
    return RedisCarrier(settings.redis_url.get_secret_value())


def _plain(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None


def create_app(settings: Settings, frame: Frame | None = None) -> FastAPI:
    """The database must have been migrated; relay and packagers may come and go."""
    frame = frame or make_frame(settings)
    relay = RelayClient(settings.relay_socket, lambda message: media.on_relay_event(message))
    hls = HlsClient(settings.hls_socket, lambda message: media.on_hls_event(message))
    media = Media(frame, relay, hls)
    boards = BoardTopic(frame)
    rechecks.Rechecks(frame, also=media.recheck)
    metrics = Metrics()
    app = FastAPI(
        title="Tongke",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan(frame, relay, hls, media, boards),
        middleware=[
            Middleware(MeasureRequests, metrics=metrics),
            Middleware(LogRequests),
            Middleware(SecurityHeaders),
            Middleware(KnowOrigin),
            Middleware(LimitRequests, settings=settings),
            Middleware(LimitBodies, most=slices.MAX_BODY),
            Middleware(SameOrigin),
        ],
    )
    app.state.frame = frame
    app.state.live_hub, app.state.attendance = media.hub, media.attendance
    _add_inbox(frame)
    tasks.register(frame, media)
    tasks.register_facts(frame)
    import_tasks.register(frame.jobs, frame)
    exports.register_job(frame.jobs, frame)
    material_tasks.register(frame)
    searching.register(frame)
    coming.register(frame)
    arriving.register(frame)
    package_tasks.register(frame)
    takehome_tasks.register(frame)
    problems.install(app)
    _add_pages(app, settings, frame)
    partnership_rights.offer(rules.all_rules())
    app.router.routes.extend(slices.included())
    app.router.routes.extend(_media_routes(settings, frame, media, relay))
    app.router.routes.extend(health_routes(Probes(relay, hls), metrics))
    return app


def _add_inbox(frame: Frame) -> None:
    inbox = Inbox(frame, {"topics": reading.counting(frame.today)})
    frame.wire.register(inbox)
    frame.events.listen(reading.READ, lambda told: inbox.fewer(told["person"], "topics"))


def _media_routes(
    settings: Settings, frame: Frame, media: Media, relay: RelayClient
) -> list[Route]:
    authorizer = LessonAuthorizer(frame, media)
    turn = [settings.turn_url] if settings.turn_url else []

    def base(request: Request, lesson: str) -> str:
        return hls_base(settings, request)

    return [*rtc_routes(relay, authorizer, turn), *hls_routes(media.paths, authorizer, base)]


def _add_pages(app: FastAPI, settings: Settings, frame: Frame) -> None:
    def origins(request: Request) -> Sequence[str]:
        return [hls_base(settings, request)]

    def translate(connection: HTTPConnection, message: str) -> str:
        return translations(pages.language(connection)).gettext(message)

    pages = Pages(
        zone=settings.zone,
        default_language=settings.default_language,
        media_origins=origins,
        now=lambda: frame.now(),
    )
    frame.translate, frame.error_page = translate, pages.error_page
    add_pages(app, pages)


def _lifespan(
    frame: Frame, relay: RelayClient, hls: HlsClient, media: Media, boards: BoardTopic
) -> Lifespan:
    @asynccontextmanager
    async def run(app: FastAPI) -> AsyncIterator[None]:
        looks = unled.rounds(frame)
        frame.events.listen(rechecks.RIGHTS_CHANGED, lambda _: looks.soon())
        rounds = (
            delivering.rounds(frame), fact_tasks.rounds(frame), retention.rounds(frame), looks,
            material_tasks.rounds(frame), rebuild.rounds(frame), group_tasks.rounds(frame),
            group_files.rounds(frame), board_digest.rounds(frame), file_telling.rounds(frame),
        )  # fmt: skip
        await frame.wire.start()
        media.start()
        boards.start()
        relay.start()
        hls.start()
        if "worker" in frame.settings.roles:
            frame.jobs.start()
            for one in rounds:
                one.start()
        try:
            yield
        finally:
            for one in rounds:
                await one.stop()
            await frame.jobs.stop()
            await boards.stop()
            await media.stop()
            await frame.wire.stop()
            await relay.stop()
            await hls.stop()
            frame.passwords.close()
            await frame.limiter.close()
            await frame.database.close()

    return run
