"""A package of another system, as the demo's first school brought it in: a draft course."""

import hashlib
import io
import tempfile
import zipfile
from pathlib import Path

from tongke_courses.packages import importing
from tongke_courses.packages.models import PackageImport
from tongke_courses.packages.service import begin
from tongke_platform.cli.demo_objects import Place
from tongke_platform.frame import Frame

NAME = "圆的认识.imscc"
_LESSONS = (
    ("圆的认识", ("圆心、半径和直径", "用圆规画一个圆，量一量它的半径和直径，你发现了什么？")),
    ("圆的周长", ("滚一滚，量一量", "把硬币在尺子上滚一圈，记下它走了多远。")),
    ("圆的面积", ("把圆剪开再拼", "剪成十六份拼起来，像什么图形？")),
)
_SPACE = "http://www.imsglobal.org/xsd/imsccv1p3/imscp_v1p1"
_PAGE = '<!doctype html><html><head><meta charset="utf-8"><title>{0}</title></head><body><h1>{0}</h1><p>{1}</p></body></html>'
_ITEM = '<item identifier="l{0}"><title>{1}</title><item identifier="p{0}" identifierref="r{0}"><title>{2}</title></item>{3}</item>'
_RESOURCE = '<resource identifier="r{0}" type="webcontent" href="{0}.html"><file href="{0}.html"/></resource>'
_TEST = '<item identifier="q" identifierref="quiz"><title>小测验：圆的周长</title></item>'
_QUIZ = '<resource identifier="quiz" type="imsqti_xmlv1p2/imscc_xmlv1p3/assessment"><file href="quiz.xml"/></resource>'


async def fill(frame: Frame, place: Place) -> dict[str, str]:
    """What is there stays; ids by the names that routes give them."""
    data = _cartridge()
    async with frame.database.write() as session:
        wanted = PackageImport(
            school_id=place.school.id,
            by_id=place.by.id,
            sha256=hashlib.sha256(data).hexdigest(),
            name=NAME,
            subject="数学",
            grade="六年级",
        )
        made, _ = await begin(session, wanted, again=False)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / NAME
        path.write_bytes(data)
        await importing.bring_in(frame, made.id, path)
    return {"package_id": str(made.id)}


def _cartridge() -> bytes:
    """The same bytes each time: it is brought in once."""
    items, resources, files = "", _QUIZ, {"quiz.xml": "<questestinterop/>"}
    for number, (lesson, page) in enumerate(_LESSONS):
        items += _ITEM.format(number, lesson, page[0], _TEST if number == 1 else "")
        resources += _RESOURCE.format(number)
        files[f"{number}.html"] = _PAGE.format(*page)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, text in {"imsmanifest.xml": _manifest(items, resources), **files}.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return made.getvalue()


def _manifest(items: str, resources: str) -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><manifest identifier="m" xmlns="{_SPACE}"><metadata>'
        "<schema>IMS Common Cartridge</schema><schemaversion>1.3.0</schemaversion></metadata>"
        '<organizations><organization identifier="o" structure="rooted-hierarchy">'
        f'<item identifier="root"><item identifier="u"><title>第五单元 圆</title>{items}</item></item>'
        f"</organization></organizations><resources>{resources}</resources></manifest>"
    )
