"""Sound and video put into a new file of the same kind by FFmpeg, without anything that is neither.

A hostile file can at worst waste one bounded process of its own: of 2 GB, for as long as copying it
takes. Nothing is coded anew.
"""

import errno
import subprocess
from pathlib import Path

from tongke_platform.errors import N_, Invalid
from tongke_streaming.ingest.publish import ffmpeg_program

# What FFmpeg calls the kinds that are looked for, when it reads and when it writes.
WEBM, OGG, MP4, MOV = "webm", "ogg", "mp4", "mov"
_READ = {WEBM: "matroska", MP4: "mov"}
_LIMITED = 'ulimit -v 2097152; exec "$@"'
_LEAST_S = 60.0
_SLOWEST = 5 << 20  # bytes a second

UNREADABLE = N_(
    "This sound or video could not be read. Please save it as MP4 or MP3, and send it again."
)


def remux(path: Path, to: Path, kind: str) -> None:
    """Raises Invalid ``unreadable_media``, OSError."""
    size = path.stat().st_size
    command = [
        *(ffmpeg_program(), "-nostdin", "-v", "error", "-y", "-protocol_whitelist", "file"),
        *("-f", _READ.get(kind, kind), "-i", f"file:{path}"),
        # Pictures (not those of a sleeve) and sound, and of both only what it takes to play them.
        *("-map", "0:V?", "-map", "0:a?", "-dn", "-sn", "-c", "copy"),
        *("-map_metadata", "-1", "-map_metadata:s", "-1", "-map_chapters", "-1"),
        *("-fflags", "+bitexact", "-flags", "+bitexact", "-fs", str(2 * size + (1 << 20))),
        *("-f", kind, f"file:{to}"),
    ]
    try:
        done = subprocess.run(
            ["sh", "-c", _LIMITED, "sh", *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=_LEAST_S + size / _SLOWEST,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Invalid(UNREADABLE, code="unreadable_media") from None
    if b"No space left" in done.stderr:
        raise OSError(errno.ENOSPC, "No space left")
    if done.returncode or not to.exists() or not to.stat().st_size:
        raise Invalid(UNREADABLE, code="unreadable_media")
