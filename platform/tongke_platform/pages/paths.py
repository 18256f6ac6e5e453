"""Where the parts of a page are."""

from pathlib import Path

from tongke_platform.paths import STATIC_DIR, TEMPLATES_DIR

PAGES_DIR = TEMPLATES_DIR / "pages"
LOCALE_DIR = Path(__file__).parent / "locale"

__all__ = ["LOCALE_DIR", "PAGES_DIR", "STATIC_DIR", "TEMPLATES_DIR"]
