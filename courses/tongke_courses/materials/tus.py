"""The headers of tus 1.0.0 (https://tus.io/protocols/resumable-upload), as pure functions."""

import base64
import binascii
import hashlib
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from tongke_platform.errors import N_, TongkeError

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,termination,checksum,expiration"
CHECKSUMS = ("sha256", "sha1")
PATCH_TYPE = "application/offset+octet-stream"
# The protocol's own status for a part that is not what its checksum says.
MISMATCH_STATUS = 460

WRONG = N_("This upload was not understood. Please reload the page and send the file again.")
DAMAGED = N_("A part of the file was damaged on its way. It is sent again.")


class BadHeader(TongkeError):
    status = 400
    code = "bad_upload"
    message = WRONG


@dataclass(frozen=True)
class Checksum:
    algorithm: str
    digest: bytes

    def start(self) -> "hashlib._Hash":
        return hashlib.new(self.algorithm, usedforsecurity=False)


def read_number(text: str | None) -> int:
    """Upload-Length and Upload-Offset: digits only. Raises BadHeader."""
    if text is None or not text.isascii() or not text.isdigit() or len(text) > 18:
        raise BadHeader
    return int(text)


def read_metadata(text: str | None) -> dict[str, str]:
    """Upload-Metadata: ``key base64, key base64``; a value may be missing. Raises BadHeader."""
    found: dict[str, str] = {}
    for part in (text or "").split(","):
        key, _, value = part.strip().partition(" ")
        if not key:
            continue
        try:
            found[key] = base64.b64decode(value.strip(), validate=True).decode("utf-8")
        except (binascii.Error, UnicodeDecodeError):
            raise BadHeader from None
    return found


def write_metadata(values: dict[str, str]) -> str:
    return ",".join(
        f"{key} {base64.b64encode(one.encode()).decode()}" for key, one in values.items()
    )


def read_checksum(text: str | None) -> Checksum | None:
    """Upload-Checksum: ``sha256 base64``. Raises BadHeader for others than CHECKSUMS."""
    if text is None:
        return None
    algorithm, _, value = text.strip().partition(" ")
    try:
        digest = base64.b64decode(value.strip(), validate=True)
    except binascii.Error:
        raise BadHeader from None
    if algorithm not in CHECKSUMS or len(digest) != hashlib.new(algorithm).digest_size:
        raise BadHeader
    return Checksum(algorithm, digest)


def expires(at: datetime) -> str:
    return format_datetime(at, usegmt=True)
