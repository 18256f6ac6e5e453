"""Packages of other systems, made in memory: only what a test is about."""

import io
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

HTML = b"<!doctype html><title>x</title><p>hello</p>"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b55"
    "0000000a49444154789c6360000000020001e221bc330000000049454e44ae426082"
)

CC_NAMESPACES = {
    "1.1": "http://www.imsglobal.org/xsd/imsccv1p1/imscp_v1p1",
    "1.2": "http://www.imsglobal.org/xsd/imsccv1p2/imscp_v1p1",
    "1.3": "http://www.imsglobal.org/xsd/imsccv1p3/imscp_v1p1",
}


def zipped(files: Mapping[str, bytes | str], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def tarred(files: Mapping[str, bytes | str], mode: str = "w:gz") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:  # type: ignore[call-overload]
        for name, data in files.items():
            raw = data.encode() if isinstance(data, str) else data
            info = tarfile.TarInfo(name)
            info.size = len(raw)
            archive.addfile(info, io.BytesIO(raw))
    return out.getvalue()


def saved(folder: Path, data: bytes, name: str = "package.bin") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def link_xml(version: str, url: str, title: str = "") -> str:
    number = version.replace(".", "p")
    return (
        f'<webLink xmlns="http://www.imsglobal.org/xsd/imsccv{number}/imswl_v{number}">'
        f'<title>{title}</title><url href="{url}"/></webLink>'
    )


def cc_manifest(
    items: str, resources: str, version: str = "1.1", *, title: str = "四则运算", base: str = ""
) -> str:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<manifest identifier="m" xmlns="{CC_NAMESPACES[version]}"
 xmlns:lom="http://ltsc.ieee.org/xsd/imsccv1p1/LOM/manifest" {base}>
<metadata><schema>IMS Common Cartridge</schema><schemaversion>{version}.0</schemaversion>
<lom:lom><lom:general><lom:title><lom:string language="zh">{title}</lom:string></lom:title>
<lom:description><lom:string>给三年级</lom:string></lom:description></lom:general></lom:lom></metadata>
<organizations><organization identifier="o" structure="rooted-hierarchy"><item identifier="root">
{items}</item></organization></organizations>
<resources>{resources}</resources></manifest>"""


ITEMS = """
<item identifier="u1"><title>第一单元</title>
  <item identifier="l1"><title>加法</title>
    <item identifier="i1" identifierref="r1"><title>讲义</title></item>
    <item identifier="i2" identifierref="r2"><title>网页</title></item>
    <item identifier="i3" identifierref="r3"><title>链接</title></item>
    <item identifier="f1"><title>练习</title><item identifier="f2"><title>更深</title>
      <item identifier="i4" identifierref="r4"><title>题</title></item></item></item>
  </item>
  <item identifier="i5" identifierref="r5"><title>讨论区</title></item>
  <item identifier="i6" identifierref="r6"><title>测验</title></item>
  <item identifier="i7" identifierref="r7"><title>工具</title></item>
  <item identifier="i8" identifierref="gone"><title>没有了</title></item>
</item>"""


def cc_resources(version: str) -> str:
    number = version.replace(".", "p")
    cc = f"imscc_xmlv{number}"
    return f"""
<resource identifier="r1" type="webcontent" href="a/notes.pdf"><file href="a/notes.pdf"/></resource>
<resource identifier="r2" type="webcontent" href="p/page.html"><file href="p/page.html"/>
  <file href="p/pic.png"/></resource>
<resource identifier="r3" type="imswl_xmlv{number}"><file href="w/link.xml"/></resource>
<resource identifier="r4" type="webcontent" href="a/%E9%A2%98.txt"><file href="a/题.txt"/></resource>
<resource identifier="r5" type="imsdt_xmlv{number}"><file href="d.xml"/></resource>
<resource identifier="r6" type="imsqti_xmlv1p2/{cc}/assessment"><file href="q.xml"/></resource>
<resource identifier="r7" type="imsbasiclti_xmlv1p0"><file href="t.xml"/></resource>
<resource identifier="r8" type="webcontent" href="a/extra.pdf"><file href="a/extra.pdf"/></resource>
<resource identifier="r9" type="webcontent" href="p/pic.png"><file href="p/pic.png"/></resource>"""


def cartridge(version: str = "1.1", manifest: str | bytes | None = None) -> dict[str, bytes | str]:
    """Every kind of resource; one file no item leads to."""
    return {
        "imsmanifest.xml": manifest or cc_manifest(ITEMS, cc_resources(version), version),
        "a/notes.pdf": b"%PDF-1.4 notes",
        "a/题.txt": "一加一",
        "a/extra.pdf": b"%PDF-1.4 extra",
        "p/page.html": HTML,
        "p/pic.png": PNG,
        "w/link.xml": link_xml(version, "https://school.example/more", "更多"),
        "d.xml": "<topic/>",
        "q.xml": "<questestinterop/>",
        "t.xml": "<tool/>",
    }


SCORM = """<?xml version="1.0"?>
<manifest identifier="s" xmlns="http://www.imsproject.org/xsd/imscp_rootv1p1p2"
 xmlns:adlcp="http://www.adlnet.org/xsd/adlcp_rootv1p2">
<metadata><schema>ADL SCORM</schema><schemaversion>1.2</schemaversion></metadata>
<organizations default="o"><organization identifier="o"><title>光的折射</title>
<item identifier="c"><title>第一章</title>
<item identifier="a" identifierref="ra"><title>现象</title></item>
<item identifier="b" identifierref="rb"><title>规律</title></item></item>
<item identifier="z" identifierref="rz"><title>附录</title></item>
</organization></organizations>
<resources xml:base="content/">
<resource identifier="ra" type="webcontent" adlcp:scormtype="sco" href="a/index.html?x=1">
 <file href="a/index.html"/><file href="a/s.css"/><dependency identifierref="common"/></resource>
<resource identifier="rb" type="webcontent" adlcp:scormtype="asset" href="b.html">
 <file href="b.html"/></resource>
<resource identifier="rz" type="webcontent" adlcp:scormtype="asset" href="z.pdf">
 <file href="z.pdf"/></resource>
<resource identifier="common" type="webcontent" adlcp:scormtype="asset"><file href="shared/x.js"/>
</resource></resources></manifest>"""


def scorm() -> dict[str, bytes | str]:
    return {
        "imsmanifest.xml": SCORM,
        "content/a/index.html": HTML,
        "content/a/s.css": "p{}",
        "content/b.html": HTML,
        "content/z.pdf": b"%PDF-1.4",
        "content/shared/x.js": "var x",
    }


def _activity(kind: str, number: int, section: int, title: str) -> str:
    return (
        f"<activity><moduleid>{number}</moduleid><sectionid>{section}</sectionid>"
        f"<modulename>{kind}</modulename><title>{title}</title>"
        f"<directory>activities/{kind}_{number}</directory></activity>"
    )


def _module(kind: str, number: int, inner: str) -> str:
    return f'<activity id="{number}" contextid="{number}0" modulename="{kind}"><{kind} id="1">{inner}</{kind}></activity>'


def moodle() -> dict[str, bytes | str]:
    listed = [
        ("page", 1, "页面"), ("resource", 2, "课件"), ("url", 3, "网址"), ("label", 4, "提示"),
        ("folder", 5, "资料夹"), ("book", 6, "小书"), ("quiz", 7, "期中测验"), ("forum", 8, "答疑"),
    ]  # fmt: skip
    activities = "".join(_activity(kind, number, 11, title) for kind, number, title in listed)
    stored = [
        ("a" * 40, 20, "content", "/", "课件.pdf"), ("b" * 40, 50, "content", "/子/", "一.txt"),
        ("c" * 40, 10, "content", "/", "图.png"), ("d" * 40, 20, "content", "/", "没有.pdf"),
    ]  # fmt: skip
    files = "".join(
        f'<file id="{n}"><contenthash>{digest}</contenthash><contextid>{context}</contextid>'
        f"<filearea>{area}</filearea><filepath>{path}</filepath><filename>{name}</filename>"
        "<sortorder>0</sortorder></file>"
        for n, (digest, context, area, path, name) in enumerate(stored)
    )
    return {
        "moodle_backup.xml": "<moodle_backup><information><moodle_release>4.1</moodle_release>"
        "<original_course_fullname>科学三上</original_course_fullname><contents>"
        f"<activities>{activities}</activities><sections><section><sectionid>11</sectionid>"
        "<title>1</title><directory>sections/section_11</directory></section></sections>"
        "</contents></information></moodle_backup>",
        "files.xml": f"<files>{files}</files>",
        "course/course.xml": "<course><summary>&lt;p&gt;水和&lt;b&gt;空气&lt;/b&gt;&lt;/p&gt;</summary></course>",
        "sections/section_11/section.xml": '<section id="11"><number>1</number><name>水</name>'
        "<summary>&lt;p&gt;观察水&lt;/p&gt;</summary><sequence>2,1,3,4,5,6,7,8</sequence></section>",
        "activities/page_1/page.xml": _module(
            "page", 1, "<name>页面</name><content>&lt;img src='@@PLUGINFILE@@/%E5%9B%BE.png'&gt;</content>"
        ),
        "activities/resource_2/resource.xml": _module("resource", 2, "<name>课件</name>"),
        "activities/url_3/url.xml": _module(
            "url", 3, "<name>网址</name><externalurl>https://water.example/</externalurl>"
        ),
        "activities/label_4/label.xml": _module("label", 4, "<intro>先看课件</intro>"),
        "activities/folder_5/folder.xml": _module("folder", 5, "<name>资料夹</name>"),
        "activities/book_6/book.xml": _module(
            "book", 6, "<name>小书</name><chapters><chapter id='1'><title>一</title>"
            "<content>水是什么</content></chapter></chapters>"
        ),
        f"files/aa/{'a' * 40}": b"%PDF-1.4",
        f"files/bb/{'b' * 40}": "一",
        f"files/cc/{'c' * 40}": PNG,
    }  # fmt: skip
