"""What a text is found by, and what a query asks for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongke_courses.search.pinyin import MAX_TOKENS, initials
from tongke_courses.search.segmenter import MAX_TERMS, Term, terms, tokens
from tongke_courses.search.snippets import Marked, highlight, mark, passages, snippet


def found(query: str, text: str) -> bool:
    """As both engines answer: every token, or a word that begins with the last one."""
    there = tokens(text)
    asked = terms(query)
    return bool(asked) and all(
        one.token in there or (one.prefix and any(w.startswith(one.token) for w in there))
        for one in asked
    )


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("训练", "深度学习模型需要大量训练数据"),
        ("记忆 系统", "记忆系统需要定期回收"),
        ("野", "野比大雄"),
        ("部署", "docker 部署"),
        ("docker", "docker 部署"),
        ("docker", "docker部署"),
        ("docker", "Docker-部署"),
        ("docker部署", "Docker:部署"),
        ("dock", "docker 部署"),
        ("ＤＯＣＫＥＲ", "docker"),
        ("三年级 3班", "三年级（3）班"),
        ("學習", "深度學習"),
        ("naïve", "NAÏVE"),
        ("ཀུན", "བཀྲ་ཤིས་ཀུན"),
    ],
)
def test_is_found(query: str, text: str) -> None:
    assert found(query, text)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("学训", "深度学习模型需要大量训练数据"),
        ("ocker", "docker 部署"),
        ("docker k8s", "docker"),
        ("dock 部署", "docker 部署"),
        ("野", "大雄"),
        ("学习", "深度學習"),
        ("d", "docker"),
    ],
)
def test_is_not_found(query: str, text: str) -> None:
    assert not found(query, text)


@pytest.mark.parametrize("query", ["", "   ", "*", '"', "()", "% _", "\0", "：，。", "-", "^:"])
def test_nothing_to_ask(query: str) -> None:
    assert terms(query) == ()


def test_operators_are_text() -> None:
    assert terms('数学 OR "NEAR(') == (Term("数学"), Term("or"), Term("near", prefix=True))
    assert terms("分数* NOT 小\0数") == (Term("分数"), Term("not"), Term("小"), Term("数"))


def test_long_query_is_bounded() -> None:
    assert len(terms("".join(chr(0x4E00 + n) for n in range(5000)))) == MAX_TERMS
    assert len(terms("x" * 10_000)) == 1


@given(st.text(max_size=80))
def test_a_text_is_found_by_itself(text: str) -> None:
    asked = terms(text)
    assert {one.token for one in asked} <= tokens(text)
    assert all(" " not in one.token and ":" not in one.token for one in asked)


def test_pinyin_initials() -> None:
    assert {"sxfs", "fsdcs", "sx", "sxfsdcs"} <= initials("数学：分数的初始") | initials(
        "数学分数的初始"
    )
    assert "sxfs" in initials("数学分数")
    assert len(initials("春" * 200)) <= MAX_TOKENS
    assert initials("docker") == frozenset()


def test_passages_end_with_sentences() -> None:
    text = "第一句很短。" + "长" * 150 + "。" + "第三句话！" + "再" * 450
    made = passages(text)
    assert "".join(made) == text
    assert all(len(one) <= 200 for one in made)
    assert made[0].endswith("！")


def test_the_snippet_is_the_passage_with_most_terms() -> None:
    best = snippet(terms("圆的面积 半径"), ["求圆的周长。" + "x" * 199 + "。", "圆的面积与半径。"])
    assert best.text == "圆的面积与半径。"
    assert [best.text[a:b] for a, b in best.marks] == ["圆的面积", "半径"]


def test_marks_stand_in_the_original_text() -> None:
    marked = mark("Ⅳ．ＤＯＣＫＥＲ部署<b>", terms("部署 dock"))
    assert [marked.text[a:b] for a, b in marked.marks] == ["ＤＯＣＫ", "部署"]
    assert highlight(Marked("<i>圆</i>", ((3, 4),))) == "&lt;i&gt;<mark>圆</mark>&lt;/i&gt;"


@given(st.text(max_size=60), st.text(max_size=10))
def test_marks_lie_within(text: str, query: str) -> None:
    marked = mark(text, terms(query))
    last = 0
    for start, end in marked.marks:
        assert last <= start < end <= len(text)
        last = end
