"""Pasted tables of contents."""

import pytest

from tongke_courses.textbooks.contents import MAX_UNITS, Unit, parse, write
from tongke_platform.errors import Invalid


def test_indent_says_what_is_below() -> None:
    text = "时、分、秒\n  秒的认识\n\t时间的计算\n测量\n"
    assert parse(text) == [Unit("时、分、秒", ["秒的认识", "时间的计算"]), Unit("测量")]


def test_names_say_it_without_indent() -> None:
    text = (
        "第一单元　学校生活……1\n1 大青树下的小学 ...... 2\n习作：猜猜他是谁\n第二单元 金秋时节\t16"
    )
    found = parse(text)
    assert [one.name for one in found] == ["第一单元 学校生活", "第二单元 金秋时节"]
    assert found[0].periods == ["1 大青树下的小学", "习作:猜猜他是谁".replace(":", "：")]


def test_a_flat_list_is_units() -> None:
    assert [one.name for one in parse("1. 有理数\n2. 整式\n3. 方程")] == ["1. 有理数", "2. 整式",
                                                                  "3. 方程"]  # fmt: skip


def test_what_is_written_is_read_back() -> None:
    units = [Unit("第一单元 甲", ["第1课 乙", "丙"]), Unit("第二单元 丁")]
    assert parse(write(units)) == units


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("长" * 200, "long_line"),
        ("\n".join(f"第{n}单元" for n in range(MAX_UNITS + 1)), "too_many"),
        ("x\n" * 40_000, "too_long"),
    ],
)
def test_too_much(text: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse(text)
    assert refused.value.code == code
