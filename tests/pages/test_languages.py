"""Which language a request gets."""

import pytest
from starlette.requests import Request

from tongke_platform.pages.languages import Language, language_of


def request(query: str = "", cookie: str = "", accept: str = "") -> Request:
    headers = [(b"cookie", cookie.encode()), (b"accept-language", accept.encode())]
    return Request({"type": "http", "query_string": query.encode(), "headers": headers})


@pytest.mark.parametrize(
    ("asked", "language"),
    [
        (request(), "zh_CN"),
        (request(accept="en-GB,en;q=0.9"), "en"),
        (request(accept="zh-Hans-CN"), "zh_CN"),
        (request(accept="fr-FR, en;q=0.4, zh;q=0.6"), "zh_CN"),
        (request(accept="fr-FR, de;q=0.4"), "zh_CN"),
        (request(accept="en;q=0, fr"), "zh_CN"),
        (request(accept="en;q=not-a-number, zh;q=0.1"), "zh_CN"),
        (request(accept=",;=,;q"), "zh_CN"),
        (request(cookie="tongke_language=en", accept="zh"), "en"),
        (request(cookie="tongke_language=xx", accept="en"), "en"),
        (request(query="lang=zh", cookie="tongke_language=en"), "zh_CN"),
        (request(query="lang=en"), "en"),
        (request(query="lang=klingon"), "zh_CN"),
    ],
)
def test_language(asked: Request, language: Language) -> None:
    assert language_of(asked) == language


def test_default_of_the_server() -> None:
    assert language_of(request(), default="en") == "en"
