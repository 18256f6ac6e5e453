"""Guard the repository layout: the folder platform/ must never become a package."""

import platform
import sysconfig
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_import_platform_is_the_standard_library() -> None:
    assert Path(platform.__file__ or "").is_relative_to(sysconfig.get_path("stdlib"))


def test_top_level_folders_are_not_packages() -> None:
    for folder in ("platform", "streaming", "courses", "templates", "deploy"):
        assert not (ROOT / folder / "__init__.py").exists(), folder
