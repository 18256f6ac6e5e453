"""Sound, video and pictures as telephones and cameras make them, with what they say of people and places."""

import io
import struct
import subprocess
from pathlib import Path

from PIL import Image

from tongke_streaming.ingest.publish import ffmpeg_program

PLACE = "+24.5100+102.7000"
NAME = "Dongcheng"
SOUND = ["-f", "lavfi", "-i", "sine=frequency=440:duration=1"]
PICTURE = ["-f", "lavfi", "-i", "testsrc=size=64x48:rate=10:duration=1"]
SAID = [
    *(
        "-metadata",
        f"title={NAME}",
        "-metadata",
        f"artist={NAME}",
        "-metadata",
        f"location={PLACE}",
    ),
    *("-metadata", "creation_time=2024-05-06T07:08:09Z", "-metadata:s", f"handler_name={NAME}"),
]


def made(folder: Path, name: str, *words: str) -> bytes:
    """By FFmpeg, with ``words`` before the file's name."""
    path = folder / name
    command = [ffmpeg_program(), "-nostdin", "-v", "error", "-y", *words, str(path)]
    subprocess.run(command, check=True)
    return path.read_bytes()


def decoded(folder: Path, data: bytes) -> bytes:
    """A hash of all its pictures and sound with their times."""
    path = folder / "decoded"
    path.write_bytes(data)
    command = [ffmpeg_program(), "-nostdin", "-v", "error", "-i", str(path)]
    shown = ["-map", "0:V?", "-map", "0:a?", "-f", "framehash", "-"]
    return subprocess.run([*command, *shown], check=True, capture_output=True).stdout


def film(folder: Path, kind: str = "mp4") -> bytes:
    codec = ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac", "-shortest"]
    return made(folder, f"film.{kind}", *PICTURE, *SOUND, *codec, *SAID)


def flight(folder: Path) -> bytes:
    """With subtitles that say where it was, as flying cameras write them."""
    words = folder / "flight.srt"
    words.write_text(f"1\n00:00:00,000 --> 00:00:01,000\nGPS({PLACE})\n", encoding="utf-8")
    codec = ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:s", "mov_text"]
    maps = ["-map", "0", "-map", "1"]
    return made(folder, "flight.mp4", *PICTURE, "-i", str(words), *maps, *codec)


def moving() -> bytes:
    """A GIF of three pictures with a remark and XMP."""
    out = io.BytesIO()
    frames = [Image.new("P", (16, 16), one) for one in range(3)]
    for number, one in enumerate(frames):
        one.putpalette([number * 80, 90, 120] * 256)
    frames[0].save(
        out, "GIF", save_all=True, append_images=frames[1:], duration=[100, 200, 300], loop=2,
        comment=NAME.encode(),
    )  # fmt: skip
    data = out.getvalue()
    at = 13 + 3 * (2 << (data[10] & 7) if data[10] & 0x80 else 0)
    xmp = b"!\xff\x0bXMP DataXMP" + bytes([len(NAME)]) + NAME.encode() + b"\0"
    return data[:at] + xmp + data[at:]


def box(kind: bytes, *inside: bytes) -> bytes:
    body = b"".join(inside)
    return struct.pack(">I4s", len(body) + 8, kind) + body


def photograph() -> bytes:
    """HEIF of two items of words, one in ``mdat`` and one in ``idat``; the picture itself is not one."""
    exif = b"\0\0\0\0MM\0*\0\0\0\x08" + NAME.encode() + PLACE.encode()
    xmp = b"<x:xmpmeta>" + NAME.encode() + b"</x:xmpmeta>"
    entries = [
        box(b"infe", struct.pack(">IHH4s", 2 << 24, key, 0, kind), b"\0" + more)
        for key, kind, more in (
            (1, b"hvc1", b""), (2, b"Exif", b""), (3, b"mime", b"application/rdf+xml\0\0"),
        )
    ]  # fmt: skip
    picture = bytes(range(256))

    def meta(at: int) -> bytes:
        places = [
            struct.pack(">HHHHII", key, method, 0, 1, start, length)
            for key, method, start, length in (
                (1, 0, at, len(picture)), (2, 0, at + len(picture), len(exif)), (3, 1, 0, len(xmp)),
            )
        ]  # fmt: skip
        iloc = box(b"iloc", struct.pack(">IHH", 1 << 24, 0x4400, 3), *places)
        handler = box(b"hdlr", b"\0" * 8 + b"pict" + b"\0" * 13)
        iinf = box(b"iinf", struct.pack(">IH", 0, 3), *entries)
        return box(b"meta", b"\0" * 4, handler, iinf, iloc, box(b"idat", xmp))

    head = box(b"ftyp", b"heic\0\0\0\0mif1heic")
    at = len(head) + len(meta(0)) + 8
    return head + meta(at) + box(b"mdat", picture, exif)
