"""Where the templates are: beside the package when installed, in the working tree otherwise."""

from pathlib import Path

_PACKAGED = Path(__file__).parent / "templates"
TEMPLATES_DIR = _PACKAGED if _PACKAGED.is_dir() else Path(__file__).parents[2] / "templates"
STATIC_DIR = TEMPLATES_DIR / "static"
