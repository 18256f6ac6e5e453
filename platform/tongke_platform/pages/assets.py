"""The built client: names with a hash of their content, so that a browser keeps them for good."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from tongke_platform.pages.paths import STATIC_DIR

STATIC_PATH = "/static"


class NotBuilt(RuntimeError):
    """The client has not been built: ``npm ci && npm run build``."""


class Assets:
    """Names of the build's files; the manifest is read anew when a build has replaced it."""

    def __init__(self, folder: Path = STATIC_DIR) -> None:
        self._manifest = folder / "manifest.json"
        self._read_at = -1
        self._names: Mapping[str, str] = {}

    def path(self, name: str) -> str:
        """The address of ``room.js``; raises NotBuilt."""
        return f"{STATIC_PATH}/{self._built(name)}"

    def read(self, name: str) -> bytes:
        """What is in it, for a page that leaves the server; raises NotBuilt."""
        return (self._manifest.parent / self._built(name)).read_bytes()

    def _built(self, name: str) -> str:
        try:
            changed = self._manifest.stat().st_mtime_ns
        except FileNotFoundError as none:
            raise NotBuilt("no client build in " + str(self._manifest.parent)) from none
        if changed != self._read_at:
            self._names = json.loads(self._manifest.read_text("utf-8"))
            self._read_at = changed
        try:
            return self._names[name]
        except KeyError as none:
            raise NotBuilt(f"the client build has no {name}") from none


class StaticAssets(StaticFiles):
    """The folder to mount at STATIC_PATH; hashed names never change their content."""

    def __init__(self) -> None:
        super().__init__(directory=STATIC_DIR, check_dir=False)

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response
