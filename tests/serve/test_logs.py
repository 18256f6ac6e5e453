"""No token reaches a log."""

import pytest

from tongke_platform.logs import redact, redact_event


@pytest.mark.parametrize(
    "text",
    [
        "/room/SECRET",
        "/room/SECRET/next?x=1",
        "/setup/SECRET",
        "/consent/SECRET",
        "/consent/receipt/SECRET/withdraw",
        "/live/018f/hls/index.m3u8?token=SECRET",
        "/live/018f/hls/index.m3u8?a=1&token=SECRET&b=2",
        "/live/018f/whip/SECRET",
        "/live/018f/whep/SECRET",
        "http://host:8001/media/SECRET/lead-v-h/1.m4s",
        "Authorization: Bearer SECRET",
    ],
)
def test_tokens_in_text(text: str) -> None:
    assert "SECRET" not in redact(text)


def test_the_rest_stays() -> None:
    assert redact("/live/018f/whip?source=screen") == "/live/018f/whip?source=screen"
    assert redact("/api/home/x") == "/api/home/…"
    assert redact("/room/x/next") == "/room/…/next"
    assert redact("/admin/consent/classes/018f") == "/admin/consent/classes/018f"


@pytest.mark.parametrize("key", ["token", "room_token", "password", "media_key", "Authorization"])
def test_values_under_telling_names(key: str) -> None:
    assert redact_event(None, "info", {key: "SECRET", "event": "x"})[key] == "…"
