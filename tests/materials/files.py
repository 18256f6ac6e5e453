"""Small files of every kind, made in memory."""

import io
import struct
import zipfile
from collections.abc import Mapping

from PIL import Image

PDF = b"%PDF-1.4\n1 0 obj\n<< >>\nendobj\n%%EOF\n"
MP4 = b"\0\0\0\x18ftypisom\0\0\2\0isomiso2" + b"\0" * 64
M4A = b"\0\0\0\x18ftypM4A \0\0\2\0isomiso2" + b"\0" * 64
WEBM = b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\x82\x84webm" + b"\0" * 64
OGG = b"OggS\0\2" + b"\0" * 22 + b"OpusHead" + b"\0" * 32
WAV = b"RIFF\x24\0\0\0WAVEfmt " + b"\0" * 32
ID3 = b"ID3\x04\0\0\0\0\0\0" + b"\0" * 32
FRAME = b"\xff\xfb\x90\x00" + b"\0" * 413  # 128 kbit/s, 44.1 kHz: 417 bytes
VTT = "WEBVTT\n\n00:01.000 --> 00:03.500\n同学们好\n\n00:40.000 --> 00:43.000\n圆的面积\n".encode()
SRT = "1\r\n00:00:01,000 --> 00:00:03,500\r\n同学们好\r\n\r\n".encode("gb18030")
EXE = b"MZ\x90\x00\x03\x00" + b"\0" * 64


def picture(kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "#336699").save(out, kind)
    return out.getvalue()


def zip_of(parts: dict[str, bytes | str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return out.getvalue()


def office(parts: Mapping[str, bytes | str]) -> bytes:
    return zip_of({"[Content_Types].xml": "<Types/>", **parts})


W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def docx(*paragraphs: str) -> bytes:
    body = "".join(f"<w:p><w:r><w:t>{one}</w:t></w:r></w:p>" for one in paragraphs)
    return office({"word/document.xml": f'<w:document xmlns:w="{W}">{body}</w:document>'})


def ole(stream: str) -> bytes:
    """A compound file with one stream's name in its directory."""
    header = bytearray(512)
    header[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    struct.pack_into("<HH", header, 30, 9, 6)
    struct.pack_into("<I", header, 48, 0)
    return bytes(header) + stream.encode("utf-16-le").ljust(512, b"\0")


DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
