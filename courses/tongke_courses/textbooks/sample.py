"""A small shelf for demonstrations: real books, and the contents of two of them."""

from tongke_courses.textbooks import parsing, points, service
from tongke_courses.textbooks.models import NodeKind, TextbookNode
from tongke_courses.textbooks.planting import Planter
from tongke_courses.textbooks.repository import NodeRepository
from tongke_platform.database import WriteSession
from tongke_platform.rights import Principal

_TITLE = "{stage}/{subject}/{edition}/义务教育教科书·{subject}{grade}{volume}"
_BOOKS = (
    ("小学", "语文", "统编版-人民教育出版社", "三年级", "上册"),
    ("小学", "语文", "统编版-人民教育出版社", "三年级", "下册"),
    ("小学", "语文", "统编版-人民教育出版社", "四年级", "上册"),
    ("小学", "数学", "人教版-人民教育出版社", "三年级", "上册"),
    ("小学", "数学", "人教版-人民教育出版社", "三年级", "下册"),
    ("小学", "数学", "北师大版-北京师范大学出版社", "三年级", "上册"),
    ("小学", "数学", "北师大版-北京师范大学出版社", "三年级", "下册"),
    ("小学", "音乐", "人音版（简谱）（主编：吴斌）-人民音乐出版社", "三年级", "上册"),
    ("初中", "数学", "人教版-人民教育出版社", "七年级", "上册"),
    ("初中", "数学", "人教版-人民教育出版社", "八年级", "上册"),
)
_SENIOR = (
    (
        "高中/数学/人教版（A版）（主编：章建跃&李增沪）-人民教育出版社/"
        "普通高中教科书·数学（A版）必修 第一册"
    ),
    "高中/语文/统编版-人民教育出版社/普通高中教科书·语文必修 上册",
)
_CHINESE = """第一单元 学校生活
  1 大青树下的小学
  2 花的学校
第二单元 金秋时节
  4 古诗三首
  5 铺满金色巴掌的水泥道
  6 秋天的雨
  习作：写日记
第三单元 童话世界
  8 卖火柴的小女孩
  9 那一定会很好
"""
_MATHEMATICS = """第一单元 时、分、秒
  第1课时 秒的认识
  第2课时 时间的计算
第二单元 万以内的加法和减法（一）
第三单元 测量
第七单元 长方形和正方形
第八单元 分数的初步认识
  第1课时 几分之一
  第2课时 几分之几
"""
_OTHER = """第一单元 混合运算
第六单元 乘法
第八单元 认识小数
"""
_LATER = """第五单元 面积
第六单元 认识分数
  第1课时 分一分（一）
  第2课时 分一分（二）
"""
# Name of the point, then edition, volume and unit that teach it.
_ALIKE = (
    ("分数的初步认识", "人教版", "上册", "第八单元 分数的初步认识"),
    ("分数的初步认识", "北师大版", "下册", "第六单元 认识分数"),
)


async def fill(session: WriteSession, by: Principal) -> dict[str, TextbookNode]:
    """Makes what is missing; ``by`` may change textbooks. Volumes by ``subject edition volume``."""
    lines = [
        _TITLE.format(stage=stage, subject=subject, edition=edition, grade=grade, volume=volume)
        for stage, subject, edition, grade, volume in _BOOKS
    ]
    titles = [parsing.parse(line) for line in (*lines, *_SENIOR)]
    await Planter().plant(session, [one for one in titles if one is not None])
    shelf: dict[str, TextbookNode] = {}
    for subject, edition, volume, text in (
        ("语文", "统编版", "上册", _CHINESE),
        ("数学", "人教版", "上册", _MATHEMATICS),
        ("数学", "北师大版", "上册", _OTHER),
        ("数学", "北师大版", "下册", _LATER),
    ):
        found = await _volume(session, subject, edition, volume)
        shelf[f"{subject} {edition} {volume}"] = found
        if not await NodeRepository(session).has_children(found.id):
            await service.replace_contents(session, by, found.id, text)
    await _link(session, by, shelf)
    return shelf


async def _volume(session: WriteSession, subject: str, edition: str, volume: str) -> TextbookNode:
    found = await service.resolve(
        session, stage="小学", subject=subject, edition=edition, grade="三年级", volume=volume
    )
    assert found is not None, "it was just planted"
    return found


async def _link(session: WriteSession, by: Principal, shelf: dict[str, TextbookNode]) -> None:
    repository = NodeRepository(session)
    for point, edition, volume, unit in _ALIKE:
        book = shelf[f"数学 {edition} {volume}"]
        for node in await repository.named(NodeKind.UNIT, [unit], [book]):
            await points.link(session, by, node.id, point)
