"""What is written is shown, and nothing else: no script, no picture from elsewhere, no endless work."""

import re
import time
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongke_courses.boards.markdown import (
    MOST_MENTIONS,
    MOST_NAMED,
    MOST_TEXT,
    Audience,
    files_named,
    plain,
    render,
)

PICTURE = UUID("0190b5a4-7c2e-7000-8000-000000000001")
PHOTO = UUID("0190b5a4-7c2e-7000-8000-000000000002")
WANG, LI = uuid4(), uuid4()
SHOWN = (
    f'<img src="/groups/g/files/{PHOTO}?small=1" alt="板书" loading="lazy"'
    ' width="640" height="480">'
)
READERS = Audience(
    {"王老师": [WANG], "王": [uuid4()], "Li Lei": [LI]},
    {PICTURE: None, PHOTO: (640, 480)},
    lambda key: f"/groups/g/files/{key}",
    lambda page: f"{page}?small=1",
)
TAGS = re.compile(r"<(/?)([a-z0-9]+)((?:\s[^>]*)?)>")
# A list of its own: what the code lets through more than before has to be said here as well.
ALLOWED = frozenset(
    [
        "p", "br", "hr", "h3", "h4", "h5", "h6", "em", "strong", "s", "blockquote", "code", "pre",
        "ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td", "a", "img", "div", "span",
    ]
)  # fmt: skip
ATTRIBUTES = re.compile(
    r'(?: (?:href="(?:https?://|mailto:|/groups/g/files/)[^"]*"|src="/groups/g/files/[^"]*"'
    r'|(?:title|alt)="[^"]*"|rel="nofollow noopener"|loading="lazy"|start="\d+"'
    r'|class="(?:formula|mention|center|right)"))* ?/?',
    re.IGNORECASE,
)

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)><svg><script>1</script></svg>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:x)",
    "[x](file:///etc/passwd)",
    "[x](//evil.example)",
    "[x](/logout)",
    "![x](https://evil.example/track.gif)",
    "![x](data:image/svg+xml,<svg onload=alert(1)>)",
    '![x"onerror="alert(1)](https://a/b)',
    '![x](https://a/b "t\\" onerror=\\"alert(1)")',
    '[x](https://a/ "\\"><script>alert(1)</script>")',
    '<https://a.b/"onclick=alert(1)>',
    "[a]: javascript:alert(1)\n\n[a]",
    "![x](file:0190b5a4-7c2e-7000-8000-00000000dead)",
    f"![x](file:{PICTURE}/../../x)",
    f"[![x](file:{PICTURE})](javascript:alert(1))",
    f'![" onload="alert(1)](file:{PICTURE})',
    "`<script>`\n\n```html\n<script>alert(1)</script>\n```",
    '```"><script>alert(1)</script>\nx\n```',
    "$<script>alert(1)</script>$",
    "$$\n</div><script>alert(1)</script>\n$$",
    "| a |\n|:-:|\n| <b onclick=x> |",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<!-- --><style>*{display:none}</style>",
    '<a href="https://evil.example" class="mention" onclick="x">x</a>',
    "@<script>",
    "<p class=mention><iframe src=//evil.example></iframe>",
    "<math><mtext></table><mglyph><style><img src=x onerror=alert(1)>",
]


def check_safe(made: str) -> None:
    for _, tag, attributes in TAGS.findall(made):
        assert tag in ALLOWED, tag
        assert ATTRIBUTES.fullmatch(attributes), attributes
    assert "<" not in TAGS.sub("", made)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile(text: str) -> None:
    check_safe(render(text, READERS).html)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from([*HOSTILE, *"[]()!<>*_`$|~\\\n\t -#@:\"'&;", "王老师", "a"])))
def test_hostile_mixed(pieces: list[str]) -> None:
    check_safe(render("".join(pieces)[:MOST_TEXT], READERS).html)


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("**粗** *斜* ~~删~~ `码`", "<p><strong>粗</strong> <em>斜</em> <s>删</s> <code>码</code></p>"),
        ("# 一\n\n### 三", "<h3>一</h3>\n<h5>三</h5>"),
        ("面积 $S=\\pi r^2<4$ 与 $$", '<p>面积 <span class="formula">S=\\pi r^2&lt;4</span> 与 $$</p>'),
        ("$$\nS=\\pi r^2\n$$", '<div class="formula">S=\\pi r^2</div>'),
        ("5$ 和 6$", "<p>5$ 和 6$</p>"),
        ("一\n二", "<p>一<br>\n二</p>"),
        ("3. 三", '<ol start="3">\n<li>三</li>\n</ol>'),
        (
            "[课标](https://moe.example/a?b=1&c=2)",
            '<p><a href="https://moe.example/a?b=1&amp;c=2" rel="nofollow noopener">课标</a></p>',
        ),
        (
            "![板书](https://moe.example/a.png)",
            '<p><a href="https://moe.example/a.png" rel="nofollow noopener">板书</a></p>',
        ),
        (
            f"![板书](file:{PICTURE})",
            f'<p><img src="/groups/g/files/{PICTURE}" alt="板书" loading="lazy"></p>',
        ),
        (
            f"![板书](file:{PHOTO})",
            f'<p><a href="/groups/g/files/{PHOTO}" rel="nofollow noopener">{SHOWN}</a></p>',
        ),
        (
            f"[![板书](file:{PHOTO})](https://moe.example/)",
            f'<p><a href="https://moe.example/" rel="nofollow noopener">{SHOWN}</a></p>',
        ),
        (
            f"[教案](file:{PICTURE})",
            f'<p><a href="/groups/g/files/{PICTURE}" rel="nofollow noopener">教案</a></p>',
        ),
        ("[x](javascript:1)", "<p>[x](javascript:1)</p>"),
    ],
)  # fmt: skip
def test_made(text: str, made: str) -> None:
    assert render(text, READERS).html.strip() == made


def test_a_table() -> None:
    made = render("| 班 | 人 |\n|:--|--:|\n| 一 | 41 |", READERS).html
    assert '<td class="right">41</td>' in made
    assert "style" not in made
    assert plain(made).split() == ["班", "人", "一", "41"]


def test_names() -> None:
    text = "@王老师请看，@Li Lei, @Li Leila a@王老师 `@王老师` @张三 [@王老师](https://a.b)"
    found = render(text, READERS)
    assert found.mentioned == (WANG, LI)
    assert found.html.count("mention") == 2
    many = Audience({f"老师{n:05}": [uuid4()] for n in range(300)})
    text = " ".join(f"@老师{n:05}" for n in range(300)) * 10
    found = render(text, many)
    assert len(found.mentioned) == MOST_MENTIONS


def test_files_named() -> None:
    other = uuid4()
    text = f"![a](file:{PICTURE}) [b](FILE:{str(other).upper()}) file:x"
    assert files_named(text) == {PICTURE, other}
    assert render(text, READERS).files == (PICTURE,)


def test_plain() -> None:
    made = render("# 题\n\n- 一 < 二\n- *三*\n\n$x$", READERS).html
    assert plain(made) == "题\n一 < 二\n三\nx"


PIECES = [
    "[", "![", "](", "[a](", "![a](", "[[a]", "[a]: b\n", "*", "**a ", "*a_ ", "*[", "_a *", "~~a",
    "`", "$", "$a", "$$a\n", "$$a\n\n", "- $$a\n", "> ", "- ", "> > - ", "|", "a|a\n-|-\n", "<",
    "<a", "<http://", "&#", "@", "@王", "@王老师 ", "\\", "\\$", "    ", "file:", "# ", "\n",
    "```\n", "a\n=\n", "x\\\n",
]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        *(one * (MOST_TEXT // len(one)) for one in PIECES),
        ("|" * 300 + "\n" + "|-" * 300 + "\n" + "a\n" * MOST_TEXT)[:MOST_TEXT],
        ("|" + "a|" * 100 + "\n|" + "-|" * 100 + "\n" + "|\n" * MOST_TEXT)[:MOST_TEXT],
        "".join(" " * n + "- a\n" for n in range(270)),
        (">" * 2000 + "\n") * 19,
        "".join("`" * n + "a" for n in range(280)),
        "[" * 8000 + "a" + "](b)" * 7000,
        "*a " * 6000 + "b* " * 6000,
        "".join(f"[a{n}]: /b\n" for n in range(2500)) + "[a1]" * 2000,
    ],
    ids=lambda text: repr(text[:12]),
)
def test_work_is_bounded(text: str) -> None:
    """Far below what it takes when work grows with the square of the length: minutes."""
    assert len(text) <= MOST_TEXT
    began = time.process_time()
    made = render(text, READERS)
    assert time.process_time() - began < 5
    assert len(made.html) < 1_000_000
    check_safe(made.html)


def test_very_many_names_are_words() -> None:
    made = render("@王" * (MOST_TEXT // 2), READERS)
    assert made.html.count('class="mention"') == MOST_NAMED
    assert len(made.html) < 2 * MOST_TEXT
    assert plain(made.html) == "@王" * (MOST_TEXT // 2), "nothing is lost"
