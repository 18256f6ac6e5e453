"""Keys made from the server's one secret: keyed hashes of short codes, and sealed notes to ourselves."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cryptography.fernet import Fernet, InvalidToken


class Keys:
    """Every purpose has a key of its own (HKDF's extract step, RFC 5869 section 2.2)."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def _key(self, purpose: str) -> bytes:
        return hmac.digest(self._secret, f"tongke {purpose}".encode(), "sha256")

    def digest(self, purpose: str, *parts: str) -> str:
        """64 hex digits; without the secret a short code cannot be found from them."""
        text = "\0".join(parts).encode()
        return hmac.new(self._key(purpose), text, hashlib.sha256).hexdigest()

    def seal(self, purpose: str, data: Mapping[str, Any], until: datetime | None = None) -> str:
        """Encrypted and signed, url-safe; only ``unseal`` with the same purpose reads it."""
        note = json.dumps([data, until.timestamp() if until else None], separators=(",", ":"))
        return self._fernet(purpose).encrypt(note.encode()).decode()

    def unseal(self, purpose: str, sealed: str, now: datetime) -> dict[str, Any] | None:
        """None when it is not ours, was changed, is for something else or too old."""
        try:
            data, until = json.loads(self._fernet(purpose).decrypt(sealed.encode()))
        except (InvalidToken, ValueError):
            return None
        if until is not None and now.timestamp() >= until:
            return None
        found: dict[str, Any] = data
        return found

    def _fernet(self, purpose: str) -> Fernet:
        return Fernet(base64.urlsafe_b64encode(self._key(purpose)))
