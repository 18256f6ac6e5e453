"""Tokens that are wrong in every way we know."""

import base64
import json
from datetime import UTC, datetime, timedelta

import jwt
import pytest

from tongke_platform.errors import Unauthorized
from tongke_platform.media_tokens import MediaTokens, looks_like_media_token

NOW = datetime.now(UTC)
CLAIMS = {"lesson": "x", "act": "publish", "holder": "h", "exp": 4_000_000_000}


def tokens() -> MediaTokens:
    return MediaTokens(b"a secret of this test")


def issue(hours: float = 1) -> str:
    return tokens().issue(
        lesson="x",
        act="publish",
        holder="h",
        source="screen",
        now=NOW,
        lifetime=timedelta(hours=hours),
    )


def test_says_what_it_was_told() -> None:
    claims = tokens().read(issue())
    assert (claims.lesson, claims.act, claims.holder) == ("x", "publish", "h")
    assert claims.source == "screen"
    assert looks_like_media_token(issue())


def test_expired() -> None:
    with pytest.raises(Unauthorized) as raised:
        tokens().read(issue(hours=-1))
    assert raised.value.code == "token_expired"


def unsigned() -> str:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    return f"{part({'alg': 'none', 'typ': 'JWT'})}.{part(CLAIMS)}."


def tampered() -> str:
    head, body, signature = issue().split(".")
    return f"{head}.{body[:-2]}AA.{signature}"


@pytest.mark.parametrize(
    "token",
    [
        "",
        "a.b.c",
        unsigned(),
        tampered(),
        jwt.encode(CLAIMS, "x" * 32, algorithm="HS256"),
        jwt.encode({**CLAIMS, "act": "rule"}, "x" * 32, algorithm="HS256"),
    ],
    ids=["empty", "garbage", "alg none", "tampered", "other key", "other key, odd act"],
)
def test_not_ours(token: str) -> None:
    with pytest.raises(Unauthorized) as raised:
        tokens().read(token)
    assert raised.value.code == "bad_token"


def test_ours_but_without_a_lesson_or_an_end() -> None:
    ours = tokens()
    for claims in ({"exp": 4_000_000_000}, {"lesson": "x", "act": "watch", "holder": "h"}):
        with pytest.raises(Unauthorized):
            ours.read(jwt.encode(claims, ours._key, algorithm="HS256"))
