"""Captions as they are found in the world."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongke_courses.materials.captions import MAX_CUES, Cue, parse, passages, to_vtt

GOOD = [
    ("WEBVTT\n\n00:01.000 --> 00:02.500\n你好\n", [Cue(1, 2.5, "你好")]),
    ("\ufeffWEBVTT - 标题\nKind: captions\n\nNOTE 00:09\nx\n\n1\n01:00:00.000 --> 01:00:01.000 align:start position:0%\n<v 老师>你<b>好</b>\n再见", [Cue(3600, 3601, "你好\n再见")]),
    ("1\r\n00:00:01,000 --> 00:00:02,000\r\n{\\an8}<i>一</i>\r\n\r\n2\r\n00:00:02,000 --> 00:00:03,000\r\n二", [Cue(1, 2, "一"), Cue(2, 3, "二")]),
    ("1\n00:00:01,000 --> 00:00:02,000\n一\n2\n00:00:03,5 --> 00:00:04\n二\n", [Cue(1, 2, "一"), Cue(3.5, 4, "二")]),
    ("00:00:01.000 -> 00:00:02.000\r一二三\r", [Cue(1, 2, "一二三")]),
    ("WEBVTT\n\n00:05.000 --> 00:06.000\nB\n\n00:01.000 --> 00:02.000\nA &lt;x&gt; &amp;\n", [Cue(1, 2, "A <x> &"), Cue(5, 6, "B")]),
]  # fmt: skip

BAD = [
    "", "WEBVTT", "WEBVTT\n\n00:02.000 --> 00:01.000\nback\n", "WEBVTT\n\n00:01.000 --> \nx",
    "x --> y\nz", "WEBVTT\n\nSTYLE\n::cue { background: url(http://evil) }\n", "00:01.000 --> 00:02.000\n\n",
    "999:99:99.999 --> 999:99:99.999\nx",
]  # fmt: skip


@pytest.mark.parametrize(("text", "cues"), GOOD)
@pytest.mark.parametrize("charset", ["utf-8", "gb18030", "utf-16"])
def test_good(text: str, cues: list[Cue], charset: str) -> None:
    assert parse(text.encode(charset)) == cues


@pytest.mark.parametrize("text", BAD)
def test_bad(text: str) -> None:
    assert parse(text.encode()) == []


def test_what_comes_out_holds_cues_only() -> None:
    hostile = "WEBVTT\n\n00:01.000 --> 00:02.000\n&lt;script&gt;\u202e 00:03 --&gt; 00:04 <c.x>y\n"
    assert to_vtt(parse(hostile.encode())) == (
        "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\n&lt;script&gt; 00:03 --&gt; 00:04 y\n"
    )


@given(st.text(alphabet="0123456789:.,-> \n<>&{}\\一WEBVTT", max_size=300))
@settings(max_examples=150, deadline=None)
def test_what_came_out_comes_out_again(text: str) -> None:
    cues = parse(text.encode())
    again = parse(to_vtt(cues).encode())
    assert [(one.start, one.end) for one in again] == [(one.start, one.end) for one in cues]


def test_very_long_files_are_bounded() -> None:
    cue = "00:00:01,000 --> 00:00:02,000\nx\n\n"
    began = time.perf_counter()
    assert len(parse((cue * (MAX_CUES + 10)).encode())) == MAX_CUES
    for hostile in ("<" * 3_000_000, "00:01.000 --> 00:02.000\n" + "<b" * 1_000_000, "1\n" * 1_000_000,
                    " " * 4_000_000 + "-->", "&" * 2_000_000, "0" * 3_000_000 + "->"):  # fmt: skip
        parse(hostile.encode())
    assert time.perf_counter() - began < 20, "not quadratic"


def test_passages() -> None:
    cues = [Cue(second, second + 1, f"句{second}") for second in (1, 20, 31, 70)]
    assert list(passages(cues)) == [(1, "句1 句20"), (31, "句31"), (70, "句70")]
