"""Time-based one-time passwords (RFC 6238 over RFC 4226): SHA-1, six digits, steps of 30 s."""

import base64
import hmac
import secrets
from datetime import datetime
from urllib.parse import quote

STEP_S = 30
DIGITS = 6
# One step either way: clocks differ, and typing takes a moment (RFC 6238 section 5.2).
DRIFT = 1


def new_secret() -> str:
    """160 random bits in base32, as RFC 4226 section 4 recommends."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def step_of(instant: datetime) -> int:
    return int(instant.timestamp()) // STEP_S


def code_at(secret: str, step: int) -> str:
    """HOTP of the step (RFC 4226 section 5.3)."""
    digest = hmac.digest(base64.b32decode(secret), step.to_bytes(8, "big"), "sha1")
    offset = digest[-1] & 0xF
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def matching_step(secret: str, code: str, now: datetime, after: int) -> int | None:
    """The step ``code`` belongs to, later than ``after``: a code taken once is not taken again."""
    found = None
    for step in range(step_of(now) - DRIFT, step_of(now) + DRIFT + 1):
        expected = code_at(secret, step).encode()
        if secrets.compare_digest(expected, code.encode()) and step > after:
            found = step
    return found


def address_of(secret: str, account: str, issuer: str) -> str:
    """What the QR code says to an authenticator app (the Key Uri Format)."""
    label = f"{quote(issuer)}:{quote(account)}"
    return f"otpauth://totp/{label}?secret={secret}&issuer={quote(issuer)}"
