"""Pages from templates: one Jinja environment, the language of the request, strict headers."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Annotated
from urllib.parse import quote
from zoneinfo import ZoneInfo

from fastapi import Depends
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from starlette.applications import Starlette
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from tongke_platform.pages import times
from tongke_platform.pages.assets import STATIC_PATH, Assets, StaticAssets
from tongke_platform.pages.headers import page_headers
from tongke_platform.pages.languages import (
    DEFAULT_LANGUAGE,
    HTML_LANGUAGE,
    LANGUAGE_COOKIE,
    Language,
    asked_language,
    client_messages,
    language_of,
    translations,
)
from tongke_platform.pages.paths import PAGES_DIR
from tongke_platform.pages.viewer import viewer_of

_YEAR_S = 365 * 24 * 3600
ASSETS = Assets()

MediaOrigins = Callable[[Request], Sequence[str]]


def _no_origins(request: Request) -> Sequence[str]:
    return ()


def _language(context: Context) -> Language:
    language: Language = context["language"]
    return language


@pass_context
def _gettext(context: Context, message: str) -> str:
    return translations(_language(context)).gettext(message)


@pass_context
def _ngettext(context: Context, singular: str, plural: str, n: int) -> str:
    return translations(_language(context)).ngettext(singular, plural, n)


def _add_times(environment: Environment, zone: ZoneInfo) -> None:
    @pass_context
    def said(context: Context, instant: datetime) -> str:
        return times.said(instant, context["now"], _language(context), zone)

    @pass_context
    def exact(context: Context, instant: datetime) -> str:
        return times.exact(instant, _language(context), zone)

    @pass_context
    def lasting(context: Context, duration: timedelta) -> str:
        return times.length(duration, _language(context))

    @pass_context
    def long_day(context: Context, instant: datetime) -> str:
        return times.long_day(instant, _language(context), zone)

    environment.filters.update(said=said, exact=exact, lasting=lasting, long_day=long_day)
    environment.filters["clock"] = lambda instant: times.clock(instant, zone)
    environment.filters["day"] = lambda instant: times.local(instant, zone).date()
    environment.filters["timecode"] = times.timecode


@cache
def make_environment(zone: ZoneInfo = times.SCHOOL_ZONE) -> Environment:
    """The process's one for a zone, with what it has compiled. Undefined names are errors; everything
    printed is escaped.
    """
    environment = Environment(
        loader=FileSystemLoader(PAGES_DIR),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_callables(  # type: ignore[attr-defined]  # added by the extension
        _gettext, _ngettext, newstyle=True
    )
    _add_times(environment, zone)
    environment.globals["asset"] = ASSETS.path
    return environment


class Pages:
    """Renders templates of ``templates/pages``.

    ``media_origins`` says which other origins (``http://host:port``) a page of that request may
    load media from; ``now`` is UTC and can be set by tests.
    """

    def __init__(
        self,
        *,
        zone: ZoneInfo = times.SCHOOL_ZONE,
        default_language: Language = DEFAULT_LANGUAGE,
        media_origins: MediaOrigins = _no_origins,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.environment = make_environment(zone)
        self.asset = ASSETS.path
        self._default_language: Language = default_language
        self._media_origins = media_origins
        self._now = now

    def language(self, request: HTTPConnection) -> Language:
        return language_of(request, self._default_language)

    def render(
        self, request: Request, template: str, *, status: int = 200, **values: object
    ) -> HTMLResponse:
        """``language``, ``html_language``, ``now``, ``path`` and ``messages`` are always there.

        Raises jinja2.TemplateNotFound and jinja2.UndefinedError: both are bugs.
        """
        language = self.language(request)
        body = self.environment.get_template(template).render(
            language=language,
            html_language=HTML_LANGUAGE[language],
            now=self._now(),
            path=request.url.path,
            messages=client_messages(language),
            **values,
        )
        response = HTMLResponse(body, status, page_headers(request, self._media_origins(request)))
        asked = asked_language(request)
        if asked is not None:
            response.set_cookie(LANGUAGE_COOKIE, asked, max_age=_YEAR_S, samesite="lax")
        return response

    def say(self, request: Request, message: str, params: Mapping[str, object]) -> str:
        """A message with %(name)s places, in the language of the request."""
        text = translations(self.language(request)).gettext(message)
        return text % params if params else text

    def error_page(self, request: Request, status: int, code: str, message: str) -> Response:
        """An error as a page; who is not logged in is asked to, and comes back afterwards."""
        if status == 401:
            return RedirectResponse(login_address(request), 303)
        if code == "no_room":
            return self.render(request, "errors/room.html", status=status)
        principal = getattr(request.state, "principal", None)
        viewer = viewer_of(principal) if principal else None
        values = {"viewer": viewer, "heading": message, "code": code}
        return self.render(request, "errors/error.html", status=status, **values)


def login_address(request: Request) -> str:
    """The login page that leads back to this request's address."""
    address = request.url.path
    if request.url.query:
        address += "?" + request.url.query
    return "/login" if address == "/" else f"/login?next={quote(address)}"


def add_pages(app: Starlette, pages: Pages) -> None:
    """Let requests find the pages, and serve the built client."""
    app.state.pages = pages
    app.mount(STATIC_PATH, StaticAssets(), name="static")


def get_pages(connection: HTTPConnection) -> Pages:
    pages: Pages = connection.app.state.pages
    return pages


ThePages = Annotated[Pages, Depends(get_pages)]
