"""Titles of textbooks: real oddities one by one, and everything recombined."""

import csv
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongke_courses.textbooks.parsing import Title, parse

SIX, FIVE = "六•三", "五•四"


def said(line: str) -> tuple[str | None, ...]:
    found = parse(line)
    assert found is not None
    assert found.whole, found.rest
    return tuple(found.item().values())


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("初中/数学/人教版-人民教育出版社/九年级/义务教育教科书·数学九年级上册",
         ("初中", SIX, "数学", "人教版", "九年级", "上册")),
        ("小学/数学/人教版/义务教育教科书 · 数学二年级上册",
         ("小学", SIX, "数学", "人教版", "二年级", "上册")),
        (("初中/化学/北京版-北京出版社/九年级/义务教育教科书·化学九年级下册.pdf_merge_folder/"
         "义务教育教科书·化学九年级下册"), ("初中", SIX, "化学", "北京版", "九年级", "下册")),
        ("初中/历史/统编版-人民教育出版社/七年级/义务教育教科书·中国历史七年级上册",
         ("初中", SIX, "历史", "统编版", "七年级", "上册")),
        ("初中/人文地理/统编版-人民教育出版社/八年级/义务教育教科书·人文地理下册",
         ("初中", SIX, "人文地理", "统编版", "八年级", "下册")),
        (("初中/地理图册/配套人教版-中国地图出版社/七年级/"
         "义务教育教科书·地理图册七年级上册（主编：高俊昌&田忠）"),
         ("初中", SIX, "地理图册", "配套人教版", "七年级", "上册")),
        (("初中（五•四学制）/英语/鲁教版-山东教育出版社/六年级/"
         "义务教育教科书（五•四学制）·英语六年级上册"),
         ("初中", FIVE, "英语", "鲁教版", "六年级", "上册")),
        (("小学/英语/人教版（PEP）（三年级起点）（主编：吴欣）/"
         "义务教育教科书·英语（PEP）（三年级起点）五年级上册"),
         ("小学", SIX, "英语", "人教版（PEP）（三年级起点）（主编：吴欣）", "五年级", "上册")),
        ("小学/语文·书法练习指导/人美版/义务教育三至六年级·书法练习指导（实验）三年级下册",
         ("小学", SIX, "语文·书法练习指导", "人美版", "三年级", "下册")),
        ("小学/体育与健康/人教版/义务教育教科书·体育与健康 1至2年级全一册",
         ("小学", SIX, "体育与健康", "人教版", "1至2年级", "全一册")),
        ("小学/体育与健康/冀教版/义务教育教科书·体育与健康教师用书水平一水平一",
         ("小学", SIX, "体育与健康", "冀教版", None, "水平一")),
        ("高中/历史/统编版-人民教育出版社/普通高中教科书·历史必修 中外历史纲要（下）",
         ("高中", None, "历史", "统编版", None, "必修 中外历史纲要（下）")),
        (("高中/数学/人教版（A版）（主编：章建跃&李增沪）-人民教育出版社/"
         "普通高中教科书·数学（A版）选择性必修 第三册"),
         ("高中", None, "数学", "人教版（A版）（主编：章建跃&李增沪）", None, "选择性必修 第三册")),
        ("高中/通用技术/人教版-人民教育出版社/普通高中教科书·通用技术 选择性必修 工程设计基础",
         ("高中", None, "通用技术", "人教版", None, "选择性必修 工程设计基础")),
        ("高中/地理/人教版-人民教育出版社/普通高中教科书·地理选择性必修3 资源、环境与国家安全",
         ("高中", None, "地理", "人教版", None, "选择性必修3 资源、环境与国家安全")),
        (("初中/道德与法治/统编版-人民教育出版社/学生读本/"
         "习近平新时代中国特色社会主义思想学生读本·初中"),
         ("初中", SIX, "道德与法治", "统编版", None,
          "习近平新时代中国特色社会主义思想学生读本·初中")),
        ("普通高中教科书·数学必修 第一册", ("高中", None, "数学", None, None, "必修 第一册")),
    ],
)  # fmt: skip
def test_real_titles(line: str, expected: tuple[str | None, ...]) -> None:
    assert said(line) == expected


def test_books_that_share_a_place_are_told_apart() -> None:
    place = "小学/科学/青岛版/义务教育教科书·科学"
    book, companion = parse(f"{place}三年级上册"), parse(f"{place}·学生活动手册三年级上册")
    assert book is not None
    assert companion is not None
    assert book.item() == companion.item()
    assert (book.book, companion.book) == ("", "学生活动手册")


def test_full_form_of_an_edition_is_its_other_name() -> None:
    found = parse("初中/数学/人教版-人民教育出版社/七年级/义务教育教科书·数学七年级上册")
    assert found is not None
    assert (found.edition, found.alias) == ("人教版", "人教版-人民教育出版社")


@pytest.mark.parametrize(
    "line",
    [
        "",
        "path",
        "你好",
        "小学",
        "a/b/c/d",
        "小学/数学",
        "x" * 700,
        "数学",
        "三年级",
        "人教版三年级",
        "人教版数学三年级上册口算题卡",
    ],
)
def test_what_is_no_title(line: str) -> None:
    assert parse(line) is None


@pytest.mark.parametrize(
    "line",
    [
        "小学/数学/人教版/三年级/义务教育教科书·数学四年级上册",  # folder and title disagree
        "小学/数学/人教版/义务教育教科书·语文四年级上册",  # another subject's
        "小学/数学/人教版/义务教育教科书·数学四年级上册和答案",
        "小学/数学/随便什么/义务教育教科书·数学四年级上册",
        "高中/数学/人教版/普通高中教科书·数学必修 @@@",
        "高中/物理/人教版/高中物理必修第三册（人教版）答案",
        "小学/数学/苏教版/（2024苏教版）小学二年级下册语文课本",
        "初中（五•四学制）/数学/鲁教版/初一/义务教育教科书·数学六年级上册",
    ],
)
def test_says_when_something_is_not_understood(line: str) -> None:
    found = parse(line)
    assert found is not None
    assert not found.whole


def held_out() -> list[list[str]]:
    """Titles answered by hand before a parser saw them: of the public list, of the shops, of file names."""
    with (Path(__file__).parent / "held_out.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, delimiter="\t"))[1:]


def test_titles_that_were_answered_before_they_were_read() -> None:
    rows = held_out()
    assert len(rows) >= 300
    found = [parse(line) for line, *_ in rows]
    wrong = [
        (row, one)
        for row, one in zip(rows, found, strict=True)
        if one is None or not one.whole or [each or "" for each in one.item().values()] != row[1:]
    ]
    assert not wrong


SUBJECTS = st.sampled_from(["语文", "数学", "体育与健康", "道德与法治", "劳动", "信息科技", "德语"])
EDITIONS = st.sampled_from(["人教版", "科学社版", "人音版（简谱）（主编：吴斌）", "接力版三年级起点",
                            "粤教粤人版", "人教版（精通）（三年级起点）（主编：郝建平）"])  # fmt: skip
PRESSES = st.sampled_from(["", "-人民教育出版社", "-广东教育出版社、花城出版社"])
HALVES = st.sampled_from(["上册", "下册", "全一册"])
NAMES = st.sampled_from(
    ["", "分子与细胞", "资源、环境与国家安全", "中外历史纲要（上）", "技术与设计2"]
)
MODULES = st.sampled_from(["第一册", "第四册", "上册", "全一册"])


@st.composite
def junior(draw: st.DrawFn) -> tuple[str, Title]:
    stage, grade, system = draw(
        st.sampled_from([("小学", "三年级", ""), ("初中", "八年级", ""),
                         ("小学", "五年级", "（五•四学制）"), ("初中", "六年级", "（五·四学制）")])
    )  # fmt: skip
    subject, edition, press = draw(SUBJECTS), draw(EDITIONS), draw(PRESSES)
    half, folder = draw(HALVES), draw(st.booleans())
    tag = draw(st.sampled_from(["", "（三年级起点）", "（五线谱）", "（实验）"]))
    companion = draw(st.sampled_from(["", "·学生活动手册", "教师用书"]))
    editor = draw(st.sampled_from(["", "（主编：王民&田忠）"]))
    dot, gap = draw(st.sampled_from(["·", " · ", "•"])), draw(st.sampled_from(["", " "]))
    title = f"义务教育教科书{system}{dot}{subject}{companion}{tag}{gap}{grade}{half}{editor}"
    if draw(st.booleans()):
        title = f"{title}.pdf_merge_folder/{title}"
    elif draw(st.booleans()):
        title += ".pdf"
    parts = [stage + system, subject, edition + press, *([grade] if folder else []), title]
    line = "/".join(parts)
    if draw(st.booleans()):
        line = line.replace("（", "(").replace("）", ")")
    return line, Title(stage, FIVE if system else SIX, subject, edition, grade, half)


@st.composite
def senior(draw: st.DrawFn) -> tuple[str, Title]:
    subject, edition, press = draw(SUBJECTS), draw(EDITIONS), draw(PRESSES)
    level = draw(st.sampled_from(["必修", "选择性必修"]))
    number, name = draw(st.sampled_from(["", "1", "3", "11"])), draw(NAMES)
    volume = f"{level}{number} {name}".strip() if name else f"{level} {draw(MODULES)}"
    tag = draw(st.sampled_from(["", "（A版）"]))
    title = f"普通高中教科书·{subject}{tag}{draw(st.sampled_from(['', ' ']))}{volume}"
    return f"高中/{subject}/{edition}{press}/{title}", Title(
        "高中", None, subject, edition, None, volume
    )


@settings(max_examples=300, deadline=None)
@given(st.one_of(junior(), senior()))
def test_everything_recombined(case: tuple[str, Title]) -> None:
    line, expected = case
    found = parse(line)
    assert found is not None, line
    assert found.whole, (line, found.rest)
    assert found.item() == expected.item(), line


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=80), st.lists(st.text(max_size=20), max_size=3))
def test_anything_may_come(line: str, further: list[str]) -> None:
    for text in (line, f"小学/数学/人教版/{line}"):
        found = parse(text, further)
        assert found is None or found.stage


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("小学/数学/四年级/义务教育教科书·数学四年级下册（苏教版）",
         ("小学", SIX, "数学", "苏教版", "四年级", "下册")),
        ("数学/人教版/七年级/义务教育教科书·数学七年级上册",
         ("初中", SIX, "数学", "人教版", "七年级", "上册")),
        ("初中（五•四学制）/义务教育教科书（五•四学制）·数学六年级上册",
         ("初中", FIVE, "数学", None, "六年级", "上册")),
        ("语文/人民教育出版社/义务教育教科书·语文七年级上册",  # 人教版 or 统编版: not said
         ("初中", SIX, "语文", "人民教育出版社", "七年级", "上册")),
    ],
)  # fmt: skip
def test_folders_that_are_missing(line: str, expected: tuple[str | None, ...]) -> None:
    assert said(line) == expected


def test_a_publisher_alone_is_its_editions_other_name() -> None:
    found = parse("初中/数学/人民教育出版社/义务教育教科书·数学七年级下册")
    assert found is not None
    assert (found.edition, found.alias) == ("人教版", "人民教育出版社")
