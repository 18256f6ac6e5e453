"""A font with Chinese glyphs, for pictures drawn on the server."""

import subprocess
from functools import cache
from pathlib import Path

from PIL import ImageFont

_PACKAGE = Path(__file__).parents[3] / "node_modules/@expo-google-fonts/noto-sans-sc"
_WEIGHTS = {"regular": "400Regular", "bold": "700Bold"}


class NoFont(RuntimeError):
    """The sentence says what to install."""


@cache
def font_file(weight: str = "regular") -> Path:
    """Noto Sans SC of the npm package, else any Chinese font of the system. Raises NoFont."""
    name = _WEIGHTS[weight]
    packaged = _PACKAGE / name / f"NotoSansSC_{name}.ttf"
    if packaged.is_file():
        return packaged
    try:
        listing = subprocess.run(
            ["fc-list", "-f", "%{file}\n", ":lang=zh-cn"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        listing = ""
    found = sorted({Path(line) for line in listing.splitlines() if line})
    fitting = [path for path in found if weight in path.stem.lower()] or found
    if not fitting:
        raise NoFont("no Chinese font here; run `make setup`, or install fonts-noto-cjk")
    return fitting[0]


@cache
def font(size: int, weight: str = "regular") -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(font_file(weight), size)
