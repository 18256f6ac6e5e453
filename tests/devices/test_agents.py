"""What browsers say of themselves, in a few words."""

import pytest

from tongke_platform.devices.agents import words_of

CHROME = "Mozilla/5.0 (Windows NT 6.1; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (f"{CHROME} Chrome/87.0.4280.88 Safari/537.36", "Chrome 87 · Windows 7"),
        (f"{CHROME} Chrome/87.0.4280.88 Safari/537.36 QIHU 360SE", "360 · Windows 7"),
        (f"{CHROME} Chrome/112.0.0.0 Safari/537.36 Edg/112.0.1722.48", "Edge 112 · Windows 7"),
        (
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 "
                "(KHTML, like Gecko) Version/17.0 Mobile/15E148 Safari/604.1"
            ),
            "Safari 17 · iPhone",
        ),
        (
            (
                "Mozilla/5.0 (Linux; Android 13; M2012) AppleWebKit/537.36 Chrome/116.0 "
                "MicroMessenger/8.0.44"
            ),
            "WeChat 8 · Android",
        ),
        ("curl/8.1", "?"),
        ("", "?"),
        ("<script>alert(1)</script>" * 1000, "?"),
    ],
)
def test_words(said: str, words: str) -> None:
    assert words_of(said) == words
